// What: evaluate: a trained model is tested on labelled sentences. info: what is in a model file.
// Why:  a file that somebody else has trained should say what it is and how good it is.
// See:  judge.hpp, model_file.hpp.
#pragma once

#include <cmath>
#include <iostream>

#include "corpus.hpp"
#include "judge.hpp"
#include "model_file.hpp"

/// The labelled sentences of a file, labels counted as the model counts them. ParseError for a label that the model
/// does not have; a header is skipped, and the user told.
inline rowgrad::data::LabelledText load_data_for(const TrainedModel& model, const std::string& path) {
  const rowgrad::data::LabelledText as_is = rowgrad::data::load_labelled_text(path);
  const std::string& first = as_is.classes[static_cast<std::size_t>(as_is.labels.front())];
  const bool is_class = std::find(model.classes.begin(), model.classes.end(), first) != model.classes.end();
  const bool header = !is_class && starts_with_header(as_is);
  if (header) tell_of_header(path, first);
  return rowgrad::data::load_labelled_text(path, model.classes, header);
}

inline void evaluate_command(const std::string& model_path, const std::string& data_path) {
  const TrainedModel model = load_model(model_path);
  const rowgrad::data::LabelledText data = load_data_for(model, data_path);
  Judgement judgement(model.classes);
  double loss = 0;
  std::size_t unknown = 0;
  for (std::size_t i = 0; i < data.texts.size(); ++i) {
    const Answer answer = model(data.texts[i]);
    const auto label = static_cast<std::size_t>(data.labels[i]);
    judgement.add(label, answer.best);
    double sum = 0;
    for (const float logit : answer.logits) sum += std::exp(static_cast<double>(logit - answer.logits[answer.best]));
    loss += std::log(sum) + static_cast<double>(answer.logits[answer.best] - answer.logits[label]);
    unknown += answer.known == 0 ? 1 : 0;
  }
  std::printf("%zu sentences", data.texts.size());
  if (unknown > 0) std::printf(", %zu without a word that the model knows", unknown);
  std::printf("\naccuracy %.4f\nloss     %.4f\n", judgement.accuracy(), loss / static_cast<double>(data.texts.size()));
  judgement.print_classes();
  judgement.print_confusion(100);
}

inline void info_command(const std::string& path) {
  const model_file::Reader reader(path);
  const TrainedModel model = reader.read();
  std::printf("%zu classes:", model.classes.size());
  for (const std::string& name : model.classes)
    std::printf("%s %s", &name == &model.classes.front() ? "" : ",", name.c_str());
  std::printf("\n%zu words in %lld numbers each, %lld weights\n\n", model.words.size() - 1,
              static_cast<long long>(model.model.embedding.embedding_dim()),
              static_cast<long long>(model.model.parameter_count()));
  for (const auto& [key, value] : model.metadata) {
    std::string shown = rowgrad::io::excerpt(value);
    if (shown.ends_with("...\"")) shown = "\"" + value + "\"";
    if (shown == "\"" + value + "\"" && !key.starts_with("tokenizer.")) shown = value;
    std::printf("%-24s %s\n", key.c_str(), shown.c_str());
  }
  std::printf("\n");
  for (const rowgrad::io::TensorInfo& tensor : reader.file().tensors())
    std::printf("%-36s %-5s %s\n", tensor.name.c_str(), name_of(tensor.dtype),
                model_file::text_of(tensor.shape).c_str());
}
