// What: TiedCopies, which lets copies of tied parameters be tied again.
// Why:  two layers may share one parameter (decoder.weight = encoder.weight). A copy of the model is made member by
//       member, by C++, and the copies must share one, too, that is not the model's.
// See:  parameter.hpp (who asks); sequential.hpp (layers that lie elsewhere); docs/decisions.md, "Tied weights".
#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include <rowgrad/core/tensor.hpp>

namespace rowgrad::nn {

/// Two members belong to one copy of an object when each lies as far from what it was copied from as the other does.
/// What a container holds elsewhere is copied while one of these lives, which says how far the container itself lies.
class CopiesOfLayers {
 public:
  CopiesOfLayers(const void* copy, const void* original) noexcept : outermost_(!inside) {
    if (!outermost_) return;
    inside = true;
    distance = between(copy, original);
  }
  CopiesOfLayers(const CopiesOfLayers&) = delete;
  CopiesOfLayers& operator=(const CopiesOfLayers&) = delete;
  ~CopiesOfLayers() {
    if (outermost_) inside = false;
  }

  static std::uintptr_t distance_of(const void* copy, const void* original) noexcept {
    return inside ? distance : between(copy, original);
  }

 private:
  static std::uintptr_t between(const void* copy, const void* original) noexcept {
    return reinterpret_cast<std::uintptr_t>(copy) - reinterpret_cast<std::uintptr_t>(original);
  }

  static inline constinit thread_local bool inside = false;
  static inline constinit thread_local std::uintptr_t distance = 0;
  const bool outermost_;
};

/// The copies that this thread has made of tied parameters, until all that are tied have been copied. What is copied
/// alone is forgotten when the next one is, if nobody else holds it by then.
template <typename T>
class TiedCopies {
 public:
  /// The copy that the parameter at `original`, which is `source`, has in the object that `copy` belongs to.
  [[gnu::cold]] static Tensor<T> copy_of(const void* copy, const void* original, const Tensor<T>& source) {
    std::vector<TiedCopies>& list = copies();
    const std::uintptr_t distance = CopiesOfLayers::distance_of(copy, original);
    std::erase_if(list, [](const TiedCopies& one) { return one.copy_.body().is_only_reference(); });
    const auto found = std::find_if(list.begin(), list.end(), [&](const TiedCopies& one) {
      return one.source_ == &source.body() && one.distance_ == distance;
    });
    if (found != list.end()) {
      auto& originals = found->originals_;
      const bool again = std::find(originals.begin(), originals.end(), original) != originals.end();
      if (!again && same_values(found->copy_, source)) {
        originals.push_back(original);
        Tensor<T> result = found->copy_;
        if (originals.size() > source.body().ties) list.erase(found);
        return result;
      }
      list.erase(found);
    } else if (list.size() == most) {
      list.erase(list.begin());
    }
    Tensor<T> result = rowgrad::detail::copy_of(source);
    result.body().ties = source.body().ties;
    list.push_back({&source.body(), distance, result, original});
    return result;
  }

  TiedCopies(const void* source, std::uintptr_t distance, const Tensor<T>& copy, const void* original)
      : source_(source), distance_(distance), copy_(copy), originals_{original} {}

 private:
  static constexpr std::size_t most = 64;

  static bool same_values(const Tensor<T>& a, const Tensor<T>& b) {
    return a.shape() == b.shape() &&
           std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.numel()) * sizeof(T)) == 0;
  }

  // Within a function: GCC 12 does not compile two such members, of float and of double, in one program.
  static std::vector<TiedCopies>& copies() {
    static thread_local std::vector<TiedCopies> list;
    return list;
  }

  const void* source_;
  std::uintptr_t distance_;
  Tensor<T> copy_;
  std::vector<const void*> originals_;  // the parameters that were copied so far
};

}  // namespace rowgrad::nn
