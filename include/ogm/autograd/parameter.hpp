#pragma once
// Parameters and buffers, and the tags that tell what a parameter is.

#include <ogm/core/tensor.hpp>

#include <cstdint>

namespace ogm {

/// What a parameter is made for, by the layer that holds it.
enum class kind { dense, conv, embedding, recurrent, bias, norm };
/// Where in the model it stands.
enum class role { encoder, head, aux, bypass, shared };

inline constexpr std::size_t unbound = std::size_t(-1);

/// A trained tensor. Its gradient lives outside, in a gradient_store, which gives it a slot.
template <class Backend, kind Kind, int... E> struct parameter {
  using backend = Backend;
  using space = typename Backend::space;
  using value_type = typename Backend::value_type;
  static constexpr int width = extents<E...>::width;
  static constexpr kind tag_kind = Kind;

  basic_tensor<space, value_type, E...> value;
  std::size_t slot = unbound;  // in the store
  std::size_t offset = 0;      // of its gradient, in elements

  parameter() = default;
  explicit parameter(const extents<E...>& shape) : value(shape) {}
};
template <class P> inline constexpr bool is_parameter = false;
template <class B, kind K, int... E> inline constexpr bool is_parameter<parameter<B, K, E...>> = true;

/// A tensor that is part of a model's state and is not trained: running statistics. A forward in training may write it, hence mutable:
/// the parameters of a const model stay as they are.
template <class Backend, int... E> struct buffer {
  using backend = Backend;
  using space = typename Backend::space;
  using value_type = typename Backend::value_type;
  mutable basic_tensor<space, value_type, E...> value;
};
template <class P> inline constexpr bool is_buffer = false;
template <class B, int... E> inline constexpr bool is_buffer<buffer<B, E...>> = true;

/// What a parameter is, as a type: `if constexpr (Tag::modality == 1 && Tag::kind == kind::conv)`.
template <int Modality, role Role, kind Kind> struct tag {
  static constexpr int modality = Modality;  // -1: shared
  static constexpr ogm::role role = Role;
  static constexpr ogm::kind kind = Kind;
};

}  // namespace ogm
