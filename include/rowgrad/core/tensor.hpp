// What: Tensor, an n-dimensional row-major array behind a cheap handle.
// Why:  PyTorch's sharing: copying a handle shares values, gradient and place in the graph; clone() copies values.
// See:  factory.hpp (zeros, randn, ...), printing.hpp, autograd/ (gradients), functional/ (operations).
#pragma once

#include <algorithm>
#include <concepts>
#include <initializer_list>
#include <type_traits>
#include <vector>

#include <rowgrad/core/storage.hpp>
#include <rowgrad/core/tensor_methods.hpp>
#include <rowgrad/machine/maps.hpp>

namespace rowgrad {

template <typename T>
class Gradient;

namespace detail {

/// What core knows of a tensor's place in a graph; autograd/node.hpp knows the rest.
class GraphNode : public Counted {
 public:
  virtual const char* name() const noexcept = 0;
  virtual bool is_leaf() const noexcept = 0;
};

template <typename T>
struct TensorBody final : Counted {
  TensorBody(const Shape& sizes, Index elements, Ref<Storage<T>> memory, T* first) noexcept
      : shape(sizes), numel(elements), storage(std::move(memory)), data(first) {}
  void destroy() noexcept override { destroy_ref(this); }

  Shape shape;
  Index numel;  // the shape's, which every operation asks for
  Ref<Storage<T>> storage;
  T* data;
  bool requires_grad = false;
  std::uint16_t ties = 0;           // parameters of modules that are this tensor, beside the first
  std::uint32_t saved_version = 0;  // for a tensor that backward keeps: the storage's version when it was saved, + 1
  Ref<GraphNode> graph;             // the operation that made it, or the leaf that gathers its gradient
};

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_changed(const Shape& shape) {
  raise<GraphError>("backward: a tensor of shape ", shape,
                    " that an operation saved for its gradient has been changed in place since (by +=, fill_(), "
                    "copy_(), a lookup with max_norm "
                    "or the like). Change a clone() of it, or change it after backward()");
}

/// What reading a tensor takes when its storage has a debt, or was written to while it was shared.
template <typename T>
[[gnu::noinline]] void before_read(const TensorBody<T>& body) {
  if (body.saved_version != 0 && body.saved_version != body.storage->version + 1) throw_changed(body.shape);
  settle_all(body.storage->debt);
}

/// Throws for a tensor without values: default-constructed, moved from, or a parameter that is switched off.
[[noreturn, gnu::cold, gnu::noinline]] inline void throw_undefined() {
  throw ValueError(
      "Tensor: expected a tensor with values, got an undefined one (was it default-constructed, moved from, or is it "
      "a parameter that the layer was told to do without?)");
}

/// A braced list of values or of such lists: {1, 2} or {{1, 2}, {3, 4}}. It refers to what stands between the braces,
/// which lives as long as the expression that they are written in, so it is for parameters of functions alone.
template <typename T>
struct NestedList {
  NestedList(T single) noexcept : value(single) {}                                             // NOLINT: bare numbers
  NestedList(std::initializer_list<NestedList> list) noexcept : items(list), is_list(true) {}  // NOLINT: bare braces

  T value{};
  std::initializer_list<NestedList> items;
  bool is_list = false;
};

/// The numbers in vectors, vectors of vectors and so on.
template <typename V>
struct NestedVector {
  using Value = V;
};
template <typename V>
struct NestedVector<std::vector<V>> {
  using Value = typename NestedVector<V>::Value;
};

/// Whether a vector of V becomes a tensor of T: integers become indices, numbers of any kind become floating point.
template <typename T, typename V>
concept values_for = std::same_as<T, V> ||(std::same_as<T, Index>&& std::integral<V>) ||
                     (std::floating_point<T> && (std::integral<V> || std::floating_point<V>));

/// Whether tensors of T convert to U: masks to indices and back.
template <typename U, typename T>
concept mask_or_indices = (std::same_as<T, bool> && std::same_as<U, Index>) ||
                          (std::same_as<T, Index> && std::same_as<U, bool>);

/// The shape of nested vectors, going by the first of each level.
template <typename V>
Shape shape_of(const std::vector<V>& values) {
  Shape shape;
  if constexpr (!std::same_as<typename NestedVector<V>::Value, V>)
    shape = values.empty() ? shape_of(V()) : shape_of(values.front());
  shape.insert(0, static_cast<Index>(values.size()));
  return shape;
}

/// Writes the numbers in nested vectors of a shape, as deep as their type, to `next` and what follows it.
template <typename V, typename T>
void copy_nested(const std::vector<V>& values, const Shape& shape, int depth, T*& next) {
  if (static_cast<Index>(values.size()) != shape[depth])
    raise<ShapeError>("Tensor: expected vectors of one length, ", shape[depth], " at depth ", depth, ", got ",
                      values.size(), " (sequences of words are made equally long by pad_sequences)");
  for (std::size_t i = 0; i < values.size(); ++i) {
    if constexpr (std::same_as<typename NestedVector<V>::Value, V>) {
      if constexpr (std::same_as<T, Index> && sizeof(V) >= sizeof(Index) && !std::same_as<V, Index>)
        if (!std::in_range<Index>(values[i]))
          raise<ValueError>("Indices: expected numbers that fit ", 8 * sizeof(Index), " signed bits, got ", values[i],
                            " at position ", i, " (an unsigned -1?)");
      *next++ = static_cast<T>(values[i]);
    } else {
      copy_nested(values[i], shape, depth + 1, next);
    }
  }
}

}  // namespace detail

/// A tensor of float, double, Index (Indices) or bool (Mask). Row-major, contiguous.
/// Like a PyTorch tensor it is a handle: copies refer to the same values, also through a const handle.
/// A default-constructed tensor is undefined: it has no shape and no values.
template <typename T>
class Tensor : public TensorMethods<T> {
 public:
  using Scalar = T;

  Tensor() = default;
  Tensor(const Tensor&) = default;
  Tensor(Tensor&&) noexcept = default;
  Tensor& operator=(const Tensor&) & = default;
  Tensor& operator=(Tensor&&) & noexcept = default;
  ~Tensor() = default;

  /// x[0] = v: writes values to what a temporary views, as copy_() and fill_() do. ValueError where nobody would see
  /// it. Defined in functional/in_place.hpp.
  Tensor& operator=(const Tensor& values) &&;  // NOLINT: the other assignments are those of handles
  Tensor& operator=(T value) &&;               // NOLINT

  /// Uninitialised values. ShapeError for more elements than can be counted, MemoryError when there is no memory for
  /// them. PyTorch: torch.empty.
  explicit Tensor(const Shape& shape);

  /// From nested braces: Tensor<float>{{1, 2}, {3, 4}} has shape (2, 2). ShapeError when lists differ in length. Braces
  /// in parentheses are values, too: Tensor<float>({3}) holds a 3, as torch.tensor([3.]) does; a shape is written
  /// empty({3}) or Tensor<float>(Shape{3}).
  Tensor(std::initializer_list<detail::NestedList<T>> list);

  /// A single index, so that embedding(3) can be written. Shape ().
  template <std::integral I>
  requires std::same_as<T, Index> Tensor(I value) : Tensor(Shape{}) {  // NOLINT: implicit by design
    body_->data[0] = static_cast<Index>(value);
  }

  /// Values in a vector, shape (n), or in vectors of vectors, row by row: (n, m) and so on. ShapeError when these
  /// differ in length. Integer tensors convert implicitly, so that embedding(ids) can be written. PyTorch:
  /// torch.tensor.
  template <typename V>
  requires detail::values_for<T, typename detail::NestedVector<V>::Value>
  explicit(!std::same_as<T, Index>) Tensor(const std::vector<V>& values)  // NOLINT: implicit by design
      : Tensor(detail::shape_of(values)) {
    T* next = body_->data;
    detail::copy_nested(values, body_->shape, 0, next);
  }

  /// A mask of integers, true where they are not 0, and integers of a mask, 1 where it is true, so that Indices of 0
  /// and 1 serve as masks and masks as such Indices.
  template <detail::mask_or_indices<T> U>
  Tensor(const Tensor<U>& other) {  // NOLINT: implicit by design
    if (!other.defined()) return;
    *this = Tensor(other.shape());
    std::transform(other.data(), other.data() + other.numel(), body_->data, [](U value) { return T(value != U(0)); });
  }

  bool defined() const noexcept { return static_cast<bool>(body_); }
  /// ValueError for an undefined tensor; so do all that follow.
  [[gnu::always_inline]] const Shape& shape() const { return body().shape; }
  int dim() const { return shape().rank(); }
  [[gnu::always_inline]] Index numel() const { return body().numel; }
  /// Size of dimension d; negative d counts from the last. IndexError outside the rank.
  Index size(Index d) const {
    if (dim() == 0) throw IndexError("size: a tensor of shape () has no dimensions");
    return shape()[detail::wrap_dim("size", d, dim())];
  }

  /// The values, row-major. An optimizer that owes rows of this memory an update pays first, so no reader sees a stale
  /// row; take the pointer anew after each optimizer step.
  [[gnu::always_inline]] T* data() const {
    settle();
    return body_->data;
  }

  /// Brings every row up to date, for readers that hold a pointer already or run on several threads.
  [[gnu::always_inline]] void settle() const {
    if (const auto& same = body(); same.storage->debt.load(std::memory_order_relaxed) != nullptr)
      detail::before_read(same);
  }

  /// data() for a reader of these rows of a table alone: only they are brought up to date. Rows must be in range.
  T* data_for_rows(std::span<const Index> rows) const {
    if (const detail::DebtSlot& debt = body().storage->debt; debt.load(std::memory_order_relaxed) != nullptr)
      detail::settle_rows(debt, body_->data, body_->shape, rows);
    return body_->data;
  }

  /// The value of a tensor with one element. ShapeError for more or none.
  T item() const {
    if (numel() != 1) detail::raise<ShapeError>("item: expected one value, got shape ", shape());
    return *data();
  }

  /// Whether the value of a tensor with one element is not 0: if (any(mask)) ... ShapeError for more or none.
  explicit operator bool() const {
    if (numel() != 1)
      detail::raise<ShapeError>("bool: expected a tensor with one value, got shape ", shape(),
                                " (any() and all() make one of many, defined() says whether there is a tensor)");
    return *data() != T(0);
  }

  /// The values as an Eigen matrix that shares them: leading dimensions folded into rows, the last one is columns.
  [[gnu::always_inline]] MatrixMap<T> matrix() const {
    T* const values = data();
    const Shape& sizes = body_->shape;
    Index rows = 1;
    for (int d = 0; d + 1 < sizes.rank(); ++d) rows *= sizes[d];
    return MatrixMap<T>(values, rows, sizes.back());
  }
  /// The values as a flat Eigen array that shares them.
  [[gnu::always_inline]] ArrayMap<T> array() const { return ArrayMap<T>(data(), numel()); }
  /// A copy of the values.
  std::vector<T> to_vector() const { return std::vector<T>(data(), data() + numel()); }

  /// The same values in memory of their own. Gradients pass through; x.detach().clone() leaves the graph.
  /// PyTorch: clone.
  Tensor clone() const;
  /// The same values, outside any graph; sharing them. PyTorch: detach.
  Tensor detach() const {
    const detail::TensorBody<T>& same = body();
    return Tensor(same.shape, same.numel, same.storage, same.data);
  }
  /// The same values as another scalar type, in memory of their own. Between float and double gradients pass through,
  /// converted back. To Index, fractions are cut off; ValueError for a NaN, an infinity, or what is beyond 64 bits.
  /// PyTorch: to(dtype).
  template <typename U>
  Tensor<U> to() const;
  /// x.to(device("cpu")), which is x. See device.hpp.
  Tensor to(const rowgrad::device& where) const;

  // Gradients; defined in autograd/.
  /// Whether operations on this tensor are recorded.
  bool requires_grad() const { return body().requires_grad; }
  /// Switches that at run time (freezing, unfreezing). GraphError for the result of a recorded operation.
  const Tensor& requires_grad_(bool on = true) const;
  bool is_leaf() const { return !body().graph || body().graph->is_leaf(); }
  /// What backward() gathered for a leaf, or for a result after retain_grad(): dense, row-sparse, or nothing yet.
  Gradient<T>& grad() const;
  /// Has backward() keep the gradient of this result of an operation; for a leaf nothing is to be done. GraphError for
  /// a tensor that needs no gradient. PyTorch: retain_grad.
  void retain_grad() const;
  /// Has hook(gradient) called when a walk has gathered this tensor's gradient; it may return another one of the same
  /// shape. GraphError for a tensor that needs no gradient. PyTorch: register_hook. Both: autograd/hooks.hpp.
  template <typename Hook>
  void register_hook(Hook hook) const;
  /// Adds d(this)/d(leaf) to the gradient of every leaf this value came from. The tensor has one element, or a seed of
  /// its shape is given. The graph's saved values are freed unless retain_graph. GraphError when nothing requires a
  /// gradient, or on a second call through a freed graph. PyTorch: backward.
  void backward(bool retain_graph = false) const;
  void backward(const Tensor& seed, bool retain_graph = false) const;

  using TensorMethods<T>::view_as;  // of another tensor's shape, beside the one below

  // For those who write operations.
  /// A tensor over given memory: a view when the memory is another tensor's.
  Tensor(const Shape& shape, detail::Ref<detail::Storage<T>> storage, T* first = nullptr) {
    T* data = first != nullptr ? first : storage->data();
    body_ = detail::make_ref<detail::TensorBody<T>>(shape, shape.numel(), std::move(storage), data);
  }
  [[gnu::always_inline]] detail::TensorBody<T>& body() const {
    if (!body_) [[unlikely]]
      detail::throw_undefined();
    return *body_;
  }
  /// The same memory under another shape of as many elements, outside any graph. ShapeError for another number.
  Tensor view_as(const Shape& shape) const {
    if (shape.checked_numel() != numel()) [[unlikely]]
      detail::raise<ShapeError>("view: shape ", body_->shape, " has another number of elements than ", shape);
    return Tensor(shape, body_->numel, body_->storage, body_->data);
  }
  /// The same values, outside any graph, for a backward function to keep: it refuses to read what was changed in place.
  Tensor detach_saved() const {
    Tensor kept = detach();
    kept.body_->saved_version = kept.body_->storage->version + 1;
    return kept;
  }
  /// Whether this handle is the only way to these values, so that they may be overwritten.
  bool unique() const noexcept { return body_.unique() && body_->storage.unique() && !body_->storage->borrowed(); }

 private:
  /// For a shape whose elements have been counted.
  Tensor(const Shape& shape, Index numel, detail::Ref<detail::Storage<T>> storage, T* data)
      : body_(detail::make_ref<detail::TensorBody<T>>(shape, numel, std::move(storage), data)) {}

  detail::Ref<detail::TensorBody<T>> body_;
};

template <typename T>
Tensor<T>::Tensor(const Shape& shape) {
  const Index numel = shape.checked_numel();
  detail::Ref<detail::Storage<T>> storage = detail::make_storage<T>(shape, numel);
  T* const data = storage->data();
  body_ = detail::make_ref<detail::TensorBody<T>>(shape, numel, std::move(storage), data);
}

/// Integer tensor of any rank: table indices, class labels. Single integers, nested braces and vectors convert.
using Indices = Tensor<Index>;
/// What a comparison says of each element; where a function takes a mask, true marks what it is about. Braces of 0 and
/// 1 and Indices convert. PyTorch: a tensor of torch.bool.
using Mask = Tensor<bool>;

namespace detail {

/// Copies the numbers in a list to where next points, and moves next past them; depth: how many braces are around it.
template <typename T>
[[gnu::cold]] void copy_list(const NestedList<T>& list, const Shape& shape, int depth, T*& next) {
  const bool fits =
      depth == shape.rank() ? !list.is_list : list.is_list && static_cast<Index>(list.items.size()) == shape[depth];
  if (!fits) raise<ShapeError>("Tensor: nested lists must all have the same length at each depth");
  if (!list.is_list) *next++ = list.value;
  for (const NestedList<T>& item : list.items)
    copy_list(item, shape, depth + 1, next);  // as deep as the source's braces
}

}  // namespace detail

template <typename T>
[[gnu::cold]] Tensor<T>::Tensor(std::initializer_list<detail::NestedList<T>> list) {
  const detail::NestedList<T> root(list);
  Shape shape;
  for (const detail::NestedList<T>* level = &root; level->is_list; level = level->items.begin()) {
    shape.append(static_cast<Index>(level->items.size()));
    if (level->items.size() == 0) break;
  }
  *this = Tensor(shape);
  T* next = body_->data;
  copy_list(root, shape, 0, next);
}

namespace detail {

/// x's values in memory of their own, outside any graph: x.detach().clone(), for those who never record.
template <typename T>
Tensor<T> copy_of(const Tensor<T>& x) {
  Tensor<T> copy(x.shape());
  std::copy_n(x.data(), x.numel(), copy.body().data);
  return copy;
}

/// Notes that these values are a copy where PyTorch has a view, so that a write to them would be lost.
template <typename T>
void stands_for_view(const Tensor<T>& copy) noexcept {
  copy.body().storage->stands_for_view = true;
}

}  // namespace detail

}  // namespace rowgrad
