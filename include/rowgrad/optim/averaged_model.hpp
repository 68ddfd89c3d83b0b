// What: AveragedModel, a copy of a model whose weights are averages of the model's: exponential, or the mean.
// Why:  averages often generalise better than the last weights; those of a table should cost the rows that changed.
// See:  deferred/averaged_table.hpp; PyTorch torch.optim.swa_utils; Polyak and Juditsky 1992, Izmailov et al. 2018.
#pragma once

#include <memory>
#include <optional>

#include <rowgrad/core/state_dict.hpp>
#include <rowgrad/machine/finite.hpp>
#include <rowgrad/optim/deferred/averaged_table.hpp>

namespace rowgrad::optim {

/// How weights are averaged.
using Averaging = detail::Averaging;

/// PyTorch: swa_utils.get_ema_multi_avg_fn. ValueError for a decay outside [0, 1].
inline Averaging get_ema_multi_avg_fn(double decay = 0.999) {
  if (!(decay >= 0 && decay <= 1))
    rowgrad::detail::raise<ValueError>("get_ema_multi_avg_fn: expected a decay in [0, 1], got ", decay);
  return {decay};
}
/// PyTorch: swa_utils.get_ema_avg_fn.
inline Averaging get_ema_avg_fn(double decay = 0.999) { return get_ema_multi_avg_fn(decay); }
/// PyTorch: swa_utils.get_swa_multi_avg_fn.
inline Averaging get_swa_multi_avg_fn() noexcept { return {-1, true}; }
/// PyTorch: swa_utils.get_swa_avg_fn.
inline Averaging get_swa_avg_fn() noexcept { return {}; }

struct AveragedModelOptions {
  std::optional<Averaging> avg_fn = {};        // this or
  std::optional<Averaging> multi_avg_fn = {};  // that, which mean the same here; default: the mean
  bool use_buffers = false;                    // average buffers as well; otherwise they are copied
};

/// A copy of the model, `module`, with averages for weights:
///
///     optim::AveragedModel averaged(model, {.multi_avg_fn = optim::get_ema_multi_avg_fn(0.999)});
///     ... optimizer.step();
///         averaged.update_parameters(model);
///     averaged.module.eval();
///     averaged(x);
///
/// An update costs a table nothing while it is trained by an optimizer under which rows stand still that were not
/// looked up (SGD without momentum and decay, Adagrad, RowwiseAdagrad, SparseAdam, anything lazy): a row's average is
/// made up for before the row changes and when it is read, exactly but for rounding. Under optimizers that move rows at
/// rest (Adam) an update visits the whole table, as a dense one does. The model must not be written to through pointers
/// that were taken before the last update. Moved, not copied. PyTorch: swa_utils.AveragedModel.
template <typename Model>
class AveragedModel {
 public:
  using Scalar = typename Model::Scalar;
  Model module;

  /// ValueError when both avg_fn and multi_avg_fn are given, or for a decay above 1.
  explicit AveragedModel(const Model& model, const AveragedModelOptions& options = {})
      : module(model), use_buffers_(options.use_buffers) {
    if (options.avg_fn && options.multi_avg_fn)
      throw ValueError("AveragedModel: expected one of avg_fn and multi_avg_fn, got both");
    const Averaging averaging = options.avg_fn.value_or(options.multi_avg_fn.value_or(Averaging()));
    if (rowgrad::detail::is_nan(averaging.decay) || averaging.decay > 1)
      rowgrad::detail::raise<ValueError>("AveragedModel: expected a decay of at most 1, got ", averaging.decay);
    const auto sources = model.parameters(), averages = module.parameters();
    for (std::size_t k = 0; k < sources.size(); ++k)
      tables_.push_back(std::make_unique<Table>(sources[k], averages[k], averaging));
    if (use_buffers_)
      for_each_buffer(model, [&](const Tensor<Scalar>& source, const Tensor<Scalar>& average) {
        buffers_.push_back(std::make_unique<Table>(source, average, averaging));
      });
  }
  AveragedModel(AveragedModel&&) = default;
  AveragedModel& operator=(AveragedModel&&) = delete;

  /// Takes the model's weights into the averages; call it after the optimizer's step. The first time they are copied.
  /// ShapeError for a model of another structure.
  void update_parameters(const Model& model) {
    const auto sources = model.parameters();
    if (sources.size() != tables_.size())
      rowgrad::detail::raise<ShapeError>("AveragedModel: expected a model of ", tables_.size(), " parameters, got ",
                                         sources.size());
    for (std::size_t k = 0; k < sources.size(); ++k)
      if (sources[k].shape() != tables_[k]->average().shape())
        rowgrad::detail::raise<ShapeError>("AveragedModel: parameter ", k, " has shape ", sources[k].shape(),
                                           ", its average ", tables_[k]->average().shape(),
                                           " (after add_rows(), make a new AveragedModel)");
    for (std::size_t k = 0; k < sources.size(); ++k) tables_[k]->update(sources[k]);
    std::size_t i = 0;
    if (use_buffers_)
      for_each_buffer(model,
                      [&](const Tensor<Scalar>& source, const Tensor<Scalar>&) { buffers_[i++]->update(source); });
    copy_buffers(model);
    ++n_averaged_;
  }

  /// Updates so far.
  Index n_averaged() const noexcept { return n_averaged_; }
  /// The module's weights are averages of so many values: when they have been loaded.
  void set_n_averaged(Index count) noexcept {
    n_averaged_ = count;
    for (const auto& list : {&tables_, &buffers_})
      for (const auto& table : *list) table->restart(count);
  }

  /// What the module makes of them.
  template <typename... Arguments>
  decltype(auto) operator()(Arguments&&... arguments) {
    return module(std::forward<Arguments>(arguments)...);
  }
  template <typename... Arguments>
  decltype(auto) forward(Arguments&&... arguments) {
    return module.forward(std::forward<Arguments>(arguments)...);
  }
  auto parameters() const { return module.parameters(); }
  void train(bool mode = true) { module.train(mode); }
  void eval() { module.eval(); }

  /// n_averaged, then the averages as "module.<name>", all rows up to date: handles. PyTorch: state_dict().
  StateDict state_dict() const {
    StateDict state;
    state.append("n_averaged", Tensor<Index>(n_averaged_));
    for (const auto& [name, tensor] : module.state_dict()) state.append("module." + name, tensor);
    return state;
  }
  /// Takes averages from such a state. Throws as Module::load_state_dict does; ValueError without n_averaged.
  void load_state_dict(const StateDict& state) {
    const Index taken = state.as<Index>("n_averaged").item();
    if (taken < 0) rowgrad::detail::raise<ValueError>("AveragedModel: expected n_averaged >= 0, got ", taken);
    StateDict weights;
    for (const auto& [name, tensor] : state)
      if (name.starts_with("module.")) weights.append(name.substr(7), tensor);
    module.load_state_dict(weights);
    set_n_averaged(taken);
  }

 private:
  using Table = detail::AveragedTable<Scalar>;

  /// f(of the model, of the average) for buffers that have something to average.
  template <typename F>
  void for_each_buffer(const Model& model, const F& f) const {
    const auto sources = model.named_buffers(), averages = module.named_buffers();
    for (std::size_t k = 0; k < sources.size(); ++k)
      if (sources[k].buffer.defined() && sources[k].buffer.template is<Scalar>())
        f(sources[k].buffer.template as<Scalar>(), averages[k].buffer.template as<Scalar>());
  }
  void copy_buffers(const Model& model) const {
    const auto sources = model.named_buffers(), averages = module.named_buffers();
    for (std::size_t k = 0; k < sources.size(); ++k) {
      const AnyTensor& from = sources[k].buffer;
      const AnyTensor& to = averages[k].buffer;
      if (!from.defined() || (use_buffers_ && from.template is<Scalar>())) continue;
      const Index count = from.shape().numel();
      if (to.shape() != from.shape())
        rowgrad::detail::raise<ShapeError>("AveragedModel: buffer '", sources[k].name, "' has shape ", from.shape(),
                                           ", its copy ", to.shape());
      if (count > 0) std::memcpy(to.data(), from.data(), static_cast<std::size_t>(count) * from.scalar_size());
    }
  }

  std::vector<std::unique_ptr<Table>> tables_, buffers_;
  bool use_buffers_;
  Index n_averaged_ = 0;
};

namespace swa_utils {  // PyTorch's module of that name
using optim::AveragedModel;
using optim::get_ema_avg_fn;
using optim::get_ema_multi_avg_fn;
using optim::get_swa_avg_fn;
using optim::get_swa_multi_avg_fn;
}  // namespace swa_utils

}  // namespace rowgrad::optim
