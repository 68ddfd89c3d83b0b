// What: reader and checker of the golden files, in which PyTorch's answers are written down.
// Why:  "PyTorch's numbers" is a promise: results and gradients are compared with its own, without needing Python.
// See:  golden/golden_file.py (the format), golden/make_*.py (how the files were made).
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <rowgrad/autograd/autograd.hpp>

namespace golden {

struct Entry {
  rowgrad::Shape shape;
  std::vector<std::string> values;
};

/// One case: "op@variant", its scalar type, its tensors and texts.
class Case {
 public:
  std::string name, dtype;
  std::map<std::string, Entry> tensors;
  std::map<std::string, std::string> texts;

  std::string op() const { return name.substr(0, name.find('@')); }
  bool has(const std::string& key) const { return tensors.count(key) != 0; }

  template <typename T>
  rowgrad::Tensor<T> tensor(const std::string& key) const {
    const auto found = tensors.find(key);
    if (found == tensors.end()) throw std::runtime_error(name + ": no tensor " + key);
    rowgrad::Tensor<T> x(found->second.shape);
    for (std::size_t i = 0; i < found->second.values.size(); ++i) {
      const char* text = found->second.values[i].c_str();
      if constexpr (std::is_integral_v<T>)
        x.data()[i] = std::strtoll(text, nullptr, 10);
      else if constexpr (std::is_same_v<T, float>)
        x.data()[i] = std::strtof(text, nullptr);
      else
        x.data()[i] = std::strtod(text, nullptr);
    }
    return x;
  }

  const std::string& text(const std::string& key) const {
    const auto found = texts.find(key);
    if (found == texts.end()) throw std::runtime_error(name + ": no text " + key);
    return found->second;
  }
};

/// All cases of golden/<name>.txt.
inline std::vector<Case> read(const std::string& name) {
  const std::string path = std::string(ROWGRAD_GOLDEN_DIR) + "/" + name + ".txt";
  std::ifstream file(path);
  if (!file) throw std::runtime_error("golden: cannot read " + path);
  std::vector<Case> cases;
  std::string line;
  const auto next_line = [&] {
    std::string text;
    if (!std::getline(file, text)) throw std::runtime_error("golden: " + path + " ends early");
    return text;
  };
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string kind, key;
    words >> kind >> key;
    if (kind == "case") {
      cases.emplace_back();
      cases.back().name = key;
      words >> cases.back().dtype;
    } else if (kind == "tensor" && !cases.empty()) {
      Entry entry;
      for (rowgrad::Index size = 0; words >> size;) entry.shape.append(size);
      std::istringstream values(next_line());
      for (std::string value; values >> value;) entry.values.push_back(value);
      if (static_cast<rowgrad::Index>(entry.values.size()) != entry.shape.numel())
        throw std::runtime_error("golden: " + path + ": " + cases.back().name + ": wrong number of values of " + key);
      cases.back().tensors[key] = entry;
    } else if (kind == "text" && !cases.empty()) {
      std::string text;
      int lines = 0;
      words >> lines;
      for (int i = 0; i < lines; ++i) text += (i == 0 ? "" : "\n") + next_line();
      cases.back().texts[key] = text;
    } else {
      throw std::runtime_error("golden: " + path + ": cannot make sense of: " + line);
    }
  }
  return cases;
}

/// The case of that name.
inline Case find(const std::string& file, const std::string& name) {
  for (Case& c : read(file))
    if (c.name == name) return c;
  throw std::runtime_error("golden: no case " + name + " in " + file);
}

struct Tolerance {
  double relative, absolute;
};

template <typename T>
constexpr Tolerance default_tolerance() {
  return std::is_same_v<T, float> ? Tolerance{4e-6, 1e-6} : Tolerance{1e-12, 1e-14};
}

/// Empty when the tensors agree: shapes, values within the tolerance, NaN with NaN, infinities of one sign.
template <typename T>
std::string difference(const rowgrad::Tensor<T>& got, const rowgrad::Tensor<T>& expected,
                       Tolerance tolerance = default_tolerance<T>()) {
  if (got.shape() != expected.shape())
    return "shape " + to_string(got.shape()) + " instead of " + to_string(expected.shape());
  for (rowgrad::Index i = 0; i < got.numel(); ++i) {
    const double a = static_cast<double>(got.data()[i]), b = static_cast<double>(expected.data()[i]);
    const bool same = std::isnan(b)
                          ? std::isnan(a)
                          : a == b || std::abs(a - b) <= tolerance.absolute + tolerance.relative * std::abs(b);
    const bool sane = !std::isinf(b) || a == b;
    if (!same || !sane) {
      char text[120];
      std::snprintf(text, sizeof text, "element %lld is %.17g instead of %.17g", static_cast<long long>(i), a, b);
      return text;
    }
  }
  return "";
}

/// What a function of the table gets: the inputs x0, x1, ... and, by name, indices.
template <typename T>
class Inputs {
 public:
  explicit Inputs(const Case& c) : case_(c) {
    for (int i = 0; c.has("x" + std::to_string(i)); ++i) {
      const auto x = c.tensor<T>("x" + std::to_string(i));
      if (c.has("g" + std::to_string(i))) x.requires_grad_();
      x_.push_back(x);
    }
  }
  const rowgrad::Tensor<T>& operator[](std::size_t i) const { return x_.at(i); }
  rowgrad::Indices indices(const std::string& key) const { return case_.tensor<rowgrad::Index>(key); }
  std::size_t size() const { return x_.size(); }

 private:
  const Case& case_;
  std::vector<rowgrad::Tensor<T>> x_;
};

template <typename T>
using Table = std::map<std::string, std::function<rowgrad::Tensor<T>(const Inputs<T>&)>>;

/// Runs every case of this scalar type in the file: result and all gradients must be PyTorch's. Fails for a case
/// without a function and, in double, for a function without a case.
template <typename T>
void check(const std::string& file, const Table<T>& table, Tolerance tolerance = default_tolerance<T>()) {
  std::set<std::string> used;
  for (const Case& c : read(file)) {
    if (c.dtype != (std::is_same_v<T, float> ? "float32" : "float64")) continue;
    CAPTURE(c.name);
    CAPTURE(c.dtype);
    const auto f = table.find(c.op());
    if (f == table.end()) {
      FAIL_CHECK("no function for this case");
      continue;
    }
    used.insert(c.op());
    try {
      const Inputs<T> inputs(c);
      const rowgrad::Tensor<T> y = f->second(inputs);
      CHECK(difference(y, c.tensor<T>("y"), tolerance) == "");
      if (!c.has("seed")) continue;
      y.backward(c.tensor<T>("seed"));
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        const std::string key = "g" + std::to_string(i);
        if (!c.has(key)) continue;
        CAPTURE(key);
        REQUIRE(inputs[i].grad().defined());
        CHECK(difference(inputs[i].grad().to_dense(), c.tensor<T>(key), tolerance) == "");
      }
    } catch (const rowgrad::Error& error) {
      FAIL_CHECK(error.what());
    }
  }
  CHECK(!used.empty());
  if (std::is_same_v<T, double>)
    for (const auto& entry : table)
      CHECK_MESSAGE(used.count(entry.first) == 1, "no case for the function ", entry.first);
}

}  // namespace golden
