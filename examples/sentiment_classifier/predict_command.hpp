// What: predict: a trained model answers lines of a file or of the standard input.
// Why:  the model in use: as columns for shells and spreadsheets, as JSON for programs.
// See:  trained_model.hpp; ../predict.cpp (the same without options, for programs that ship).
#pragma once

#include <charconv>
#include <fstream>
#include <iostream>
#include <numeric>

#include "input_error.hpp"
#include "model_file.hpp"

struct PredictOptions {
  std::string model, file = "-";
  bool probabilities = false, logits = false, json = false;
  Index top = 0;  // 0: not asked for
};

/// A text as a JSON string; bytes that are not UTF-8 become U+FFFD, because JSON has no place for them.
inline std::string json_string(std::string_view text) {
  const auto byte = [&text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  std::string result = "\"";
  for (std::size_t i = 0; i < text.size();) {
    const unsigned first = byte(i);
    const std::size_t length = first < 0x80   ? 1
                               : first < 0xc2 ? 0
                               : first < 0xe0 ? 2
                               : first < 0xf0 ? 3
                               : first < 0xf5 ? 4
                                              : 0;
    bool valid = length > 0;
    for (std::size_t k = 1; k < length; ++k) valid = valid && (byte(i + k) & 0xc0) == 0x80;
    const unsigned second = byte(i + 1);  // no overlong forms, no surrogates, nothing above U+10FFFF
    valid = valid && !(first == 0xe0 && second < 0xa0) && !(first == 0xed && second > 0x9f) &&
            !(first == 0xf0 && second < 0x90) && !(first == 0xf4 && second > 0x8f);
    if (!valid) {
      result += "\ufffd";
      ++i;
    } else if (first == '"' || first == '\\') {
      result += {'\\', text[i++]};
    } else if (first < 0x20 || first == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", first);
      result += escape;
      ++i;
    } else {
      result += text.substr(i, length);
      i += length;
    }
  }
  return result + '"';
}

/// The shortest digits that read back as the same number.
inline std::string number_text(float value) {
  if (!std::isfinite(value)) return "null";
  return rowgrad::detail::concat(value);
}

/// The classes to list with an answer: all in the model's order, or the k most likely, most likely first.
inline std::vector<std::size_t> listed_classes(const Answer& answer, const PredictOptions& options) {
  std::vector<std::size_t> order(answer.logits.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (options.top == 0) return order;
  std::stable_sort(order.begin(), order.end(),
                   [&answer](std::size_t a, std::size_t b) { return answer.logits[a] > answer.logits[b]; });
  order.resize(std::min(order.size(), static_cast<std::size_t>(options.top)));
  return order;
}

inline std::string answer_as_json(const TrainedModel& model, const Answer& answer, std::string_view sentence,
                                  const PredictOptions& options) {
  std::string line = "{\"class\": " + json_string(model.classes[answer.best]) +
                     ", \"probability\": " + number_text(answer.probabilities[answer.best]);
  const auto list = [&](const char* name, const std::vector<float>& values) {
    line += std::string(", \"") + name + "\": {";
    for (const std::size_t c : listed_classes(answer, options))
      line += (line.back() == '{' ? "" : ", ") + json_string(model.classes[c]) + ": " + number_text(values[c]);
    line += '}';
  };
  if (options.probabilities || options.top > 0) list("probabilities", answer.probabilities);
  if (options.logits) list("logits", answer.logits);
  line += ", \"words\": " + std::to_string(answer.words) + ", \"known_words\": " + std::to_string(answer.known);
  return line + ", \"text\": " + json_string(sentence) + "}";
}

/// class, tab, its probability, tab, sentence; where more is asked for, class=probability columns instead of the one.
inline std::string answer_as_columns(const TrainedModel& model, const Answer& answer, std::string_view sentence,
                                     const PredictOptions& options) {
  const auto digits = [](float value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.4f", static_cast<double>(value));
    return std::string(text);
  };
  std::string line = model.classes[answer.best];
  if (!options.probabilities && options.top == 0 && !options.logits)
    line += "\t" + digits(answer.probabilities[answer.best]);
  const auto list = [&](const std::vector<float>& values) {
    for (const std::size_t c : listed_classes(answer, options))
      line += "\t" + model.classes[c] + "=" + digits(values[c]);
  };
  if (options.probabilities || options.top > 0) list(answer.probabilities);
  if (options.logits) list(answer.logits);
  return line + "\t" + std::string(sentence);
}

inline void predict_command(const PredictOptions& options) {
  const TrainedModel model = load_model(options.model);
  std::ifstream file;
  if (options.file != "-") file.open(options.file);
  std::istream& in = options.file == "-" ? std::cin : file;
  if (!in) throw InputError("predict: cannot read '" + options.file + "' (is the name right?)");
  std::size_t number = 0, unknown = 0, first_unknown = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    const Answer answer = model(line);
    if (answer.known == 0 && ++unknown == 1) first_unknown = number;
    const std::string out = (options.json ? answer_as_json(model, answer, line, options)
                                          : answer_as_columns(model, answer, line, options)) +
                            "\n";
    std::fwrite(out.data(), 1, out.size(), stdout);
    if (options.file == "-" && in.rdbuf()->in_avail() <= 0) std::fflush(stdout);  // whoever waits gets the answer now
  }
  if (in.bad()) throw InputError("predict: cannot read '" + options.file + "' (is it a directory?)");
  if (unknown > 0)
    std::fprintf(
        stderr,
        "%zu of %zu lines (the first is line %zu) have no word that the model knows: their answer is the one for "
        "no words at all\n",
        unknown, number, first_unknown);
}
