// What: whether this thread records operations, and guards that switch recording off for a scope.
// Why:  inference should neither keep inputs alive nor build a graph.
// See:  record.hpp; PyTorch torch.no_grad, torch.inference_mode.
#pragma once

#include <utility>

namespace rowgrad {
namespace detail {
inline constinit thread_local bool grad_enabled = true;
}  // namespace detail

/// Whether operations on this thread are recorded. PyTorch: torch.is_grad_enabled.
inline bool is_grad_enabled() noexcept { return detail::grad_enabled; }

/// Recording on or off until the end of the scope. PyTorch: torch.set_grad_enabled.
class [[nodiscard]] set_grad_enabled {
 public:
  [[nodiscard("ends at once: give it a name")]] explicit set_grad_enabled(bool on) noexcept
      : before_(std::exchange(detail::grad_enabled, on)) {}
  set_grad_enabled(const set_grad_enabled&) = delete;
  set_grad_enabled& operator=(const set_grad_enabled&) = delete;
  ~set_grad_enabled() { detail::grad_enabled = before_; }

 private:
  bool before_;
};

/// No recording until the end of the scope: `rowgrad::no_grad guard;`. Without a name it would end at once, so
/// `rowgrad::no_grad();` is a warning. PyTorch: torch.no_grad.
class [[nodiscard]] no_grad : set_grad_enabled {
 public:
  [[nodiscard("ends at once: give it a name")]] no_grad() noexcept : set_grad_enabled(false) {}
};

/// Recording, also within the scope of a no_grad. PyTorch: torch.enable_grad.
class [[nodiscard]] enable_grad : set_grad_enabled {
 public:
  [[nodiscard("ends at once: give it a name")]] enable_grad() noexcept : set_grad_enabled(true) {}
};

/// The same as no_grad: there are no version counters whose upkeep a separate mode could save.
using inference_mode = no_grad;

}  // namespace rowgrad
