// What: AnyTensor, a tensor whose scalar type is known at run time only.
// Why:  what a module keeps beside its weights, and what a file holds, may be of any type; lists of such tensors need
//       one element type.
// See:  tensor.hpp; nn/module.hpp (named_buffers).
#pragma once

#include <typeinfo>

#include <rowgrad/core/scalars.hpp>
#include <rowgrad/core/tensor.hpp>

namespace rowgrad {

/// A handle to a Tensor<U> for some U. Converts from every tensor, and shares its values.
class AnyTensor {
 public:
  /// Undefined, of no type.
  AnyTensor() = default;
  template <typename U>
  AnyTensor(const Tensor<U>& tensor)  // NOLINT: implicit by design
      : held_(detail::Ref<Held>::adopt(detail::make_ref<HeldTensor<U>>(tensor).leak())) {}

  bool defined() const noexcept { return held_ && held_->defined(); }
  template <typename U>
  bool is() const noexcept {
    return held_ && held_->scalar_type() == typeid(U);
  }
  /// ValueError when it is a tensor of another type.
  template <typename U>
  const Tensor<U>& as() const {
    if (is<U>()) return static_cast<const HeldTensor<U>&>(*held_).tensor;
    detail::raise<ValueError>("AnyTensor: asked for a tensor of ", detail::scalar_name(typeid(U)),
                              ", but it is one of ", held_ ? detail::scalar_name(held_->scalar_type()) : "no type");
  }

  /// ValueError when undefined; so do all that follow.
  const Shape& shape() const { return held().shape(); }
  const std::type_info& scalar_type() const { return held().scalar_type(); }
  /// Bytes of one value.
  std::size_t scalar_size() const { return held().scalar_size(); }
  /// The values, row-major.
  void* data() const { return held().data(); }
  /// What tells tensors apart: handles to one tensor have one body.
  const void* body() const { return held().body(); }
  /// The same values in memory of their own, outside any graph.
  AnyTensor clone() const { return held().clone(); }

 private:
  struct Held : detail::Counted {
    virtual bool defined() const noexcept = 0;
    virtual const Shape& shape() const = 0;
    virtual const std::type_info& scalar_type() const noexcept = 0;
    virtual std::size_t scalar_size() const noexcept = 0;
    virtual void* data() const = 0;
    virtual const void* body() const = 0;
    virtual AnyTensor clone() const = 0;

   protected:
    ~Held() = default;
  };

  template <typename U>
  struct HeldTensor final : Held {
    explicit HeldTensor(const Tensor<U>& x) : tensor(x) {}
    bool defined() const noexcept override { return tensor.defined(); }
    const Shape& shape() const override { return tensor.shape(); }
    const std::type_info& scalar_type() const noexcept override { return typeid(U); }
    std::size_t scalar_size() const noexcept override { return sizeof(U); }
    void* data() const override { return tensor.data(); }
    const void* body() const override { return &tensor.body(); }
    AnyTensor clone() const override { return detail::copy_of(tensor); }
    void destroy() noexcept override { detail::destroy_ref(this); }

    Tensor<U> tensor;
  };

  const Held& held() const {
    if (!held_) detail::throw_undefined();
    return *held_;
  }

  detail::Ref<Held> held_;
};

}  // namespace rowgrad
