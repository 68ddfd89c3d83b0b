// What: Generator, the source of random numbers, and the default one.
// Why:  the same seed must give the same weights as PyTorch's CPU generator, so its engine, its ways of drawing (24-bit
//       uniforms, Box-Muller in blocks of sixteen, modulo for integers) and the bytes of its state are followed here.
// See:  PyTorch aten/src/ATen/core/MT19937RNGEngine.h, native/cpu/DistributionTemplates.h; Matsumoto and
//       Nishimura 1998.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <optional>
#include <type_traits>
#include <utility>

#include <rowgrad/core/shape.hpp>

namespace rowgrad {

/// Mersenne Twister 19937 with PyTorch's distributions. Not thread-safe: one generator, one thread at a time.
class Generator {
 public:
  static constexpr std::uint64_t default_seed = 67280421310721;  // PyTorch's

  explicit Generator(std::uint64_t seed = default_seed) { manual_seed(seed); }

  /// Restarts the stream. PyTorch: Generator.manual_seed; only the low 32 bits seed the engine, as there.
  void manual_seed(std::uint64_t seed) {
    state_[0] = static_cast<std::uint32_t>(seed);
    for (std::uint32_t i = 1; i < size; ++i) state_[i] = 1812433253u * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
    position_ = fresh;
    seed_ = seed;
    next_normal_.reset();
  }

  /// The seed given last. PyTorch: Generator.initial_seed.
  std::uint64_t initial_seed() const noexcept { return seed_; }

  /// 32 random bits.
  std::uint32_t random() noexcept {
    if (position_ >= size) refill();
    std::uint32_t y = state_[position_++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
  }

  /// 64 random bits; the first draw is the high half.
  std::uint64_t random64() noexcept {
    const std::uint64_t high = random();
    return (high << 32) | random();
  }

  /// Uniform on [0, 1): 24 random bits for float, 53 for double.
  template <typename T>
  T uniform() noexcept {
    if constexpr (std::is_same_v<T, float>)
      return static_cast<float>(random() & 0xffffffu) * 0x1p-24f;
    else
      return static_cast<T>(static_cast<double>(random64() & ((std::uint64_t{1} << 53) - 1)) * 0x1p-53);
  }

  /// Uniform on [low, high). Rounded once, as PyTorch's is.
  template <typename T>
  T uniform(T low, T high) noexcept {
    return std::fma(uniform<T>(), high - low, low);
  }

  /// Uniform integer on [0, bound). ValueError for a bound below 1. PyTorch draws 32 bits for bounds below 2^28, else
  /// 64.
  Index below(Index bound) {
    if (bound <= 0) [[unlikely]]
      detail::raise<ValueError>("Generator: expected a bound of at least 1, got ", bound);
    return static_cast<Index>(below_unsigned(static_cast<std::uint64_t>(bound)));
  }

  /// The same for any bound but 0, unchecked.
  std::uint64_t below_unsigned(std::uint64_t bound) noexcept {
    return bound < (std::uint64_t{1} << 28) ? random() % bound : random64() % bound;
  }

  /// Puts n values into random order: Fisher and Yates's shuffle, with the draws of torch.randperm(n). O(n).
  template <typename T>
  void shuffle(T* values, Index n) {
    const auto count = static_cast<std::uint64_t>(n);
    if (count < std::numeric_limits<std::uint32_t>::max() / 20) {
      for (std::uint64_t i = 0; i + 1 < count; ++i) std::swap(values[i], values[i + random() % (count - i)]);
    } else {  // so many that 32 bits would favour some orders; PyTorch then goes the other way, too
      for (std::uint64_t i = 0; i < count; ++i) std::swap(values[i], values[random64() % (i + 1)]);
    }
  }

  /// Fills n values from the normal distribution. PyTorch: normal_; 16 values or more take its block algorithm.
  template <typename T>
  void normal(T* values, Index n, T mean = 0, T deviation = 1) {
    if (n < 16) {
      for (Index i = 0; i < n; ++i) values[i] = static_cast<T>(next_normal() * double(deviation) + double(mean));
      return;
    }
    for (Index i = 0; i < n; ++i) values[i] = uniform<T>();
    for (Index i = 0; i + 16 <= n; i += 16) box_muller(values + i, mean, deviation);
    if (n % 16 != 0) {  // the last block is drawn anew and overlaps the one before
      T* last = values + n - 16;
      for (Index i = 0; i < 16; ++i) last[i] = uniform<T>();
      box_muller(last, mean, deviation);
    }
  }

  /// Bytes as torch.Generator.get_state() lays them out (on a little-endian machine), so that a stream begun in one
  /// library can be continued in the other. Compares with ==; can be copied and written to a file.
  using State = std::array<std::uint8_t, 5056>;

  /// Everything the next draws depend on. PyTorch: Generator.get_state.
  State get_state() const {
    State bytes{};
    const bool is_fresh = position_ == fresh;
    put(bytes, seed_at, seed_);
    put(bytes, left_at, is_fresh ? 1u : size + 1 - position_);
    put(bytes, seeded_at, 1u);
    put(bytes, next_at, std::uint64_t{is_fresh ? 0 : position_});
    for (std::size_t i = 0; i < size; ++i) put(bytes, words_at + 8 * i, std::uint64_t{state_[i]});
    if (next_normal_) {
      put(bytes, normal_at, std::bit_cast<std::uint64_t>(*next_normal_));
      put(bytes, has_normal_at, 1u);
    }
    return bytes;
  }

  /// Continues where the generator stood that gave this state. ValueError for bytes that no generator gives; nothing
  /// has changed then. PyTorch: Generator.set_state.
  void set_state(const State& bytes) {
    Generator restored;
    const auto left = get<std::uint32_t>(bytes, left_at);
    const auto next = get<std::uint64_t>(bytes, next_at);
    restored.seed_ = get<std::uint64_t>(bytes, seed_at);
    restored.position_ = next == 0 ? fresh : static_cast<std::uint32_t>(next);
    bool valid = get<std::uint32_t>(bytes, seeded_at) == 1 && next <= size && left == (next == 0 ? 1 : size + 1 - next);
    for (std::size_t i = 0; i < size; ++i) {
      const auto word = get<std::uint64_t>(bytes, words_at + 8 * i);
      valid = valid && word <= std::numeric_limits<std::uint32_t>::max();
      restored.state_[i] = static_cast<std::uint32_t>(word);
    }
    if (!valid)
      throw ValueError("Generator: expected the bytes of a generator's state, got others (is the file damaged?)");
    if (get<std::uint32_t>(bytes, has_normal_at) != 0)
      restored.next_normal_ = std::bit_cast<double>(get<std::uint64_t>(bytes, normal_at));
    *this = restored;
  }

 private:
  static constexpr std::uint32_t size = 624, middle = 397;
  static constexpr std::uint32_t fresh = size + 1;  // position before the first draw after seeding

  // Where the fields lie in a State: seed, words left before the next refill, whether seeded, next word, the words
  // (eight bytes each), Box and Muller's uniforms (unused today), the normal kept for the next call, whether there is
  // one. A kept float normal, which PyTorch's CPU generator never has, would follow.
  static constexpr std::size_t seed_at = 0, left_at = 8, seeded_at = 12, next_at = 16, words_at = 24,
                               normal_at = words_at + std::size_t{8} * size + 8, has_normal_at = normal_at + 16;

  template <typename U>
  static void put(State& bytes, std::size_t at, U value) noexcept {
    for (std::size_t i = 0; i < sizeof(U); ++i) bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
  template <typename U>
  static U get(const State& bytes, std::size_t at) noexcept {
    U value = 0;
    for (std::size_t i = 0; i < sizeof(U); ++i) value |= static_cast<U>(static_cast<U>(bytes[at + i]) << (8 * i));
    return value;
  }

  void refill() noexcept {
    const auto twist = [](std::uint32_t u, std::uint32_t v) {
      return (((u & 0x80000000u) | (v & 0x7fffffffu)) >> 1) ^ ((v & 1u) != 0 ? 0x9908b0dfu : 0u);
    };
    for (std::uint32_t i = 0; i < size - middle; ++i) state_[i] = state_[i + middle] ^ twist(state_[i], state_[i + 1]);
    for (std::uint32_t i = size - middle; i < size - 1; ++i)
      state_[i] = state_[i + middle - size] ^ twist(state_[i], state_[i + 1]);
    state_[size - 1] = state_[middle - 1] ^ twist(state_[size - 1], state_[0]);
    position_ = 0;
  }

  // Sixteen uniforms to sixteen normals: the first eight give radii, the last eight angles.
  template <typename T>
  static void box_muller(T* values, T mean, T deviation) {
    for (int i = 0; i < 8; ++i) {
      const T radius = std::sqrt(T(-2) * std::log(T(1) - values[i]));
      const T angle = T(2) * std::numbers::pi_v<T> * values[i + 8];
      values[i] = radius * std::cos(angle) * deviation + mean;
      values[i + 8] = radius * std::sin(angle) * deviation + mean;
    }
  }

  // One normal; each pair of uniforms gives two, the second kept for the next call.
  double next_normal() {
    if (next_normal_) {
      const double value = *next_normal_;
      next_normal_.reset();
      return value;
    }
    const double angle = 2.0 * std::numbers::pi * uniform<double>();
    const double radius = std::sqrt(-2.0 * std::log1p(-uniform<double>()));
    next_normal_ = radius * std::sin(angle);
    return radius * std::cos(angle);
  }

  std::array<std::uint32_t, size> state_{};
  std::uint32_t position_ = fresh;
  std::uint64_t seed_ = default_seed;
  std::optional<double> next_normal_;
};

/// The generator that factories, initialisers, dropout and shuffling use unless given another.
/// One for the process, not synchronised: draw from one thread, or give each thread a Generator of its own.
inline Generator& default_generator() {
  static Generator generator;
  return generator;
}

/// Seeds the default generator. PyTorch: torch.manual_seed.
inline void manual_seed(std::uint64_t seed) { default_generator().manual_seed(seed); }

}  // namespace rowgrad
