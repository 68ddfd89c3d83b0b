// What: Background, one thread that runs a function from its construction to its destruction.
// Why:  <thread> costs every program that includes rowgrad.hpp more than most of our headers do; where there are POSIX
//       threads, their header has been read already.
// See:  data/ahead.hpp (who needs one); threads.hpp (loops over several threads, which is something else).
#pragma once

#include <memory>
#include <utility>

#if __has_include(<pthread.h>)
#include <pthread.h>
#else
#include <thread>
#endif

#include <rowgrad/core/error.hpp>

namespace rowgrad::detail {

/// The function must not throw, and has to end before this is destroyed, or its destructor waits.
class Background {
 public:
  /// MemoryError when the system has no more threads.
  template <typename F>
  explicit Background(F function) {
    auto run = std::make_unique<F>(std::move(function));
#if __has_include(<pthread.h>)
    const auto start = [](void* given) -> void* {
      const std::unique_ptr<F> mine(static_cast<F*>(given));
      (*mine)();
      return nullptr;
    };
    if (pthread_create(&thread_, nullptr, start, run.get()) != 0)
      throw MemoryError("the system has no more threads to start");
    run.release();
#else
    thread_ = std::thread([mine = std::move(run)] { (*mine)(); });
#endif
  }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background() {
#if __has_include(<pthread.h>)
    pthread_join(thread_, nullptr);
#else
    thread_.join();
#endif
  }

 private:
#if __has_include(<pthread.h>)
  pthread_t thread_{};
#else
  std::thread thread_;
#endif
};

}  // namespace rowgrad::detail
