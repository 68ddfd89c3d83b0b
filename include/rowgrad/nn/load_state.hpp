// What: how values of a state come into a module's tensors: what is checked, and what is copied or shared.
// Why:  a state of another model must be refused as a whole, with everything that is wrong with it in one message.
// See:  module.hpp (load_state_dict); core/state_dict.hpp (TensorSource); PyTorch Module.load_state_dict.
#pragma once

#include <functional>
#include <utility>

#include <rowgrad/core/state_dict.hpp>

namespace rowgrad::nn {

struct LoadStateOptions {
  /// Whether names that only the module or only the state has are an error.
  bool strict = true;
  /// Share the state's memory instead of copying its values, where the scalar types agree: a table of an open file is
  /// then read row by row, as rows are looked up, and can be trained without changing the file. Parameters stay the
  /// same tensors, and optimizers go on with them.
  bool assign = false;
  /// The name that the module has for a tensor of the state; "" leaves the tensor out. Default: the same.
  std::function<std::string(const std::string&)> rename = {};
};

/// What load_state_dict() skipped when it was not strict; both in order. PyTorch's name.
struct IncompatibleKeys {
  std::vector<std::string> missing_keys;     // of the module, not in the state
  std::vector<std::string> unexpected_keys;  // in the state, not of the module
};

/// For LoadStateOptions::rename: takes `prefix` away where a name begins with it. DataParallel saves
/// "module.fc.weight":
///     model.load_state_dict(file, {.rename = nn::strip_prefix("module.")});
inline std::function<std::string(const std::string&)> strip_prefix(std::string prefix) {
  return [prefix = std::move(prefix)](const std::string& name) {
    return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
  };
}

/// The same for parts of names: each first text becomes the second, wherever it stands, one pair after the other.
///     {.rename = nn::replace_in_names({{"bert.", ""}, {"LayerNorm.gamma", "norm.weight"}})}
inline std::function<std::string(const std::string&)> replace_in_names(
    std::vector<std::pair<std::string, std::string>> pairs) {
  return [pairs = std::move(pairs)](std::string name) {
    for (const auto& [from, to] : pairs)
      for (std::size_t at = 0; !from.empty() && (at = name.find(from, at)) != std::string::npos; at += to.size())
        name.replace(at, from.size(), to);
    return name;
  };
}

namespace load_state {

/// One load_state_dict(): everything is checked by the constructor, and apply() cannot fail.
template <TensorSource Source>
class StateLoader {
 public:
  /// ValueError that names everything which does not fit. `module` names the type, for messages.
  StateLoader(const std::string& module, const StateDict& targets, const Source& source,
              const LoadStateOptions& options)
      : targets_(targets), source_(source), options_(options) {
    match_names();
    find_tied();
    for (const auto& [name, tensor] : targets_) {
      const std::string* from = found(name);
      if (from == nullptr) from = found(giver_of(name));
      if (from == nullptr)
        skipped_.missing_keys.push_back(name);
      else
        check(name, tensor, *from);
    }
    std::string text;
    if (options_.strict) {
      for (const std::string& name : skipped_.missing_keys)
        text += concat("\n  missing: '", name, "', ", targets_[name].shape());
      for (const std::string& name : skipped_.unexpected_keys)
        text += concat("\n  unexpected: '", name, "', ", text_of(source_.sizes(name)));
    }
    text += problems_;
    if (!text.empty())
      throw ValueError(concat(module, "::load_state_dict: the state", place(), " does not fit the model", hint(),
                              ". Nothing was changed.", text));
  }

  IncompatibleKeys apply() {
    for (const auto& [name, tensor] : targets_) {
      const std::string& giver = giver_of(name);
      const std::string* const from = found(giver);
      if (from == nullptr) continue;
      detail::with_scalar(tensor.scalar_type(), [&, &target = tensor, &name = name](auto scalar) {
        using U = decltype(scalar);
        const Tensor<U>& values = target.template as<U>();
        if (options_.assign && assigned_.contains(giver))
          share(values, assigned_.as<U>(giver));
        else if (options_.assign)
          share(values, converted_.contains(name) ? converted_.as<U>(name) : source_.template view<U>(*from)),
              assigned_.append(giver, target);
        else if (converted_.contains(name))
          std::copy_n(converted_.as<U>(name).data(), values.numel(), values.data());
        else
          source_.template read_to<U>(*from, values.data());  // data() has the updates owed to rows made first
      });
    }
    return std::move(skipped_);
  }

 private:
  template <typename... Pieces>
  static std::string concat(const Pieces&... pieces) {
    return detail::concat(pieces...);
  }

  /// Under which name of the state each target is; by way of rename.
  void match_names() {
    for (const std::string& name : source_.names()) {
      std::string renamed = options_.rename ? options_.rename(name) : name;
      if (renamed.empty()) continue;
      if (targets_.contains(renamed))
        from_.emplace_back(std::move(renamed), name);
      else
        skipped_.unexpected_keys.push_back(name);
    }
    std::stable_sort(from_.begin(), from_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 1; i < from_.size(); ++i)
      if (from_[i].first == from_[i - 1].first)
        problems_ += concat("\n  '", from_[i - 1].second, "' and '", from_[i].second, "' are both renamed to '",
                            from_[i].first, "'");
  }

  /// The state's name for a target; null when it has none.
  const std::string* found(const std::string& name) const {
    const auto place =
        std::lower_bound(from_.begin(), from_.end(), name,
                         [](const auto& pair, const std::string& wanted) { return pair.first < wanted; });
    return place != from_.end() && place->first == name ? &place->second : nullptr;
  }

  /// Tensors with the same memory under several names: the first that the state has gives all of them their values.
  void find_tied() {
    struct Place {
      const void* memory;
      Index numel;
      const std::string* name;
      bool operator<(const Place& other) const {
        if (memory != other.memory) return std::less<>()(memory, other.memory);
        return numel < other.numel;
      }
    };
    std::vector<Place> places;
    for (const auto& [name, tensor] : targets_)
      if (const Index numel = tensor.shape().numel(); numel > 0) places.push_back({memory_of(tensor), numel, &name});
    std::stable_sort(places.begin(), places.end());
    for (std::size_t first = 0, end = 0; first < places.size(); first = end) {
      const std::string* given = nullptr;
      for (end = first; end < places.size() && !(places[first] < places[end]); ++end)
        if (given == nullptr && found(*places[end].name) != nullptr) given = places[end].name;
      if (given == nullptr || end == first + 1) continue;
      for (std::size_t i = first; i < end; ++i) tied_.emplace_back(*places[i].name, *given);
    }
  }
  /// Without settling anything.
  static const void* memory_of(const AnyTensor& tensor) {
    const void* memory = nullptr;
    detail::with_scalar(tensor.scalar_type(),
                        [&](auto scalar) { memory = tensor.template as<decltype(scalar)>().body().data; });
    return memory;
  }

  /// The name that gives a target its values: another's, if it is tied to it.
  const std::string& giver_of(const std::string& name) const {
    for (const auto& [tied, giver] : tied_)
      if (tied == name) return giver;
    return name;
  }
  const std::string& giver_of(std::string&&) const = delete;  // the result may be the argument

  void check(const std::string& name, const AnyTensor& target, const std::string& from) {
    const std::vector<Index> sizes = source_.sizes(from);
    const Shape& shape = target.shape();
    const std::string called =
        from == name ? concat("'", name, "'") : concat("'", name, "' (in the state '", from, "')");
    if (!std::equal(sizes.begin(), sizes.end(), shape.begin(), shape.end())) {
      problems_ += concat("\n  ", called, " has shape ", text_of(sizes), " in the state, expected ", shape);
      return;
    }
    const bool known = detail::with_scalar(target.scalar_type(), [&](auto scalar) {
      using U = decltype(scalar);
      if (!source_.template reads_as<U>(from)) {
        problems_ += concat("\n  ", called, " holds ", source_.type_name(from), " in the state, expected ",
                            detail::scalar_name<U>());
        return;
      }
      try {
        // Whole numbers may be too large for the type they are to have.
        if constexpr (!std::is_floating_point_v<U>) converted_.append(name, source_.template view<U>(from));
        check_tied<U>(name, from);
      } catch (const ValueError& error) {
        problems_ += concat("\n  ", called, ": ", error.what());
      }
    });
    if (!known) problems_ += concat("\n  ", called, " has a scalar type that cannot be loaded");
  }

  /// A state in which tied tensors differ is that of a model in which they are not tied.
  template <typename U>
  void check_tied(const std::string& name, const std::string& from) {
    const std::string& giver = giver_of(name);
    const std::string& other = *found(giver);
    if (other == from) return;
    if (source_.sizes(other) != source_.sizes(from) || !source_.template reads_as<U>(other)) return;  // said already
    const Tensor<U> a = source_.template view<U>(from), b = source_.template view<U>(other);
    const U *const x = a.data(), *const y = b.data();
    if (x != y && std::memcmp(x, y, static_cast<std::size_t>(a.numel()) * sizeof(U)) != 0)
      problems_ += concat("\n  '", giver, "' and '", name, "' are one tensor in the model, and differ in the state");
  }

  /// The tensor takes over the memory of another; all handles to it see that.
  template <typename U>
  static void share(const Tensor<U>& tensor, const Tensor<U>& from) {
    detail::TensorBody<U>& body = tensor.body();
    detail::TensorBody<U>& other = from.body();
    if (body.data == other.data) return;
    tensor.settle();
    from.settle();
    body.storage->debt = nullptr;  // nothing is owed any more, and no optimizer knows this memory from now on
    body.storage = other.storage;
    body.data = other.data;
  }

  static std::string text_of(const std::vector<Index>& sizes) {
    std::string text = "(";
    for (std::size_t d = 0; d < sizes.size(); ++d) text += concat(d == 0 ? "" : ", ", sizes[d]);
    return text + (sizes.size() == 1 ? ",)" : ")");
  }

  /// Which file it is.
  std::string place() const {
    if constexpr (requires { source_.path(); })
      return concat(" in '", source_.path(), "'");
    else
      return "";
  }

  /// A prefix that one side has and the other has not is the most likely cause.
  std::string hint() const {
    if constexpr (requires { source_.remark(); })
      if (!skipped_.missing_keys.empty() && !source_.remark().empty()) return concat(" (", source_.remark(), ")");
    if (options_.rename) return "";
    const auto &missing = skipped_.missing_keys, &unexpected = skipped_.unexpected_keys;
    if (const std::string prefix = prefix_of(unexpected, missing); !prefix.empty())
      return concat(" (do its names want {.rename = nn::strip_prefix(\"", prefix, "\")}?)");
    if (const std::string prefix = prefix_of(missing, unexpected); !prefix.empty())
      return concat(" (is it the state of the sub-module '", prefix.substr(0, prefix.size() - 1),
                    "' alone? Load it there, or let rename put the prefix in front)");
    return "";
  }
  /// The prefix, up to a dot, with which most of the shorter names are found among the longer ones; "" for none.
  static std::string prefix_of(const std::vector<std::string>& longer, const std::vector<std::string>& shorter) {
    if (shorter.empty()) return "";
    std::vector<std::string> sorted = longer;
    std::sort(sorted.begin(), sorted.end());
    std::string best;
    std::ptrdiff_t most = 0;
    int tried = 0;  // of thousands of layers that end alike, the first tell enough
    for (const std::string& name : longer) {
      const std::string& end = shorter.front();
      if (name.size() < end.size() + 2 || !name.ends_with(end) || name[name.size() - end.size() - 1] != '.') continue;
      const std::string prefix = name.substr(0, name.size() - end.size());
      if (++tried > 100) break;
      const auto found = std::count_if(shorter.begin(), shorter.end(), [&](const std::string& other) {
        return std::binary_search(sorted.begin(), sorted.end(), prefix + other);
      });
      if (found > most) {
        most = found;
        best = prefix;
      }
    }
    return best;
  }

  const StateDict& targets_;
  const Source& source_;
  const LoadStateOptions& options_;
  IncompatibleKeys skipped_;
  std::string problems_;
  std::vector<std::pair<std::string, std::string>> from_;  // the module's name, the state's; in order of the former
  std::vector<std::pair<std::string, std::string>> tied_;  // a name, and the one that gives it its values
  StateDict converted_;                                    // whole numbers, as the targets hold them
  StateDict assigned_;                                     // targets that have their memory, by who gave it
};

}  // namespace load_state
}  // namespace rowgrad::nn
