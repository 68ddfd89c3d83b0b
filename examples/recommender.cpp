// What: a recommender: a vector for each user and for each item, trained by comparing what a user took with items drawn
//       at random, and measured by recall@10.
// Why:  two tables and negative sampling are what recommendation starts with, and what it is to be measured against.
// See:  rowgrad/data/negative_sampler.hpp; Rendle et al. 2009 (BPR: the loss).
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <limits>
#include <rowgrad/rowgrad.hpp>

namespace nn = rowgrad::nn;
namespace optim = rowgrad::optim;
namespace data = rowgrad::data;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Mask;
using rowgrad::Tensor;

constexpr Index users = 1'500, items = 600, taken = 25, held_out = 5;

/// What users took. The data is made: users and items have eight hidden factors each, items are also popular or not,
/// and a user takes items with a probability in proportion to exp(user . item + popularity), each once. So it is known
/// how well anybody could recommend: as well as the factors themselves.
struct Interactions {
  Indices user, item;     // (n), (n): to train with
  Mask seen, later;       // (users, items): the same, and what is held out
  Tensor<float> factors;  // (users, items): the scores that the data was made from

  static Interactions make() {
    const Index hidden = 8;
    const auto popularity = rowgrad::randn({items}) * 0.7F;
    const auto preference =
        matmul(rowgrad::randn({users, hidden}), rowgrad::randn({hidden, items})) * 0.6F + popularity;
    // The largest of the logits with Gumbel noise are draws without replacement.
    const auto noise = -log(-log(rowgrad::rand({users, items}).clamp(1e-7F, 1.F - 1e-7F)));
    const Indices drawn = topk(preference + noise, taken, 1).indices;  // (users, taken)
    const Indices later = drawn.slice(1, 0, taken, taken / held_out);  // every fifth
    const Mask none = rowgrad::zeros<bool>({users, items});
    const Mask held = none.scatter(1, later, true), seen = none.scatter(1, drawn, true) & ~held;
    const Indices pairs = seen.nonzero();  // (n, 2)
    return {pairs.select(1, 0), pairs.select(1, 1), seen, held, preference};
  }
};

/// The share of the items held out that are among the ten best-scored of those that a user has not taken.
double recall_at_10(const Tensor<float>& scores, const Interactions& data) {
  const rowgrad::no_grad guard;
  const auto best = topk(scores.masked_fill(data.seen, -std::numeric_limits<float>::infinity()), 10, 1).indices;
  return static_cast<double>(data.later.gather(1, best).sum().item()) / static_cast<double>(users * held_out);
}

struct Recommender : nn::Module<float, Recommender> {
  nn::Embedding<float> user_table, item_table, item_bias;

  explicit Recommender(Index dimension)
      : user_table(users, dimension), item_table(items, dimension), item_bias(items, 1) {
    nn::init::normal_(user_table.weight, 0, 0.1F);
    nn::init::normal_(item_table.weight, 0, 0.1F);
    nn::init::normal_(item_bias.weight, 0, 0.1F);
  }

  /// user (B), item (B, K) to scores (B, K).
  Tensor<float> forward(const Indices& user, const Indices& item) const {
    return (bmm(item_table(item), user_table(user).unsqueeze(2)) + item_bias(item)).squeeze(2);
  }

  /// All items for all users.
  Tensor<float> scores() const {
    const rowgrad::no_grad guard;
    return matmul(user_table.weight, item_table.weight.t()) + item_bias.weight.t();
  }

  void members(nn::Members<float>& m) override {
    m("user_table", user_table)("item_table", item_table)("item_bias", item_bias);
  }
};

/// One line that is written over and over, on the standard error where that is a terminal.
class Progress {
 public:
  void show(int epoch, Index batch, Index batches, double loss) {
    if (!visible_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds(100) && batch != batches) return;
    last_ = now;
    std::fprintf(stderr, "\repoch %2d, %3td %%: loss %.4f ", epoch, 100 * batch / batches, loss);
    if (batch == batches) std::fprintf(stderr, "\r%40s\r", "");
  }

 private:
  bool visible_ = isatty(STDERR_FILENO) != 0;
  std::chrono::steady_clock::time_point last_;
};

int main() {
  rowgrad::manual_seed(1);
  const auto interactions = Interactions::make();
  const auto popularity = interactions.seen.to<float>().sum(0).unsqueeze(0).expand(users, items);
  std::printf("%td users, %td items, %td pairs to train with\n", users, items, interactions.user.numel());
  std::printf("the ten most popular         recall@10 %.3f\n", recall_at_10(popularity, interactions));
  std::printf("what the data was made from  recall@10 %.3f\n", recall_at_10(interactions.factors, interactions));

  Recommender model(16);
  optim::Adam<float> adam(model.parameters(), {.lr = 5e-3, .weight_decay = 1e-4});
  const data::DataLoader loader(data::TensorDataset(interactions.user, interactions.item),
                                {.batch_size = 256, .shuffle = true});
  const data::NegativeSampler sampler(items);
  const data::Positives positives(interactions.user, interactions.item);
  Progress progress;
  for (int epoch = 1; epoch <= 15; ++epoch) {
    double loss_sum = 0;
    Index batch = 0;
    for (const auto& [user, item] : loader) {
      // Each pair is to score higher than eight items that the user did not take.
      const Indices negative = sampler.excluding(user, positives, 8);
      const auto difference = model(user, item.unsqueeze(1)) - model(user, negative);
      const auto loss = -logsigmoid(difference).mean();
      adam.zero_grad();
      loss.backward();
      adam.step();
      loss_sum += static_cast<double>(loss.item());
      ++batch;
      progress.show(epoch, batch, loader.size(), loss_sum / static_cast<double>(batch));
    }
    if (epoch % 3 == 0)
      std::printf("epoch %2d: loss %.3f,         recall@10 %.3f\n", epoch,
                  loss_sum / static_cast<double>(loader.size()), recall_at_10(model.scores(), interactions));
  }
}
