#pragma once
// One encoder a modality, one head: late_fusion<fusion::concat<6>, modality<"audio", A>, modality<"visual", V>>.

#include <ogm/fusion/head.hpp>

namespace ogm {

/// A network whose output, of a known width, is a modality's features.
template <class E>
concept any_encoder = requires {
  typename E::backend_type;
  { E::width } -> std::convertible_to<int>;
};

namespace detail {
template <class E> struct the_encoder {  // says so once, however often it is named
  using type = E;
  static_assert(
      any_encoder<E>,
      "ogm: an encoder has no `backend_type` or no `width`. Write using backend_type = ...; static constexpr int width = ...; in it.");
};
}  // namespace detail

/// A modality of a late_fusion: its name and the network that encodes it. The encoder gives (batch, Encoder::width).
template <fixed_string Name, class Encoder> struct modality {
  static constexpr std::string_view name = Name;
  using encoder = typename detail::the_encoder<Encoder>::type;
};

/// What a model of several modalities gives: the fused logits, and each modality's features, which probes start from.
template <class Logits, class... Features> struct fused {
  Logits logits;
  std::tuple<Features...> features;
};
/// Deduces the types of logits and features.
template <class L, class... F> fused(L, std::tuple<F...>) -> fused<L, F...>;

/// The features of every modality and the head that makes logits of them: head(tape, z...), with `modalities` and `classes`. Head is a
/// reference to the model's, or an object of its own that also holds what belongs to no modality, such as an encoded question.
template <class Head, class... Features> struct encoded {
  std::tuple<Features...> features;
  Head head;
};

/// A model whose encoders see more than their own modality's input, or that has inputs of no modality. It has `modalities`,
/// `modality_names`, `widths`, `classes`, `head_type` (with `modalities` and `classes`), `inputs` (how many arrays it takes, those of the
/// modalities first), and encode_all(tape, inputs) -> encoded. Where that has add_losses(tape, add), it calls add(name, scalar, weight) for
/// further losses.
template <class M>
concept joint_model = requires {
  { M::inputs } -> std::convertible_to<int>;
};
/// How many arrays a model takes.
template <class M> constexpr int input_count() {
  if constexpr (joint_model<M>)
    return M::inputs;
  else
    return M::modalities;
}
/// The features and the head of any model.
template <class Model, class Tape, class... X> auto encode_all(const Model& model, Tape& tape, const std::tuple<X...>& inputs) {
  static_assert(sizeof...(X) == input_count<Model>(), "ogm: a model was given another number of inputs than it takes.");
  if constexpr (joint_model<Model>)
    return model.encode_all(tape, inputs);
  else
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      using head = const std::remove_cvref_t<decltype(model.head)>&;
      return encoded<head, std::remove_cvref_t<decltype(model.template encode<int(I)>(tape, std::get<I>(inputs)))>...>{
          {model.template encode<int(I)>(tape, std::get<I>(inputs))...}, model.head};
    }
  (std::index_sequence_for<X...>{});
}
/// The fused logits of features that encode_all gave.
template <class Tape, class Encoded> auto logits_of(Tape& tape, const Encoded& e) {
  return std::apply([&](const auto&... z) { return e.head(tape, z...); }, e.features);
}

namespace detail {
/// A head that is given either as a recipe (fusion::concat<6>) or as a finished type of a user's own.
template <class Head, class Backend, int... Widths> struct head_over { using type = Head; };
template <class Head, class Backend, int... Widths>
requires requires { typename Head::template over<Backend, Widths...>; }
struct head_over<Head, Backend, Widths...> {
  using type = typename Head::template over<Backend, Widths...>;
};
template <class Sequence, class... E> struct encoder_tuple;
template <int... I, class... E> struct encoder_tuple<std::integer_sequence<int, I...>, E...> {
  using type = std::tuple<belongs_to<I, role::encoder, E>...>;
};
}  // namespace detail

/// Encoders, one a modality, and a fusion head over their features.
///
/// Shapes     inputs: a tuple of arrays in the order of the modalities -> fused{logits (batch, classes), features (batch, width_u)...}
/// Names      parameters are "audio.conv1.weight", ..., "head.weight"
template <class Head, class... Modalities> struct late_fusion {
  using backend_type = typename std::tuple_element_t<0, std::tuple<typename Modalities::encoder...>>::backend_type;
  static_assert((std::same_as<backend_type, typename Modalities::encoder::backend_type> && ...),
                "ogm: the encoders of a model have different backends. Give all of them the same.");
  using value_type = typename backend_type::value_type;
  static constexpr int modalities = sizeof...(Modalities);
  static constexpr std::array<std::string_view, sizeof...(Modalities)> modality_names{Modalities::name...};
  static constexpr std::array<int, sizeof...(Modalities)> widths{Modalities::encoder::width...};
  using head_type = typename detail::head_over<Head, backend_type, Modalities::encoder::width...>::type;
  static_assert(fusion::any_head<head_type>,
                "ogm: a fusion head has no `modalities` and `classes`. Write static constexpr int modalities = ..., classes = ...; in it.");
  static_assert(head_type::modalities == modalities,
                "ogm: the head of a model is made for another number of modalities than the model has.");
  static constexpr int classes = head_type::classes;

  typename detail::encoder_tuple<std::make_integer_sequence<int, modalities>, typename Modalities::encoder...>::type encoders;
  belongs_to<-1, role::head, head_type> head;

  template <class Self, class Visit> static constexpr void fields(Self& self, Visit&& visit) {
    std::apply([&](auto&... e) { (visit(Modalities::name, e), ...); }, self.encoders);
    visit("head", self.head);
  }

  /// The features of modality U.
  template <int U, class Tape, class X> auto encode(Tape& tape, const X& x) const { return input(tape, std::get<U>(encoders)(tape, x)); }
  template <class Tape, class... X> auto operator()(Tape& tape, const std::tuple<X...>& inputs) const {
    static_assert(sizeof...(X) == modalities, "ogm: a model was given another number of inputs than it takes.");
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      std::tuple features{encode<int(I)>(tape, std::get<I>(inputs))...};
      return fused{head(tape, std::get<I>(features)...), features};
    }
    (std::index_sequence_for<X...>{});
  }
};

}  // namespace ogm
