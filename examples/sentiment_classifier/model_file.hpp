// What: a trained model in one file: weights, words, class names, tokenizer, sizes and figures, as safetensors.
// Why:  one file is all that a program needs to predict, and Python opens it as it is.
// See:  trained_model.hpp; ../python/models.py (the same file from PyTorch); docs/saving.md.
//
// Tensors: those of SentimentClassifier::state_dict(), and "words" and "classes", the bytes of all of them with a
// newline between. Metadata: kind, version, encoder, hidden, layers, tokenizer.*; whatever else is there is for people.
#pragma once

#include <charconv>

#include <rowgrad/io/lines.hpp>
#include <rowgrad/io/safetensors.hpp>

#include "trained_model.hpp"

inline constexpr char model_kind[] = "text classifier";

namespace model_file {

using rowgrad::detail::concat;

/// Names with a newline between, as bytes.
inline Tensor<std::uint8_t> joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (name.find('\n') != std::string::npos) throw rowgrad::ValueError("save: a name holds a newline: " + name);
    text += (&name == &names.front() ? "" : "\n") + name;
  }
  Tensor<std::uint8_t> bytes(rowgrad::Shape{static_cast<Index>(text.size())});
  std::copy(text.begin(), text.end(), bytes.data());
  return bytes;
}

inline std::string text_of(const std::vector<Index>& shape) {
  std::string text = "(";
  for (const Index size : shape) text += concat(text.size() > 1 ? ", " : "", size);
  return text + (shape.size() == 1 ? ",)" : ")");
}

/// Reads a file and says what is wrong with it: ParseError that names the file, and the tensor or the metadata.
class Reader {
 public:
  explicit Reader(const std::string& path) : file_(rowgrad::io::open_safetensors(path)) {
    const std::string* const kind = file_.metadata("kind");
    if (kind == nullptr || *kind != model_kind)
      fail("expected a model that sentiment_classifier has saved, with kind = ", model_kind, " in its metadata, got ",
           kind == nullptr ? std::string("none") : *kind, " (is it a file of weights from elsewhere?)");
    if (const Index version = number("version"); version != 1)
      fail("expected version 1, got ", version, " (was it saved by a later version of the program?)");
  }

  TrainedModel read() const {
    ModelOptions options;
    const std::optional<Encoder> encoder = encoder_of(text("encoder"));
    if (!encoder) fail("metadata 'encoder': expected mean, lstm, gru, cnn or attention, got ", text("encoder"));
    options.encoder = *encoder;
    options.hidden = number("hidden");
    options.layers = number("layers");
    options.dropout = 0;  // only training needs it
    const std::string lower = text("tokenizer.lower");
    if (lower != "true" && lower != "false") fail("metadata 'tokenizer.lower': expected true or false, got ", lower);
    TokenizerSettings tokenizer{text("tokenizer.separators"), text("tokenizer.apart"), text("tokenizer.endings"),
                                lower == "true"};

    WordRows words = lines("words");
    const WordRows class_rows = lines("classes");
    std::vector<std::string> classes;
    for (std::size_t i = 0; i < class_rows.size(); ++i) classes.emplace_back(class_rows[i]);
    const auto count = static_cast<Index>(classes.size());
    const std::vector<Index>& table = shape_of("embedding.weight");
    if (table.size() != 2 || table[0] != static_cast<Index>(words.size()))
      fail("tensor 'embedding.weight' has shape ", text_of(table), ", expected one row for each of the ", words.size(),
           " words");
    expect_shapes(options, table[1], count);

    // The table stays in the file, and its pages are read as rows are looked up.
    auto embedding = nn::Embedding<float>::from_pretrained(value("embedding.weight"), {.padding_idx = padding_row});
    TrainedModel result{SentimentClassifier(std::move(embedding), count, options),
                        options,
                        std::move(tokenizer),
                        std::move(words),
                        std::move(classes),
                        file_.metadata()};
    try {
      result.model.load_state_dict(file_, {.assign = true, .rename = [](const std::string& tensor) {
                                             return tensor == "words" || tensor == "classes" ? std::string() : tensor;
                                           }});
    } catch (const rowgrad::ValueError& error) {
      throw rowgrad::ParseError(file_.path(), 0, error.what());
    }
    result.model.eval();
    return result;
  }

  const rowgrad::io::TensorFile& file() const noexcept { return file_; }

 private:
  template <typename... Pieces>
  [[noreturn]] void fail(const Pieces&... pieces) const {
    throw rowgrad::ParseError(file_.path(), 0, concat(pieces...));
  }

  const std::string& text(const char* key) const {
    const std::string* const found = file_.metadata(key);
    if (found == nullptr) fail("expected '", key, "' in the metadata, got none");
    return *found;
  }

  Index number(const char* key) const {
    const std::string& digits = text(key);
    int value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    if (error != std::errc() || stop != end || value < 1)
      fail("metadata '", key, "': expected a whole number of at least 1, got '", digits, "'");
    return value;
  }

  const std::vector<Index>& shape_of(const std::string& name) const {
    if (!file_.contains(name)) fail("expected a tensor '", name, "', got none");
    return file_.sizes(name);
  }

  Tensor<float> value(const std::string& name) const {
    if (!file_.reads_as<float>(name)) fail("tensor '", name, "': expected floating point numbers, got another type");
    return file_.view<float>(name);
  }

  /// The parts of a tensor of bytes between its newlines, each once.
  WordRows lines(const std::string& name) const {
    const std::vector<Index>& shape = shape_of(name);
    if (file_.info(name).dtype != rowgrad::io::DType::u8 || shape.size() != 1)
      fail("tensor '", name, "': expected bytes (n) of type U8, got ", file_.type_name(name), " ", text_of(shape));
    WordRows result(file_.view<std::uint8_t>(name));
    if (const auto row = result.repeated())
      fail("tensor '", name, "' has ", rowgrad::io::excerpt(result[*row]), " twice, the second time in line ",
           *row + 1);
    return result;
  }

  /// Sizes are compared with the tensors before anything is made of them: no file asks for more memory than it has.
  void expect_shapes(const ModelOptions& options, Index dimension, Index classes) const {
    const Index hidden = options.hidden;
    const auto expect = [this](const std::string& name, const std::vector<Index>& expected) {
      if (const std::vector<Index>& got = shape_of(name); got != expected)
        fail("tensor '", name, "' has shape ", text_of(got), ", expected ", text_of(expected));
    };
    const auto expect_layers = [&](const std::string& name, Index gates) {
      for (Index layer = 0; layer < options.layers; ++layer) {
        const Index input = layer == 0 ? dimension : 2 * hidden;
        expect(concat("encoder.", name, ".weight_ih_l", layer), {gates * hidden, input});
        expect(concat("encoder.", name, ".weight_hh_l", layer), {gates * hidden, hidden});
      }
    };
    switch (options.encoder) {
      case Encoder::mean:
        expect("encoder.fc.weight", {hidden, dimension});
        return expect("output.weight", {classes, hidden});
      case Encoder::cnn:
        for (const Index width : {3, 4, 5})
          expect(concat("encoder.conv", width, ".weight"), {hidden, dimension, width});
        return expect("output.weight", {classes, 3 * hidden});
      case Encoder::gru:
        expect_layers("gru", 3);
        return expect("output.weight", {classes, 2 * hidden});
      case Encoder::attention:
        expect("encoder.pooling.projection.weight", {2 * hidden, 2 * hidden});
        [[fallthrough]];
      case Encoder::lstm:
        expect_layers("lstm", 4);
        return expect("output.weight", {classes, 2 * hidden});
    }
  }

  rowgrad::io::TensorFile file_;
};

}  // namespace model_file

/// Opens a model; its weights are mapped, and read when they are needed. FileError when the file cannot be opened,
/// ParseError when it does not hold such a model.
inline TrainedModel load_model(const std::string& path) { return model_file::Reader(path).read(); }

/// Writes the model with the rows `kept` of its table (the padding row must be the first), and the figures of its
/// training. FileError when the file cannot be written; an earlier file of that name is then as it was.
inline void save_model(const std::string& path, const SentimentClassifier& model, const ModelOptions& given,
                       const std::vector<std::string>& words, const std::vector<Index>& kept,
                       const std::vector<std::string>& classes, const rowgrad::io::Metadata& figures) {
  const ModelOptions options = given.filled_in();
  const Index width = model.embedding.embedding_dim();
  Tensor<float> table(rowgrad::Shape{static_cast<Index>(kept.size()), width});
  std::vector<std::string> kept_words;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    table.matrix().row(static_cast<Index>(i)) = model.embedding.weight.matrix().row(kept[i]);
    kept_words.push_back(words[static_cast<std::size_t>(kept[i])]);
  }
  std::vector<rowgrad::io::SavedTensor> tensors;
  for (const auto& [name, tensor] : model.state_dict()) {
    if (name == "embedding.weight")
      tensors.emplace_back(name, table);
    else
      tensors.emplace_back(name, tensor);
  }
  tensors.emplace_back("words", model_file::joined(kept_words));
  tensors.emplace_back("classes", model_file::joined(classes));
  rowgrad::io::Metadata metadata{{"kind", model_kind},
                                 {"version", "1"},
                                 {"encoder", name_of(options.encoder)},
                                 {"hidden", std::to_string(options.hidden)},
                                 {"layers", std::to_string(options.layers)},
                                 {"tokenizer.separators", default_tokenizer.separators},
                                 {"tokenizer.apart", default_tokenizer.apart},
                                 {"tokenizer.endings", default_tokenizer.endings},
                                 {"tokenizer.lower", default_tokenizer.lower ? "true" : "false"}};
  metadata.insert(metadata.end(), figures.begin(), figures.end());
  rowgrad::io::save_safetensors(path, tensors, metadata);
}
