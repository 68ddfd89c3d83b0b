// Memory of training steps over a large table: what is resident beyond the table and Adam's state?
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

#include <rowgrad/functional/activation.hpp>
#include <rowgrad/functional/loss.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/nn/linear.hpp>
#include <rowgrad/optim/adam.hpp>

using namespace rowgrad;

double resident_megabytes() {
  long pages = 0, resident = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

// Steps of mean pooling, 64 sentences of 50 words; ids fresh every step. argument: rows of the table
int main(int argc, char** argv) {
  const Index rows = argc > 1 ? std::atoll(argv[1]) : 400'000, columns = 100,
              steps = argc > 2 ? std::atoll(argv[2]) : 3000;
  const double before = resident_megabytes();
  manual_seed(1);
  nn::Embedding<float> embedding(rows, columns);
  nn::Linear<float> fc(columns, 256), output(256, 2);
  std::vector<Tensor<float>> parameters = embedding.parameters();
  for (const nn::Module<float>* layer : {&fc, &output})
    for (const Tensor<float>& parameter : layer->parameters()) parameters.push_back(parameter);
  optim::Adam<float> adam(parameters);
  const Indices labels = randint(2, {64});
  for (Index step = 0; step < steps; ++step) {
    adam.zero_grad();
    cross_entropy(output(relu(fc(embedding(randint(rows, {64, 50})).mean(1)))), labels).backward();
    adam.step();
  }
  const double megabyte = 1e6, table = static_cast<double>(rows * columns) * sizeof(float) / megabyte,
               state = 2 * table + static_cast<double>(rows) * sizeof(std::uint16_t) / megabyte;
  std::printf(
      "V=%lld, %lld steps: resident %.1f MB; table %.1f, two moments and a clock per row %.1f, beyond them %.1f MB\n",
      static_cast<long long>(rows), static_cast<long long>(steps), resident_megabytes() - before, table, state,
      resident_megabytes() - before - table - state);
}
