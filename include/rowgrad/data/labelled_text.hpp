// What: load_labelled_text, a data set of sentences and their classes from a tab-separated file.
// Why:  sentiment and topic data come in this form; all bad lines are reported at once, not one per run.
// See:  splits.hpp (folds), batches.hpp, text/tokenizer.hpp.
#pragma once

#include <algorithm>
#include <charconv>

#include <rowgrad/core/concat.hpp>
#include <rowgrad/io/lines.hpp>
#include <rowgrad/machine/radix_sort.hpp>
#include <rowgrad/text/word_counts.hpp>

namespace rowgrad::data {

/// Texts with the class of each: text i has the label classes[labels[i]].
struct LabelledText {
  std::vector<std::string> texts;
  std::vector<Index> labels;
  std::vector<std::string> classes;
};

namespace detail {

using io::excerpt;
using io::LineReader;
using rowgrad::detail::concat;

inline std::string_view trim_spaces(std::string_view text) noexcept {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// The order of distinct names: by value when all are whole numbers (ties by their bytes), else by their bytes.
inline std::vector<Index> class_order(const std::vector<std::string>& names) {
  std::vector<Index> order, values;
  for (std::size_t i = 0; i < names.size(); ++i) order.push_back(static_cast<Index>(i));
  const auto name = [&](Index i) -> const std::string& { return names[static_cast<std::size_t>(i)]; };
  std::sort(order.data(), order.data() + order.size(), [&](Index a, Index b) { return name(a) < name(b); });
  for (const Index i : order) {
    Index value = 0;
    const char* end = name(i).data() + name(i).size();
    const auto [stop, error] = std::from_chars(name(i).data(), end, value);
    if (error != std::errc() || stop != end) return order;
    values.push_back(value);
  }
  rowgrad::detail::sort_by_key(order.data(), values);
  return order;
}

/// Collects the bad lines of a file and throws one ParseError for all of them.
class BadLines {
 public:
  explicit BadLines(const std::string& path) : path_(path) {}

  void add(std::size_t line, const std::string& what) {
    if (count_ == 0) first_ = line;
    if (++count_ > most_listed) return;
    if (count_ > 1) messages_ += concat("\n", path_, ":", line, ": ");
    messages_ += what;
  }

  void throw_if_any() const {
    if (count_ == 0) return;
    std::string rest;
    if (count_ > most_listed) rest = concat("\n... and ", count_ - most_listed, " more");
    throw ParseError(path_, first_, messages_ + rest);
  }

 private:
  static constexpr std::size_t most_listed = 20;
  const std::string& path_;
  std::string messages_;
  std::size_t count_ = 0, first_ = 0;
};

inline std::string listed(const std::vector<std::string>& classes) {
  constexpr std::size_t most = 20;
  std::string text;
  for (std::size_t i = 0; i < std::min(classes.size(), most); ++i) text += (i == 0 ? "" : ", ") + excerpt(classes[i]);
  return classes.size() > most ? concat(text, ", ... (", classes.size(), " classes)") : text;
}

}  // namespace detail

/// Reads lines "label <tab> ... <tab> text": the first column is the label, the last one the text, those between are
/// ignored. Labels are any strings (spaces around them do not count); texts are kept byte for byte. The classes are the
/// labels that occur, sorted by value when all are whole numbers, otherwise by bytes. CRLF, a UTF-8 byte order mark and
/// blank lines at the end are accepted. Where classes are given (those of a model, or of the training file), their
/// order is kept and other labels are bad lines. FileError when the file cannot be read. ParseError for a file without
/// data, and for bad lines: fewer than two columns, an empty label, an empty text, a label that is not a class. Its
/// message lists all of them as "file:line: ..." (at most 20); its line() is that of the first. ValueError for a class
/// given twice. With header the first line names the columns and is skipped.
inline LabelledText load_labelled_text(const std::string& path, const std::vector<std::string>& classes = {},
                                       bool header = false) {
  text::WordIndex seen;
  for (const std::string& name : classes)
    if (!seen.add(name).second)
      rowgrad::detail::raise<ValueError>("load_labelled_text: class ", detail::excerpt(name), " is given twice");

  LabelledText result;
  detail::LineReader lines("load_labelled_text", path);
  detail::BadLines bad(path);
  std::size_t blank = 0;  // blank lines just before: bad only when something follows
  std::string_view line;
  if (header) lines.next(line);
  while (lines.next(line)) {
    if (detail::trim_spaces(line).empty()) {
      ++blank;
      continue;
    }
    for (; blank > 0; --blank)
      bad.add(lines.number() - blank, "expected a label, a tab and a text, but the line is empty");
    const std::size_t first_tab = line.find('\t');
    if (first_tab == std::string_view::npos) {
      bad.add(lines.number(), "expected a label, a tab and a text, but there is no tab in " + detail::excerpt(line));
      continue;
    }
    const std::string_view label = detail::trim_spaces(line.substr(0, first_tab));
    const std::string_view sentence = line.substr(line.rfind('\t') + 1);
    if (label.empty()) {
      bad.add(lines.number(), "the label (first column) is empty in " + detail::excerpt(line));
    } else if (detail::trim_spaces(sentence).empty()) {
      bad.add(lines.number(), "the text (last column) is empty in " + detail::excerpt(line));
    } else {
      if (!classes.empty() && !seen.contains(label)) {
        bad.add(lines.number(), detail::concat("the label ", detail::excerpt(label), " is not one of the classes ",
                                               detail::listed(classes)));
        continue;
      }
      result.labels.push_back(seen.add(label).first);
      result.texts.push_back(std::string(sentence));
    }
  }
  bad.throw_if_any();
  if (result.texts.empty()) throw ParseError(path, 0, "the file is empty; expected lines of a label, a tab and a text");
  result.classes = seen.words();
  if (!classes.empty()) return result;

  const std::vector<Index> order = detail::class_order(seen.words());
  std::vector<Index> rank(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto before = static_cast<std::size_t>(order[i]);
    rank[before] = static_cast<Index>(i);
    result.classes[i] = seen.words()[before];
  }
  for (Index& label : result.labels) label = rank[static_cast<std::size_t>(label)];
  return result;
}

}  // namespace rowgrad::data

namespace rowgrad {  // the names that programs had before the room had a namespace
using data::LabelledText;
using data::load_labelled_text;
}  // namespace rowgrad
