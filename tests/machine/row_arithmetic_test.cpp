#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <rowgrad/machine/maps.hpp>
#include <rowgrad/machine/row_arithmetic.hpp>

using rowgrad::ArrayMap;
using rowgrad::Index;
namespace detail = rowgrad::detail;

namespace {

/// Numbers whose sums depend on the order.
template <typename T>
std::vector<T> numbers(Index n, double seed) {
  std::vector<T> result;
  for (Index i = 0; i < n; ++i) result.push_back(static_cast<T>(std::sin(seed + 1.7 * static_cast<double>(i * i)) * 3));
  return result;
}

template <typename T>
bool same(const T* a, const T* b, Index n) {
  return n == 0 || std::memcmp(a, b, static_cast<std::size_t>(n) * sizeof(T)) == 0;
}

// Where the processor multiplies and adds in one instruction, the compiler decides in each expression anew which
// products are rounded before they are added: GCC at -O3 contracts differently in ours and in Eigen's. Each product is
// then within half a unit in the last place of its size.
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
constexpr bool may_contract = true;
#else
constexpr bool may_contract = false;
#endif

template <typename T>
void check_dot(T ours, const ArrayMap<const T>& x, const ArrayMap<const T>& y) {
  if (may_contract) {
    const T rounding = static_cast<T>(x.size() + 1) * std::numeric_limits<T>::epsilon() * (x * y).abs().sum();
    CHECK(std::abs(ours - (x * y).sum()) <= rounding);
  } else {
    CHECK(ours == (x * y).sum());
  }
}

template <typename T>
void compare_with_eigen() {
  for (Index n = 0; n < 70; ++n)
    for (Index offset = 0; offset < 5; ++offset) {
      CAPTURE(n);
      CAPTURE(offset);
      const std::vector<T> a = numbers<T>(n + offset, 1), b = numbers<T>(4 * n + offset, 2);
      const T *x = a.data() + offset, *y = b.data() + offset;
      const ArrayMap<const T> ax(x, n), ay(y, n);
      CHECK(detail::row_sum(x, n) == ax.sum());
      check_dot(detail::row_dot(x, y, n), ax, ay);

      const T factor = static_cast<T>(0.3);
      std::vector<T> ours = a, theirs = a;
      T* const mine = ours.data() + offset;
      ArrayMap<T> eigen(theirs.data() + offset, n);
      const auto check = [&] { CHECK(same(ours.data(), theirs.data(), n + offset)); };
      detail::add_row(mine, y, n);
      eigen += ay;
      check();
      detail::add_multiple(mine, factor, y, n);
      eigen += factor * ay;
      check();
      detail::set_multiple(mine, factor, mine, n);
      eigen *= factor;
      check();
      detail::add_four_rows(mine, y, n, n);
      for (Index row = 0; row < 4; ++row) eigen += ArrayMap<const T>(y + row * n, n);
      check();
      detail::set_sum(mine, x, y, n);
      eigen = ax + ay;
      check();
      detail::fill_row(mine, factor, n);
      eigen.setConstant(factor);
      check();
    }
}

}  // namespace

TEST_CASE("rows: as Eigen's expressions") {
  compare_with_eigen<float>();
  compare_with_eigen<double>();
}
