// What: Judgement, how a classifier's answers compare with the truth: counts, precision, recall, F1, confusion matrix.
// Why:  accuracy says how good a model is as a whole; these say for which classes.
// See:  evaluate_command.hpp, report.hpp (who prints one); sklearn.metrics.classification_report.
#pragma once

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

#include <rowgrad/machine/index.hpp>

/// Counts of answers by true and by predicted class.
class Judgement {
 public:
  using Index = rowgrad::Index;

  explicit Judgement(std::vector<std::string> classes)
      : classes_(std::move(classes)), counts_(classes_.size() * classes_.size()) {}

  void add(std::size_t truth, std::size_t predicted) { ++counts_[truth * classes_.size() + predicted]; }

  Index count(std::size_t truth, std::size_t predicted) const { return counts_[truth * classes_.size() + predicted]; }
  /// Samples of a class, and samples that it was predicted for.
  Index of_class(std::size_t c) const {
    Index sum = 0;
    for (std::size_t i = 0; i < classes_.size(); ++i) sum += count(c, i);
    return sum;
  }
  Index predicted(std::size_t c) const {
    Index sum = 0;
    for (std::size_t i = 0; i < classes_.size(); ++i) sum += count(i, c);
    return sum;
  }
  Index total() const { return std::accumulate(counts_.begin(), counts_.end(), Index{0}); }
  double accuracy() const {
    Index right = 0;
    for (std::size_t c = 0; c < classes_.size(); ++c) right += count(c, c);
    return static_cast<double>(right) / static_cast<double>(total());
  }

  /// Of those predicted the right part, of the class the found part, and their harmonic mean; 0 where there is nothing
  /// to take a part of.
  double precision(std::size_t c) const { return part(count(c, c), predicted(c)); }
  double recall(std::size_t c) const { return part(count(c, c), of_class(c)); }
  double f1(std::size_t c) const { return part(2 * count(c, c), predicted(c) + of_class(c)); }

  void print_classes() const {
    const int width = name_width();
    std::printf("\n%*s  precision  recall      F1  sentences\n", width, "");
    double sums[3] = {};
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      const double values[3] = {precision(c), recall(c), f1(c)};
      for (int i = 0; i < 3; ++i) sums[i] += values[i] / static_cast<double>(classes_.size());
      print_row(padded(classes_[c], width), values, of_class(c));
    }
    print_row(padded("mean of the classes", width), sums, total());
  }

  /// A matrix; of more than `most` classes only the most frequent mistakes, which can be read.
  void print_confusion(std::size_t most) const {
    if (classes_.size() > most) return print_most_confused(20);
    std::vector<int> widths;
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      int width = shown_width(shortened(classes_[c]));
      for (std::size_t i = 0; i < classes_.size(); ++i)
        width = std::max(width, static_cast<int>(std::to_string(count(i, c)).size()));
      widths.push_back(std::max(width, 5) + 2);
    }
    const int width = name_width();
    std::printf("\nConfusion matrix (one row per true class, one column per predicted class)\n%*s", width, "");
    for (std::size_t c = 0; c < classes_.size(); ++c) std::printf("%s", padded(classes_[c], widths[c]).c_str());
    std::printf("\n");
    for (std::size_t row = 0; row < classes_.size(); ++row) {
      std::printf("%s", padded(classes_[row], width).c_str());
      for (std::size_t column = 0; column < classes_.size(); ++column)
        std::printf("%*lld", widths[column], static_cast<long long>(count(row, column)));
      std::printf("\n");
    }
  }

 private:
  static double part(Index of, Index whole) {
    return whole == 0 ? 0.0 : static_cast<double>(of) / static_cast<double>(whole);
  }
  static void print_row(const std::string& name, const double (&values)[3], Index sentences) {
    std::printf("%s  %9.4f  %6.4f  %6.4f  %9lld\n", name.c_str(), values[0], values[1], values[2],
                static_cast<long long>(sentences));
  }

  /// Characters, not bytes: the first bytes of UTF-8 characters.
  static int shown_width(const std::string& name) {
    return static_cast<int>(
        std::count_if(name.begin(), name.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  }
  /// A class may be called anything; what is shown of it is 24 characters at most.
  static std::string shortened(const std::string& name) {
    if (shown_width(name) <= 24) return name;
    std::size_t end = 0;
    for (int shown = 0; end < name.size(); ++end)
      if ((static_cast<unsigned char>(name[end]) & 0xc0) != 0x80 && ++shown > 21) break;
    return name.substr(0, end) + "...";
  }
  static std::string padded(const std::string& name, int width) {
    const std::string text = shortened(name);
    return std::string(static_cast<std::size_t>(std::max(0, width - shown_width(text))), ' ') + text;
  }
  int name_width() const {
    int width = 19;  // "mean of the classes"
    for (const std::string& name : classes_) width = std::max(width, shown_width(shortened(name)));
    return width;
  }

  void print_most_confused(std::size_t most) const {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < counts_.size(); ++i)
      if (counts_[i] > 0 && i / classes_.size() != i % classes_.size()) places.push_back(i);
    std::stable_sort(places.begin(), places.end(), [this](auto a, auto b) { return counts_[a] > counts_[b]; });
    places.resize(std::min(places.size(), most));
    std::printf("\nMost frequent mistakes (sentences: true class, predicted class)\n%s",
                places.empty() ? "   none\n" : "");
    for (const std::size_t i : places)
      std::printf("%7lld: %s, %s\n", static_cast<long long>(counts_[i]), classes_[i / classes_.size()].c_str(),
                  classes_[i % classes_.size()].c_str());
  }

  std::vector<std::string> classes_;
  std::vector<Index> counts_;  // row by row, one row per true class
};
