// What: Lane, a few neighbouring numbers that are worked on at once, and for_each_lane(), which takes an array by them.
// Why:  an element-by-element formula is written once, reads like one, and runs in the widest registers there are, in
//       narrower ones for the end of a row, and singly for what is left. Each lane is one of Eigen's packets, not an
//       Eigen expression, which compiles many times faster.
// See:  optim/ (update rules); isa.hpp (why the namespace).
#pragma once

#include <cmath>

#include <rowgrad/machine/index.hpp>
#include <rowgrad/machine/isa.hpp>

namespace rowgrad::detail {
inline namespace ROWGRAD_ISA {

template <typename T, int N>
struct PacketOf {
  using type = typename Eigen::internal::find_best_packet<T, N>::type;
};
template <typename T>
struct PacketOf<T, 1> {
  using type = T;
};

/// N neighbouring numbers of type T. Factors convert: 2 * lane + 1. Products and sums are those of T, each rounded (or
/// fused, where the compiler does that to numbers of type T); sqrt() is correctly rounded at every width.
template <typename T, int N>
class Lane {
 public:
  using Packet = typename PacketOf<T, N>::type;
  static constexpr int bytes = N * static_cast<int>(sizeof(T));

  Lane() = default;
  [[gnu::always_inline]] Lane(T value) noexcept { set(value); }  // NOLINT: factors are written bare
  [[gnu::always_inline]] static Lane load(const T* from) noexcept {
    if constexpr (N == 1)
      return Lane(*from);
    else
      return of(Eigen::internal::ploadu<Packet>(from));
  }
  [[gnu::always_inline]] void store(T* to) const noexcept { Eigen::internal::pstoreu(to, packet_); }
  /// The sum of the N numbers, in Eigen's order.
  [[gnu::always_inline]] T sum() const noexcept {
    if constexpr (N == 1)
      return packet_;
    else
      return Eigen::internal::predux(packet_);
  }

  [[gnu::always_inline]] friend Lane operator+(Lane a, Lane b) noexcept {
    return of(Eigen::internal::padd(a.packet_, b.packet_));
  }
  [[gnu::always_inline]] friend Lane operator-(Lane a, Lane b) noexcept {
    return of(Eigen::internal::psub(a.packet_, b.packet_));
  }
  [[gnu::always_inline]] friend Lane operator*(Lane a, Lane b) noexcept {
    return of(Eigen::internal::pmul(a.packet_, b.packet_));
  }
  [[gnu::always_inline]] friend Lane operator/(Lane a, Lane b) noexcept {
    return of(Eigen::internal::pdiv(a.packet_, b.packet_));
  }
  [[gnu::always_inline]] friend Lane max(Lane a, Lane b) noexcept {
    return of(Eigen::internal::pmax(a.packet_, b.packet_));
  }
  [[gnu::always_inline]] friend Lane min(Lane a, Lane b) noexcept {
    return of(Eigen::internal::pmin(a.packet_, b.packet_));
  }
  /// Eigen's psqrt() may be an approximation that differs from single numbers' roots, and knows no infinity. (maskz: as
  /// _mm512_sqrt_ps, which GCC 12 warns of.)
  [[gnu::always_inline]] friend Lane sqrt(Lane a) noexcept {
    if constexpr (N == 1) {
      return Lane(std::sqrt(a.packet_));
#if defined(__SSE2__)
    } else if constexpr (bytes == 16) {
      if constexpr (sizeof(T) == 4)
        return of(Packet(_mm_sqrt_ps(a.packet_)));
      else
        return of(Packet(_mm_sqrt_pd(a.packet_)));
#endif
#if defined(__AVX__)
    } else if constexpr (bytes == 32) {
      if constexpr (sizeof(T) == 4)
        return of(Packet(_mm256_sqrt_ps(a.packet_)));
      else
        return of(Packet(_mm256_sqrt_pd(a.packet_)));
#endif
#if defined(__AVX512F__)
    } else if constexpr (bytes == 64) {
      if constexpr (sizeof(T) == 4)
        return of(Packet(_mm512_maskz_sqrt_ps(static_cast<__mmask16>(-1), a.packet_)));
      else
        return of(Packet(_mm512_maskz_sqrt_pd(static_cast<__mmask8>(-1), a.packet_)));
#endif
    } else {
      T values[static_cast<std::size_t>(N)];
      a.store(values);
      for (T& value : values) value = std::sqrt(value);
      return load(values);
    }
  }

 private:
  [[gnu::always_inline]] static Lane of(const Packet& packet) noexcept {
    Lane lane;
    lane.packet_ = packet;
    return lane;
  }
  [[gnu::always_inline]] void set(T value) noexcept {
    if constexpr (N == 1)
      packet_ = value;
    else
      packet_ = Eigen::internal::pset1<Packet>(value);
  }

  Packet packet_;
};

template <typename T>
inline constexpr int widest_lane = Eigen::internal::packet_traits<T>::Vectorizable
                                       ? static_cast<int>(Eigen::internal::packet_traits<T>::size)
                                       : 1;

/// Calls body(lane, offset) over n neighbouring elements: as many as fit a register at a time, then 4, then 1. What
/// `lane` is made of is its type alone: L::load(p).
template <typename T, typename Body>
[[gnu::always_inline]] inline void for_each_lane(Index n, const Body& body) {
  Index i = 0;
  if constexpr (widest_lane < T >> 1)
    for (; i + widest_lane<T> <= n; i += widest_lane<T>) body(Lane<T, widest_lane<T>>(), i);
  if constexpr (widest_lane < T >> 4)
    for (; i + 4 <= n; i += 4) body(Lane<T, 4>(), i);
  for (; i < n; ++i) body(Lane<T, 1>(), i);
}

}  // namespace ROWGRAD_ISA
}  // namespace rowgrad::detail
