#pragma once
// What is trained, saved and walked: a model and the modules that its policy adds.

#include <ogm/modulation/needs.hpp>
#include <ogm/nn/linear.hpp>

#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace ogm {

namespace detail {
struct nothing {
  OGM_NO_FIELDS
};
struct no_modules {  // another type than `nothing`: two empty members of one type would not share an address
  OGM_NO_FIELDS
};
/// The auxiliary heads of a model: one dense layer a modality.
template <class Model, class Sequence> struct aux_heads;
template <class Model, int... U> struct aux_heads<Model, std::integer_sequence<int, U...>> {
  std::tuple<belongs_to<U, role::aux, nn::linear<Model::widths[std::size_t(U)], Model::classes, typename Model::backend_type>>...> heads;
  template <class Self, class Visit> static constexpr void fields(Self& self, Visit&& visit) {
    std::apply([&](auto&... h) { (visit(Model::modality_names[std::size_t(U)], h), ...); }, self.heads);
  }
};
}  // namespace detail

/// A model, the modules that its policy adds (auxiliary heads, modules of the policy's own): what is trained, saved and walked.
template <class Model, class Policy> struct trained_modules {
  static constexpr bool has_aux = modulation::requirements_of<Policy>().probe == probe::aux_head;
  using aux_type =
      std::conditional_t<has_aux, detail::aux_heads<Model, std::make_integer_sequence<int, Model::modalities>>, detail::nothing>;
  static auto extra() {
    if constexpr (requires { typename Policy::template modules<Model>; })
      return std::type_identity<typename Policy::template modules<Model>>{};
    else
      return std::type_identity<detail::no_modules>{};
  }
  using extra_type = typename decltype(extra())::type;

  Model model;
  [[no_unique_address]] aux_type aux;
  [[no_unique_address]] extra_type extra_modules;
  template <class Self, class Visit> static constexpr void fields(Self& self, Visit&& visit) {
    visit("model", self.model);
    visit("aux", self.aux);
    visit("policy", self.extra_modules);
  }
};

}  // namespace ogm
