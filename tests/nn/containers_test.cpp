// ModuleList, ModuleDict, ParameterList, named Sequential, AnyModule, and the walks through a model's modules.
#include <doctest/doctest.h>

#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/nn/activation.hpp>
#include <rowgrad/nn/containers.hpp>
#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/nn/linear.hpp>
#include <rowgrad/nn/recurrent.hpp>
#include <rowgrad/nn/sequential.hpp>
#include <rowgrad/optim/sgd.hpp>

namespace nn = rowgrad::nn;
using rowgrad::Index;
using rowgrad::IndexError;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;
using Names = std::vector<std::string>;

namespace {

template <typename M>
Names module_names(const M& model) {
  Names names;
  for (const auto& one : model.named_modules()) names.push_back(one.name);
  return names;
}

struct Block : nn::Module<float, Block> {
  nn::Linear<float> fc{3, 3};
  Tensor<float> forward(const Tensor<float>& x, const Tensor<float>& residual) const { return fc(x) + residual; }
  void members(nn::Members<float>& m) override { m("fc", fc); }
};

struct Model : nn::Module<float, Model> {
  nn::ParameterList<float> p;
  nn::ModuleDict<float> d{{"a", nn::Linear<float>(2, 2)},
                          {"b", nn::ModuleList<float>(nn::Sequential<float>{nn::ReLU<float>(), nn::Tanh<float>()},
                                                      nn::Sequential<float>{nn::ReLU<float>(), nn::Tanh<float>()})}};
  Model() {
    p.append(rowgrad::ones({2, 3}));
    p.append(nn::Parameter<float>(rowgrad::ones({}), false));
  }
  void members(nn::Members<float>& m) override { m("p", p)("d", d); }
};

}  // namespace

TEST_CASE("containers: printed, named and walked as PyTorch's") {
  Model model;
  CHECK(model.to_string() ==
        "Model(\n"
        "  (p): ParameterList(\n"
        "      (0): Parameter containing: [torch.float32 of size 2x3]\n"
        "      (1): Parameter containing: [torch.float32 of size ]\n"
        "  )\n"
        "  (d): ModuleDict(\n"
        "    (a): Linear(in_features=2, out_features=2, bias=True)\n"
        "    (b): ModuleList(\n"
        "      (0-1): 2 x Sequential(\n"
        "        (0): ReLU()\n"
        "        (1): Tanh()\n"
        "      )\n"
        "    )\n"
        "  )\n"
        ")");
  CHECK(module_names(model) ==
        Names{"", "p", "d", "d.a", "d.b", "d.b.0", "d.b.0.0", "d.b.0.1", "d.b.1", "d.b.1.0", "d.b.1.1"});
  CHECK(model.state_dict().names() == Names{"p.0", "p.1", "d.a.weight", "d.a.bias"});
  CHECK(model.children().size() == 2);
  CHECK(model.named_children()[1].name == "d");
  CHECK(model.modules().front() == &model);
  int linears = 0;
  for (nn::Module<float>* module : model.modules())
    if (auto* fc = dynamic_cast<nn::Linear<float>*>(module)) {
      fc->weight.array() = 7;
      ++linears;
    }
  CHECK(linears == 1);
  CHECK(model.d["a"].as<nn::Linear<float>>().weight.data()[0] == 7);
  nn::ModuleList<float> list{nn::Linear<float>(3, 3), nn::Linear<float>(3, 3), nn::Linear<float>(3, 3),
                             nn::ReLU<float>(), nn::Linear<float>(3, 3)};
  CHECK(list.to_string() ==
        "ModuleList(\n"
        "  (0-2): 3 x Linear(in_features=3, out_features=3, bias=True)\n"
        "  (3): ReLU()\n"
        "  (4): Linear(in_features=3, out_features=3, bias=True)\n"
        ")");
  CHECK(nn::ModuleList<float>().to_string() == "ModuleList()");
  CHECK(nn::ParameterList<float>().to_string() == "ParameterList()");
  CHECK(nn::ParameterList<float>({rowgrad::ones({2, 3})}).to_string() ==
        "ParameterList(  (0): Parameter containing: [torch.float32 of size 2x3])");
}

TEST_CASE("ModuleList: layers of any type are called, changed and trained") {
  nn::ModuleList<float> layers{nn::Linear<float>(3, 4), nn::ReLU<float>()};
  layers.append(nn::Linear<float>(4, 2)).insert(-1, nn::Tanh<float>());
  CHECK(layers.size() == 4);
  CHECK(layers[2]->type_name() == "Tanh");
  CHECK(layers[-1].as<nn::Linear<float>>().out_features() == 2);
  CHECK(layers[0].is<nn::Linear<float>>());
  CHECK_THROWS_WITH_AS(layers[1].as<nn::Linear<float>>(), "AnyModule: asked for a Linear, but it is a ReLU",
                       ValueError);
  CHECK_THROWS_WITH_AS(layers[4], "ModuleList: there is no layer 4 among 4", IndexError);
  CHECK_THROWS_AS(layers[-5], IndexError);
  Tensor<float> x = rowgrad::ones({2, 3});
  for (const auto& layer : layers) x = layer(x);
  CHECK(x.shape() == Shape{2, 2});
  x.sum().backward();
  rowgrad::optim::SGD<float> sgd(layers.parameters(), {.lr = 1});
  const auto bias = layers[3].as<nn::Linear<float>>().bias.to_vector();
  sgd.step();
  CHECK(layers[3].as<nn::Linear<float>>().bias.data()[0] == bias[0] - 2);
  const nn::ModuleList<float> copy = layers;
  layers[3].as<nn::Linear<float>>().bias.array() = 0;
  CHECK(copy[3].as<nn::Linear<float>>().bias.data()[0] == bias[0] - 2);
  const Tensor<float> handle = layers.parameters()[0];
  layers = copy;
  CHECK(&layers.parameters()[0].body() == &handle.body());
  layers.extend(layers);
  CHECK(layers.size() == 8);
  layers[0] = nn::Identity<float>();
  CHECK(layers[0](handle).data() == handle.data());
  // what gives no tensor can be held, too, and is reached by its type
  nn::ModuleList<float> mixed{nn::LSTM<float>(3, 2), nn::Embedding<float>(5, 3)};
  CHECK(mixed[0].as<nn::LSTM<float>>()(rowgrad::ones({4, 3})).output.shape() == Shape{4, 2});
  CHECK_THROWS_AS(mixed[0](x), ShapeError);
  CHECK(mixed[1](Indices{1, 2}).shape() == Shape{2, 3});
  layers.eval();
  CHECK(!layers[2]->training());
}

TEST_CASE("ModuleList: layers of one type of one's own") {
  struct Stack : nn::Module<float, Stack> {
    nn::ModuleList<float, Block> blocks;
    Stack() {
      for (int i = 0; i < 3; ++i) blocks.append(Block());
      blocks[2].fc.weight = blocks[0].fc.weight;  // the first and the last are tied
    }
    Tensor<float> forward(const Tensor<float>& x) const {
      Tensor<float> y = x;
      for (const Block& block : blocks) y = block(y, x);
      return y;
    }
    void members(nn::Members<float>& m) override { m("blocks", blocks); }
  };
  Stack stack;
  CHECK(stack(rowgrad::ones({2, 3})).shape() == Shape{2, 3});
  CHECK(stack.state_dict().names() == Names{"blocks.0.fc.weight", "blocks.0.fc.bias", "blocks.1.fc.weight",
                                            "blocks.1.fc.bias", "blocks.2.fc.weight", "blocks.2.fc.bias"});
  CHECK(stack.parameters().size() == 5);
  const Stack copy = stack;
  CHECK(copy.parameters().size() == 5);
  CHECK(copy.blocks[2].fc.weight.data() == copy.blocks[0].fc.weight.data());
  CHECK(copy.blocks[2].fc.weight.data() != stack.blocks[0].fc.weight.data());
  CHECK(copy(rowgrad::ones({2, 3})).to_vector() == stack(rowgrad::ones({2, 3})).to_vector());
}

TEST_CASE("ModuleDict: by name, in order") {
  nn::ModuleDict<float> dict{{"fc", nn::Linear<float>(3, 4)}, {"act", nn::ReLU<float>()}};
  CHECK(dict.keys() == Names{"fc", "act"});
  CHECK(dict.contains("act"));
  CHECK(dict["fc"](rowgrad::ones({2, 3})).shape() == Shape{2, 4});
  CHECK_THROWS_WITH_AS(dict["none"], "ModuleDict: there is no layer 'none'", IndexError);
  dict.insert("out", nn::Linear<float>(4, 1)).insert("act", nn::Tanh<float>());
  CHECK(dict.keys() == Names{"fc", "act", "out"});
  CHECK(dict["act"]->type_name() == "Tanh");
  CHECK(dict.state_dict().names() == Names{"fc.weight", "fc.bias", "out.weight", "out.bias"});
  std::string order;
  for (const auto& [name, layer] : dict) order += name + " " + layer->type_name() + " ";
  CHECK(order == "fc Linear act Tanh out Linear ");
  const nn::ModuleDict<float> copy = dict;
  dict["fc"].as<nn::Linear<float>>().weight.array() = 1;
  CHECK(copy["fc"].as<nn::Linear<float>>().weight.data()[0] != 1);
  const Tensor<float> handle = dict.parameters()[0];
  dict = copy;
  CHECK(&dict.parameters()[0].body() == &handle.body());
  CHECK(dict.pop("out").is<nn::Linear<float>>());
  CHECK(dict.size() == 2);
  dict.clear();
  CHECK(dict.size() == 0);
  CHECK_THROWS_WITH_AS(dict.insert("a.b", nn::ReLU<float>()), doctest::Contains("has no '.'"), ValueError);
  CHECK_THROWS_AS(dict.insert("", nn::ReLU<float>()), ValueError);
  const auto twice = [] { return nn::ModuleDict<float>{{"a", nn::ReLU<float>()}, {"a", nn::ReLU<float>()}}; };
  CHECK_THROWS_WITH_AS(twice(), "ModuleDict: 'a' names two layers", ValueError);
}

TEST_CASE("ParameterList: trained, copied deeply, tied in a copy") {
  nn::ParameterList<float> list({rowgrad::ones({2}), rowgrad::zeros({3})});
  CHECK(list.parameters().size() == 2);
  CHECK(list[-1].shape() == Shape{3});
  CHECK_THROWS_AS(list[2], IndexError);
  list.append(rowgrad::ones({2}));
  list[2] = list[0];
  CHECK(list.parameters().size() == 2);
  const nn::ParameterList<float> copy = list;
  CHECK(copy[2].data() == copy[0].data());
  CHECK(copy[0].data() != list[0].data());
  list[0].data()[0] = 5;
  CHECK(list[2].data()[0] == 5);
  CHECK(copy[0].data()[0] == 1);
  Tensor<float> sum = rowgrad::zeros({});
  for (const auto& p : list) sum = sum + p.sum();
  sum.backward();
  CHECK(list[0].grad().dense().to_vector() == std::vector<float>{2, 2});
}

TEST_CASE("Sequential: by position and by name") {
  nn::Sequential<float> model{{"embedding", nn::Embedding<float>(5, 3)}, {"fc", nn::Linear<float>(3, 2)}};
  CHECK(model(Indices{1, 4}).shape() == Shape{2, 2});
  CHECK(model.state_dict().names() == Names{"embedding.weight", "fc.weight", "fc.bias"});
  CHECK(model[0](Indices{1, 4}).shape() == Shape{2, 3});
  CHECK(model["fc"].as<nn::Linear<float>>().weight.shape() == Shape{2, 3});
  CHECK(model[-1]->parameters().size() == 2);
  CHECK_THROWS_WITH_AS(model[2], "Sequential: there is no layer 2 among 2", IndexError);
  CHECK_THROWS_AS(model["relu"], IndexError);
  model.add_module("relu", nn::ReLU<float>()).append(nn::Tanh<float>());
  CHECK(model.size() == 4);
  CHECK(module_names(model) == Names{"", "embedding", "fc", "relu", "3"});
  CHECK_THROWS_AS(model.add_module("fc", nn::ReLU<float>()), ValueError);
  const nn::Sequential<float> copy = model;
  CHECK(copy.to_string() == model.to_string());
  int count = 0;
  for (const auto& layer : copy) count += static_cast<int>(layer->parameters().size());
  CHECK(count == 3);
  model[1] = nn::Linear<float>(3, 7);
  CHECK(model(Indices{1}).shape() == Shape{1, 7});
  CHECK(copy(Indices{1}).shape() == Shape{1, 2});
  // weights are those that PyTorch draws for layers made in this order
  rowgrad::manual_seed(1);
  const nn::Sequential<float> named{{"a", nn::Linear<float>(3, 4)}, {"b", nn::Linear<float>(4, 2)}};
  rowgrad::manual_seed(1);
  const nn::Linear<float> a(3, 4), b(4, 2);
  CHECK(named[0].as<nn::Linear<float>>().weight.to_vector() == a.weight.to_vector());
  CHECK(named[1].as<nn::Linear<float>>().weight.to_vector() == b.weight.to_vector());
}
