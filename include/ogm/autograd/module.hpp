#pragma once
// The line that names a module's fields, and the walk over everything a model holds.

#include <ogm/autograd/parameter.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace ogm {

/// A string as a template argument: modality<"audio", ...>.
template <std::size_t N> struct fixed_string {
  char text[N];
  constexpr fixed_string(const char (&s)[N]) { std::copy_n(s, N, text); }
  constexpr operator std::string_view() const { return {text, N - 1}; }
};

/// Puts everything in M under a modality and a role: belongs_to<0, role::encoder, nn::resnet18<1>> audio;
template <int Modality, role Role, class M> struct belongs_to : M {
  using M::M;
  static constexpr int modality_index = Modality;
  static constexpr ogm::role role_of = Role;
};

/// The same for a part of a field, which a model names at its own level:
///     ogm::part_of<1, role::encoder, const layer> project{self.look.project};
///     visit("fc_gl", project);
template <int Modality, role Role, class M> struct part_of {
  M& part;
  static constexpr int modality_index = Modality;
  static constexpr ogm::role role_of = Role;
  template <class Self, class Visit> static constexpr void fields(Self& self, Visit&& visit) {
    std::remove_const_t<M>::fields(self.part, std::forward<Visit>(visit));
  }
};

namespace detail {
template <class M> inline constexpr bool is_part = false;
template <int Modality, role Role, class M> inline constexpr bool is_part<part_of<Modality, Role, M>> = true;
}  // namespace detail

/// The name of a field, grown on the way down: "audio.layer1.0.conv1.weight".
struct path {
  std::string text;
  [[gnu::noinline]] friend path operator/(const path& p, std::string_view name) {  // once, not in every field of every walk
    return {p.text.empty() ? std::string(name) : p.text + "." + std::string(name)};
  }
};
/// The same without names, for walks inside a step: no allocation.
struct no_path {
  friend constexpr no_path operator/(no_path, std::string_view) { return {}; }
};

namespace detail {
template <std::size_t I> struct digits_of {
  static constexpr std::size_t count = I < 10 ? 1 : I < 100 ? 2 : 3;
  static constexpr std::array<char, 3> text = count == 1 ? std::array<char, 3>{char('0' + I)}
                                              : count == 2
                                                  ? std::array<char, 3>{char('0' + I / 10), char('0' + I % 10)}
                                                  : std::array<char, 3>{char('0' + I / 100), char('0' + I / 10 % 10), char('0' + I % 10)};
};
}  // namespace detail

/// "0", "1", ...: the name of a numbered field, below 1000, where a walk is a constant expression.
template <std::size_t I> constexpr std::string_view index_name() {
  return {detail::digits_of<I>::text.data(), detail::digits_of<I>::count};
}

namespace detail {
template <class M> inline constexpr bool is_array = false;
template <class T, std::size_t N> inline constexpr bool is_array<std::array<T, N>> = true;
template <class M> inline constexpr bool is_tuple = false;
template <class... T> inline constexpr bool is_tuple<std::tuple<T...>> = true;

template <class M> struct without_owner { using type = M; };
template <int Modality, role Role, class M> struct without_owner<belongs_to<Modality, Role, M>> { using type = M; };
/// Says which module does not name its parts: once a module, however many walks meet it.
template <class M> struct the_module {
  static constexpr bool names_its_parts = is_parameter<M>;
  static_assert(names_its_parts, "ogm: a module does not name its parts. Write OGM_FIELDS(a, b, ...) in it.");
};

/// Takes the fields of a module and does nothing: a lambda's place where a compiler takes none.
struct anything {
  template <class... X> constexpr void operator()(X&&...) const {}
};

template <int Modality, role Role, class Path, class M, class F> constexpr void walk(M& m, const Path& at, F&& f) {
  using Plain = std::remove_const_t<M>;
  constexpr int mod = [] {
    if constexpr (requires { Plain::modality_index; })
      return Plain::modality_index;
    else
      return Modality;
  }();
  constexpr role r = [] {
    if constexpr (requires { Plain::role_of; })
      return Plain::role_of;
    else
      return Role;
  }();
  if constexpr (is_parameter<Plain>)
    f(tag<mod, r, Plain::tag_kind>{}, at, m);
  else if constexpr (is_buffer<Plain>)
    f(tag<mod, r, kind::norm>{}, at, m);
  else if constexpr (is_array<Plain>) {
    for (std::size_t i = 0; i < m.size(); ++i)
      if constexpr (std::same_as<Path, no_path>)
        walk<mod, r>(m[i], at, f);
      else
        walk<mod, r>(m[i], at / std::to_string(i), f);
  } else if constexpr (is_tuple<Plain>) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      if constexpr (std::same_as<Path, no_path>)
        (walk<mod, r>(std::get<I>(m), at, f), ...);
      else
        (walk<mod, r>(std::get<I>(m), at / std::to_string(I), f), ...);
    }
    (std::make_index_sequence<std::tuple_size_v<Plain>>{});
  } else if constexpr (requires { Plain::fields(m, anything{}); }) {
    Plain::fields(m, [&](std::string_view name, auto& field) { walk<mod, r>(field, at / name, f); });
  } else {
    static_cast<void>(the_module<typename without_owner<Plain>::type>::names_its_parts);
  }
}
}  // namespace detail

/// f(tag, name, parameter) for every parameter, in the order of declaration.
template <class M, class F> void for_each_parameter(M& m, F&& f) {
  detail::walk<-1, role::shared>(m, path{}, [&](auto tag, const path& at, auto& p) {
    if constexpr (is_parameter<std::remove_cvref_t<decltype(p)>>) f(tag, at.text, p);
  });
}
/// f(tag, parameter): the same without names.
template <class M, class F> constexpr void for_each_parameter_quietly(M& m, F&& f) {
  detail::walk<-1, role::shared>(m, no_path{}, [&](auto tag, no_path, auto& p) {
    if constexpr (is_parameter<std::remove_cvref_t<decltype(p)>>) f(tag, p);
  });
}
/// f(name, buffer) for every buffer.
template <class M, class F> void for_each_buffer(M& m, F&& f) {
  detail::walk<-1, role::shared>(m, path{}, [&](auto, const path& at, auto& p) {
    if constexpr (is_buffer<std::remove_cvref_t<decltype(p)>>) f(at.text, p);
  });
}

/// The number of trained elements.
template <class M> size_type parameter_count(const M& m) {
  size_type n = 0;
  for_each_parameter_quietly(m, [&](auto, const auto& p) { n += p.value.count(); });
  return n;
}

#define OGM_PARENS ()
#define OGM_EXPAND(...) OGM_EXPAND_3(OGM_EXPAND_3(OGM_EXPAND_3(__VA_ARGS__)))
#define OGM_EXPAND_3(...) OGM_EXPAND_2(OGM_EXPAND_2(OGM_EXPAND_2(__VA_ARGS__)))
#define OGM_EXPAND_2(...) OGM_EXPAND_1(OGM_EXPAND_1(OGM_EXPAND_1(__VA_ARGS__)))
#define OGM_EXPAND_1(...) __VA_ARGS__
#define OGM_FIELD(name, ...) \
  visit(#name, self.name);   \
  __VA_OPT__(OGM_FIELD_AGAIN OGM_PARENS(__VA_ARGS__))
#define OGM_FIELD_AGAIN() OGM_FIELD
/// Names the fields of a module, once: OGM_FIELDS(audio_fc, visual_fc, head). The names are those of its checkpoints.
#define OGM_FIELDS(...) \
  template <class Self, class Visit> static constexpr void fields(Self& self, Visit&& visit) { OGM_EXPAND(OGM_FIELD(__VA_ARGS__)) }
/// For a module without parameters or buffers, which has nothing to name.
#define OGM_NO_FIELDS \
  template <class Self, class Visit> static constexpr void fields(Self&, Visit&&) {}

}  // namespace ogm
