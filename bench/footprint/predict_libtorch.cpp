// What: examples/predict.cpp's model in libtorch: sentences in, classes and probabilities out.
// Why:  what the same program costs there.
// See:  ../predict_latency.sh, which builds and runs it. Sentences are cut at spaces alone.
#include <torch/torch.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <unordered_map>

int main(int, char** argv) {
  torch::set_num_threads(1);
  const c10::InferenceMode guard;
  std::ifstream in(argv[1], std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto weights = torch::pickle_load(bytes).toGenericDict();
  const auto weight = [&](const char* name) { return weights.at(name).toTensor(); };
  const auto lines = [&](const char* name) {
    const torch::Tensor text = weight(name).contiguous();
    std::istringstream stream(
        std::string(static_cast<const char*>(text.data_ptr()), static_cast<std::size_t>(text.numel())));
    std::vector<std::string> result;
    for (std::string line; std::getline(stream, line);) result.push_back(line);
    return result;
  };
  std::unordered_map<std::string, std::int64_t> rows;
  for (const std::string& word : lines("words")) rows.emplace(word, static_cast<std::int64_t>(rows.size()));
  const std::vector<std::string> classes = lines("classes");
  const torch::Tensor table = weight("embedding.weight"), fc = weight("encoder.fc.weight"),
                      fc_bias = weight("encoder.fc.bias"), output = weight("output.weight"),
                      output_bias = weight("output.bias");
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<std::int64_t> ids;
    std::istringstream words(line);
    for (std::string word; words >> word;)
      if (const auto row = rows.find(word); row != rows.end()) ids.push_back(row->second);
    const torch::Tensor mean = torch::embedding(table, torch::tensor(ids).unsqueeze(0)).mean(1);
    const torch::Tensor p =
        torch::softmax(torch::linear(torch::relu(torch::linear(mean, fc, fc_bias)), output, output_bias), 1);
    const std::int64_t best = p.argmax(1).item<std::int64_t>();
    std::printf("%s\t%.4f\t%s\n", classes[static_cast<std::size_t>(best)].c_str(), p[0][best].item<float>(),
                line.c_str());
    if (std::cin.rdbuf()->in_avail() == 0) std::fflush(stdout);
  }
}
