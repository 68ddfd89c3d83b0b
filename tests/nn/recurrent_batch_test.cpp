// LSTM, GRU and RNN over batches: lengths, the order of the samples, padding, and numbers of threads.
#include <limits>

#include <rowgrad/core/threads.hpp>

#include <support/sanitizer.hpp>

#include "recurrent_cases.hpp"

using recurrent::formula;
using recurrent::NamedList;
using recurrent::Run;
using rowgrad::Index;
using rowgrad::Tensor;

namespace {

struct Threads {
  explicit Threads(int n) : before(rowgrad::get_num_threads()) { rowgrad::set_num_threads(n); }
  ~Threads() { rowgrad::set_num_threads(before); }
  int before;
};

}  // namespace

TEST_CASE("recurrent layers: equal lengths, in full or packed, give the bits of no lengths") {
  for (const std::string line : {"layer=lstm T=5 B=4 I=3 H=7 states=h,c num_layers=2 bidirectional=1",
                                 "layer=gru T=5 B=4 I=3 H=7 states=h num_layers=2 bidirectional=1",
                                 "layer=rnn T=5 B=4 I=3 H=7 states=h bidirectional=1 batch_first=1"}) {
    CAPTURE(line);
    const auto plain = recurrent::perform<float>(line);
    CHECK(recurrent::same(recurrent::perform<float>(line + " lengths=5,5,5,5"), plain));
    auto packed = recurrent::perform<float>(line + " lengths=5,5,5,5 packed=1 seeds=h_n,c_n");
    auto states = recurrent::perform<float>(line + " seeds=h_n,c_n");
    if (Run(line).flag("batch_first")) states[0].value = states[0].value.transpose(0, 1);
    packed[0].value = packed[0].value.reshape(states[0].value.shape());
    CHECK(recurrent::same(packed, states));
  }
}

TEST_CASE("recurrent layers: each sample of a batch with lengths is as if it were alone") {
  const std::vector<Index> lengths{2, 5, 1, 5, 3};
  for (const std::string layer : {"lstm", "gru", "rnn"}) {
    CAPTURE(layer);
    const std::string line = "layer=" + layer + " I=3 H=4 states=h,c num_layers=2 bidirectional=1";
    const recurrent::Setup<double> batch(line + " T=5 B=5 lengths=2,5,1,5,3");
    const auto results = batch.forward();
    recurrent::loss(batch.run, results).backward();
    const Tensor<double> dx = recurrent::gradient(batch.x);
    std::vector<Tensor<double>> seeds;  // those of loss()
    for (const auto& result : results)
      seeds.push_back(formula<double>(result.value.shape(), 5 + static_cast<Index>(seeds.size())));
    for (Index b = 0; b < 5; ++b) {
      CAPTURE(b);
      const Index length = lengths[static_cast<std::size_t>(b)];
      const auto sample = [&](const Tensor<double>& t) { return select(t.detach(), 1, b); };
      const auto steps = [&](const Tensor<double>& t) { return slice(sample(t), 0, 0, length); };
      const recurrent::Setup<double> alone(line + " unbatched=1 T=" + std::to_string(length));
      alone.x.array() = steps(batch.x).array();
      for (std::size_t i = 0; i < alone.states.size(); ++i) alone.states[i].array() = sample(batch.states[i]).array();
      const auto own = alone.forward();
      CHECK(golden::difference(own[0].value, steps(results[0].value)) == "");
      CHECK(slice(sample(results[0].value), 0, length, 5).array().isZero(0));
      Tensor<double> loss = (own[0].value * steps(seeds[0])).sum();
      for (std::size_t i = 1; i < own.size(); ++i) {
        CHECK(golden::difference(own[i].value, sample(results[i].value)) == "");
        loss = loss + (own[i].value * sample(seeds[i])).sum();
      }
      loss.backward();
      CHECK(golden::difference(recurrent::gradient(alone.x), steps(dx), {1e-11, 1e-13}) == "");
    }
  }
}

TEST_CASE("recurrent layers: a batch in another order gives its results and gradients in that order") {
  const std::vector<Index> order{3, 0, 4, 1, 2};
  const auto moved = [&](const Tensor<double>& t) {
    std::vector<Tensor<double>> samples;
    for (const Index b : order) samples.push_back(select(t.detach(), 1, b));
    return rowgrad::stack<double>(samples, 1);
  };
  for (const std::string layer : {"lstm", "gru", "rnn"}) {
    CAPTURE(layer);
    const std::string line = "T=5 B=5 I=3 H=4 states=h,c num_layers=2 bidirectional=1 layer=" + layer;
    const recurrent::Setup<double> first(line + " lengths=2,5,1,5,3"), second(line + " lengths=5,2,3,5,1");
    second.x.array() = moved(first.x).array();
    for (std::size_t i = 0; i < first.states.size(); ++i) second.states[i].array() = moved(first.states[i]).array();
    const auto results = first.forward(), results_moved = second.forward();
    for (std::size_t i = 0; i < results.size(); ++i) {
      CHECK(golden::difference(results_moved[i].value, moved(results[i].value)) == "");
      const auto seed = formula<double>(results[i].value.shape(), 5);
      results[i].value.backward(seed, true);
      results_moved[i].value.backward(moved(seed), true);
    }
    const auto gradients = recurrent::gradients(first), gradients_moved = recurrent::gradients(second);
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      CAPTURE(gradients[i].name);
      const bool of_samples = i <= first.states.size();  // x and the states, then the weights
      CHECK(golden::difference(gradients_moved[i].value, of_samples ? moved(gradients[i].value) : gradients[i].value,
                               {1e-11, 1e-12}) == "");
    }
  }
}

TEST_CASE("recurrent layers: what stands past a length changes nothing, whatever it is") {
  const recurrent::Setup<float> setup("layer=gru T=4 B=2 I=3 H=4 lengths=2,4 bidirectional=1");
  const auto before = setup.forward();
  for (Index t = 2; t < 4; ++t)
    for (Index i = 0; i < 3; ++i) setup.x.data()[t * 6 + i] = std::numeric_limits<float>::quiet_NaN();
  const auto after = setup.forward();
  CHECK(recurrent::same(after, before));
  recurrent::loss(setup.run, after).backward();
  const Tensor<float> dx = recurrent::gradient(setup.x);
  for (Index t = 2; t < 4; ++t)
    for (Index i = 0; i < 3; ++i) CHECK(dx.data()[t * 6 + i] == 0);
  for (const auto& p : setup.layer->module().parameters()) CHECK(recurrent::gradient(p).array().isFinite().all());
}

TEST_CASE("recurrent layers: the same bits at 1, 2 and 3 threads, forward and backward") {
  for (const std::string line : {
           "layer=lstm T=12 B=32 I=50 H=96 bidirectional=1 num_layers=2",
           "layer=lstm T=6 B=200 I=20 H=70 states=h,c bidirectional=1 proj_size=33",
           "layer=lstm T=4 B=5 I=7 H=230 states=h,c",
           "layer=gru T=12 B=32 I=50 H=96 states=h bidirectional=1",
           "layer=gru T=5 B=6 I=50 H=96 bidirectional=1 lengths=5,1,3,2,5,4",
           "layer=rnn T=12 B=32 I=50 H=96 states=h bidirectional=1 num_layers=2",
       }) {
    CAPTURE(line);
    if (support::under_sanitizer && line.find("B=32") != std::string::npos) continue;  // slow under a sanitizer
    NamedList<float> one;
    for (const int threads : {1, 2, 3}) {
      CAPTURE(threads);
      const Threads guard(threads);
      const auto results = recurrent::perform<float>(line);
      if (threads == 1)
        one = results;
      else
        CHECK(recurrent::same(results, one));
    }
  }
}
