// What: Progress, a line at the bottom of the terminal that says how far training is.
// Why:  someone who waits wants loss, rate and time left; a file or a pipe wants none of that.
// See:  training.hpp.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>

/// Shows itself only when the standard output is a terminal. clear() it before printing anything else.
class Progress {
 public:
  Progress() : visible_(isatty(STDOUT_FILENO) != 0) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  /// Starts anew, with `total` sentences to come.
  void start(std::string title, std::int64_t total) {
    title_ = std::move(title);
    total_ = total;
    done_ = 0;
    started_ = std::chrono::steady_clock::now();
  }

  /// `count` more sentences are done; their mean loss was `loss`.
  void advance(std::int64_t count, float loss) {
    done_ += count;
    smooth_loss_ = done_ == count ? loss : 0.9f * smooth_loss_ + 0.1f * loss;
    const auto now = std::chrono::steady_clock::now();
    if (!visible_ || now - shown_ < std::chrono::milliseconds(100)) return;
    shown_ = now;
    on_screen_ = true;
    show(std::chrono::duration<double>(now - started_).count());
  }

  /// Wipes the line, so that other output can take its place.
  void clear() {
    if (on_screen_) std::fputs("\r\x1b[K", stdout);
    on_screen_ = false;
  }

 private:
  void show(double seconds) const {
    const double part = static_cast<double>(done_) / static_cast<double>(total_);
    const auto left = static_cast<int>(std::ceil(seconds / part - seconds));
    std::string bar(16, '.');
    std::fill_n(bar.begin(), static_cast<std::ptrdiff_t>(part * static_cast<double>(bar.size())), '#');
    std::printf("\r%s [%s] %3d%%  loss %.4f  %.0f/s  %d:%02d left\x1b[K", title_.c_str(), bar.c_str(),
                static_cast<int>(100 * part), static_cast<double>(smooth_loss_), static_cast<double>(done_) / seconds,
                left / 60, left % 60);
    std::fflush(stdout);
  }

  bool visible_, on_screen_ = false;
  std::string title_;
  std::int64_t total_ = 1, done_ = 0;
  float smooth_loss_ = 0;
  std::chrono::steady_clock::time_point started_, shown_;
};
