// What: takes the tutorial's LSTM from PyTorch, trains it further, and gives it back.
// Why:  weights travel both ways without conversion: names, shapes and results are PyTorch's.
// See:  python/from_pytorch.py and to_pytorch.py (the other side), tutorials/sentiment_lstm.hpp (the model).
#include <cstdio>
#include <rowgrad/io.hpp>

#include "tutorials/sentiment_lstm.hpp"

namespace io = rowgrad::io;

/// A model of the sizes that the file's tensors have.
SentimentLSTM model_for(const io::TensorFile& file) {
  const rowgrad::Shape table = file.shape("embedding.weight"), hidden = file.shape("lstm.weight_hh_l0"),
                       output = file.shape("fc.weight");
  if (table.rank() != 2 || hidden.rank() != 2 || output.rank() != 2)
    throw rowgrad::ShapeError("fine_tune: '" + file.path() + "' does not hold a SentimentLSTM");
  Index layers = 1;
  while (file.contains("lstm.weight_hh_l" + std::to_string(layers))) ++layers;
  SentimentLSTM model(table[0], table[1], hidden[1], output[0], layers, file.contains("lstm.weight_hh_l0_reverse"), 0.5,
                      1);
  model.load_state_dict(file);
  return model;
}

/// Prints what the model says of a few texts.
void print_logits(const char* title, SentimentLSTM& model, const Indices& texts) {
  const rowgrad::no_grad guard;
  model.eval();
  const Tensor<float> logits = model(texts);
  std::printf("%s\n", title);
  for (Index row = 0; row < logits.size(0); ++row)
    for (Index c = 0; c < logits.size(1); ++c)
      std::printf("%.9g%c", static_cast<double>(logits.matrix()(row, c)), c + 1 == logits.size(1) ? '\n' : ' ');
}

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::fprintf(stderr, "usage: fine_tune IN OUT     IN: .safetensors or .pt\n");
    return 2;
  }
  const std::string in = argv[1];
  SentimentLSTM model = model_for(in.ends_with(".pt") ? io::open_pt(in) : io::open_safetensors(in));

  Indices texts(rowgrad::Shape{4, 12}), labels(rowgrad::Shape{4});  // made up: word 7 b + 3 t + 2 at time t of text b
  for (Index b = 0; b < 4; ++b) {
    for (Index t = 0; t < 12; ++t) texts.matrix()(b, t) = (7 * b + 3 * t + 2) % model.embedding.num_embeddings();
    labels.data()[b] = b % model.fc.out_features();
  }
  print_logits("before", model, texts);

  rowgrad::manual_seed(1);
  rowgrad::optim::Adam<float> adam(model.parameters());
  model.train();
  for (int step = 0; step < 5; ++step) {
    adam.zero_grad();
    cross_entropy(model(texts), labels).backward();
    adam.step();
  }
  print_logits("after", model, texts);
  io::save_safetensors(argv[2], model.state_dict());
} catch (const std::exception& error) {
  std::fprintf(stderr, "fine_tune: %s\n", error.what());
  return 1;
}
