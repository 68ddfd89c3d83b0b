// What: Progress, a line at the bottom of the terminal that says how far training has come.
// Why:  someone who waits wants to see loss, rate and time left; a file or a pipe does not.
// See:  training.hpp.
#pragma once

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>

/// Appears only when the standard output is a terminal, and never takes more than one of its lines. clear() it before
/// printing anything else.
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

  /// Erases the line, so that other output can take its place.
  void clear() {
    if (on_screen_) std::fputs("\r\x1b[K", stdout);
    on_screen_ = false;
  }

 private:
  // Columns of the terminal, which may be resized at any time; 80 where it does not say.
  static std::size_t columns() {
    winsize size{};
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  }

  // A line that wrapped could not be erased, so what does not fit is left out: the bar first, then the rate, the time
  // left and the loss. A short title and the percentage are always there, cut to the width if need be.
  void show(double seconds) const {
    const double part = static_cast<double>(done_) / static_cast<double>(total_);
    const auto left = static_cast<int>(std::ceil(seconds / part - seconds));
    const auto text = [](const char* format, auto... values) {
      char buffer[64];
      std::snprintf(buffer, sizeof buffer, format, values...);
      return std::string(buffer);
    };
    std::string bar(16, '.');
    std::fill_n(bar.begin(), static_cast<std::ptrdiff_t>(part * static_cast<double>(bar.size())), '#');
    bar = " [" + bar + "]";
    std::string loss = text("  loss %.4f", static_cast<double>(smooth_loss_)),
                rate = text("  %.0f/s", static_cast<double>(done_) / seconds),
                time = text("  %d:%02d left", left / 60, left % 60);
    const std::size_t width = columns() - 1;  // a cursor in the last column would wrap in some terminals
    const std::string percent = text(" %3d%%", static_cast<int>(100 * part));
    const auto line = [&] { return title_ + bar + percent + loss + rate + time; };
    for (std::string* piece : {&bar, &rate, &time, &loss})
      if (line().size() > width) piece->clear();
    std::printf("\r%s\x1b[K", line().substr(0, width).c_str());
    std::fflush(stdout);
  }

  bool visible_, on_screen_ = false;
  std::string title_;
  std::int64_t total_ = 1, done_ = 0;
  float smooth_loss_ = 0;
  std::chrono::steady_clock::time_point started_, shown_;
};
