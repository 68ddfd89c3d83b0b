// What: Interruptible, a scope in which Ctrl-C asks training to stop instead of ending the program.
// Why:  who has seen enough wants the best epoch so far, not nothing.
// See:  training.hpp (who asks), train_command.hpp.
#pragma once

#include <csignal>

/// SIGINT and SIGTERM are noted in this scope; a second one ends the program as usual. Where the program was started
/// with a signal ignored, it stays ignored.
class Interruptible {
 public:
  Interruptible() {
    requested_ = 0;
    struct sigaction action {};
    action.sa_handler = [](int) { requested_ = 1; };
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    for (int i = 0; i < 2; ++i) {
      sigaction(signals[i], nullptr, &before_[i]);
      if (before_[i].sa_handler != SIG_IGN) sigaction(signals[i], &action, nullptr);
    }
  }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;
  ~Interruptible() {
    for (int i = 0; i < 2; ++i) sigaction(signals[i], &before_[i], nullptr);
  }

  static bool requested() noexcept { return requested_ != 0; }

 private:
  static constexpr int signals[] = {SIGINT, SIGTERM};
  static inline volatile std::sig_atomic_t requested_ = 0;
  struct sigaction before_[2];
};
