#pragma once
// Policies made of policies: chain, windowed, every_n, warmup, with_probe, with_selection, with_ratio, any_policy.

#include <ogm/modulation/context.hpp>
#include <ogm/modulation/hooks.hpp>

#include <tuple>
#include <variant>

namespace ogm::modulation {

namespace detail {
// A hook's concept as a template that can be passed on (clang 14 cannot hold a lambda in a requires clause).
#define OGM_HOOK_TEST(hook) \
  template <class P, class C> struct test_##hook : std::bool_constant<has_##hook<P, C>> {};
OGM_HOOK_TEST(setup)
OGM_HOOK_TEST(on_epoch_begin)
OGM_HOOK_TEST(plan)
OGM_HOOK_TEST(sample)
OGM_HOOK_TEST(on_batch)
OGM_HOOK_TEST(on_features)
OGM_HOOK_TEST(loss)
OGM_HOOK_TEST(on_feature_gradient)
OGM_HOOK_TEST(on_gradients)
OGM_HOOK_TEST(scale_update)
OGM_HOOK_TEST(after_step)
OGM_HOOK_TEST(on_epoch_end)
OGM_HOOK_TEST(predict)
OGM_HOOK_TEST(save)
OGM_HOOK_TEST(load)
#undef OGM_HOOK_TEST

/// How many members of a std::tuple type pass a test.
template <template <class, class> class Test, class Members, class C> inline constexpr int count_members = 0;
template <template <class, class> class Test, class... P, class C>
inline constexpr int count_members<Test, std::tuple<P...>, C> = (int(Test<P, C>::value) + ... + 0);
}  // namespace detail

/// Gives a combinator every hook that one of its members has. It must have `members` (a std::tuple type) and
/// each_member(context, f), which calls f(member) for those that are on now.
// clang-format off
#define OGM_FORWARD_HOOK(hook)                                               \
  template <class C>                                                         \
    requires(detail::count_members<detail::test_##hook, members, C> > 0)     \
  void hook(C& context) {                                                    \
    this->each_member(context, [&]<class Q>(Q& p) {                          \
      if constexpr (has_##hook<Q, C>) p.hook(context);                       \
    });                                                                      \
  }
#define OGM_FORWARD_HOOKS                                                                                                     \
  OGM_FORWARD_HOOK(setup) OGM_FORWARD_HOOK(on_epoch_begin) OGM_FORWARD_HOOK(plan) OGM_FORWARD_HOOK(sample)                    \
  OGM_FORWARD_HOOK(on_batch) OGM_FORWARD_HOOK(on_features) OGM_FORWARD_HOOK(loss) OGM_FORWARD_HOOK(on_feature_gradient)       \
  OGM_FORWARD_HOOK(on_gradients) OGM_FORWARD_HOOK(scale_update) OGM_FORWARD_HOOK(after_step) OGM_FORWARD_HOOK(on_epoch_end)   \
  OGM_FORWARD_HOOK(predict) OGM_FORWARD_HOOK(load)                                                                            \
  template <class C>                                                                                                          \
    requires(detail::count_members<detail::test_save, members, C> > 0)                                                        \
  void save(C& archive) const {                                                                                               \
    this->each_saved([&]<class Q>(const Q& p) {                                                                               \
      if constexpr (has_save<Q, C>) p.save(archive);                                                                          \
    });                                                                                                                       \
  }
// clang-format on

/// Several policies in this order: needs are united, hooks run one after the other, losses are collected.
///
/// plan, sample, predict and own_step have at most one owner.
template <class... P> struct chain {
  using members = std::tuple<P...>;
  static constexpr needs requirements = (needs{} | ... | P::requirements);
  static_assert(detail::count_members<detail::test_plan, members, any_context> <= 1,
                "ogm: two policies of a chain have plan(). Keep one of them.");
  static_assert(detail::count_members<detail::test_sample, members, any_context> <= 1,
                "ogm: two policies of a chain have sample(). Keep one of them.");
  static_assert(detail::count_members<detail::test_predict, members, any_context> <= 1,
                "ogm: two policies of a chain have predict(). Keep one of them.");
  static_assert((int(P::requirements.own_step) + ... + 0) <= 1, "ogm: two policies of a chain have own_step. Keep one of them.");
  static_assert(
      ((P::requirements.probe == requirements.probe || P::requirements.probe == probe::none) && ...),
      "ogm: two policies of a chain need different probes. Give all of them one: chain<with_probe<P, probe::zero_feature>, ...>.");

  std::tuple<P...> policies;
  chain() = default;
  constexpr explicit chain(P... p) requires(sizeof...(P) > 0) : policies(std::move(p)...) {}
  OGM_FORWARD_HOOKS

  template <class C, class F> void each_member(C&, const F& f) {
    std::apply([&](auto&... p) { (f(p), ...); }, policies);
  }
  template <class F> void each_saved(const F& f) const {
    std::apply([&](const auto&... p) { (f(p), ...); }, policies);
  }
};

/// P while Gate::open(progress): outside, none of its hooks but setup, predict, save and load runs. A gate over steps leaves the hooks of
/// epochs alone.
template <class P, class Gate> struct gated {
  using members = std::tuple<P>;
  static constexpr needs requirements = P::requirements;
  P policy{};
  OGM_FORWARD_HOOKS

  template <class C, class F> void each_member(C& context, const F& f) {
    if constexpr (
        requires { C::never_gated; } || (Gate::over_steps && requires { C::outside_steps; }) || !requires { context.at(); })
      f(policy);
    else if (Gate::open(context.at()))
      f(policy);
  }
  template <class F> void each_saved(const F& f) const { f(policy); }
};

namespace detail {
template <int First, int Last> struct window {
  static constexpr bool over_steps = false;
  static bool open(const progress& p) { return p.epoch >= First && p.epoch <= Last; }
};
template <int N> struct every {
  static constexpr bool over_steps = true;
  static bool open(const progress& p) { return p.step % N == 0; }
};
}  // namespace detail
/// P in epochs First to Last, both included and counted from 0, as in every published repository: windowed<ogm_ge, 0, 50>{{.alpha = 0.8f}}.
template <class P, int First, int Last> using windowed = gated<P, detail::window<First, Last>>;
/// P in every Nth step, the first included.
template <class P, int N> using every_n = gated<P, detail::every<N>>;
/// P from epoch Epochs on.
template <class P, int Epochs> using warmup = gated<P, detail::window<Epochs, 0x7fffffff>>;

/// P with another kind of probe: with_probe<ogm, probe::zero_feature>{{.alpha = 0.3f}}.
template <class P, probe K> struct with_probe {
  using members = std::tuple<P>;
  static constexpr needs requirements = [] {
    needs n = P::requirements;
    n.probe = K;
    return n;
  }();
  P policy{};
  OGM_FORWARD_HOOKS

  template <class C, class F> void each_member(C&, const F& f) { f(policy); }
  template <class F> void each_saved(const F& f) const { f(policy); }
};

/// One of several policies, chosen at run time (a command-line option): needs are those of all of them together, so a run pays for
/// the largest. assign(index) or any_policy<...>{P{}} chooses.
template <class... P> struct any_policy {
  using members = std::tuple<P...>;
  static constexpr needs requirements = (needs{} | ... | P::requirements);
  std::variant<P...> policy;
  OGM_FORWARD_HOOKS

  template <class C, class F> void each_member(C&, const F& f) { std::visit(f, policy); }
  template <class F> void each_saved(const F& f) const { std::visit(f, policy); }
};

namespace detail {
template <class P, class Selection> struct reselected;
template <template <class, class, class> class P, class Shape, class Old, class Ratio, class Selection>
struct reselected<P<Shape, Old, Ratio>, Selection> {
  using type = P<Shape, Selection, Ratio>;
};
template <template <class, class, class, auto> class P, class Shape, class Old, class Ratio, auto Noise, class Selection>
struct reselected<P<Shape, Old, Ratio, Noise>, Selection> {
  using type = P<Shape, Selection, Ratio, Noise>;
};
template <class P, class Ratio> struct rerated;
template <template <class, class, class> class P, class Shape, class Selection, class Old, class Ratio>
struct rerated<P<Shape, Selection, Old>, Ratio> {
  using type = P<Shape, Selection, Ratio>;
};
template <template <class, class, class, auto> class P, class Shape, class Selection, class Old, auto Noise, class Ratio>
struct rerated<P<Shape, Selection, Old, Noise>, Ratio> {
  using type = P<Shape, Selection, Ratio, Noise>;
};
}  // namespace detail
/// The same policy on other parameters: with_selection<ogm_ge, select::conv_weights>{.alpha = 0.8f}.
template <class P, class Selection> using with_selection = typename detail::reselected<P, Selection>::type;
/// The same policy with another ratio for more than two modalities: with_ratio<ogm, ratio::vs_min>{.alpha = 0.3f}.
template <class P, class Ratio> using with_ratio = typename detail::rerated<P, Ratio>::type;

/// A coefficient shape that leaves ratios below 1 + Percent / 100 alone: basic_ogm<dead_zone<shape::paper, 5>>.
template <class Shape, int Percent> struct dead_zone {
  static double coefficient(double alpha, double rho) { return rho <= 1 + Percent / 100.0 ? 1 : Shape::coefficient(alpha, rho); }
};

namespace detail {
template <class P, class Model> struct test_empty_selection;
template <class P, class> struct test_typo;
}  // namespace detail

/// Whether a policy, or a member of it, selects nothing in a model.
template <class P, class Model> constexpr bool selection_is_empty() {
  if constexpr (requires { typename P::members; })
    return detail::count_members<detail::test_empty_selection, typename P::members, Model> > 0;
  else if constexpr (requires { typename P::selection; })
    return detail::selected_count<Model, typename P::selection>() == 0;
  else
    return false;
}
/// Whether a policy, or a member of it, has a hook that no one would call.
template <class P> constexpr bool has_a_typo() {
  if constexpr (requires { typename P::members; })
    return detail::count_members<detail::test_typo, typename P::members, void> > 0;
  else
    return has_misspelt_hook<P>;
}

namespace detail {
template <class P, class Model> struct test_empty_selection : std::bool_constant<selection_is_empty<P, Model>()> {};
template <class P, class> struct test_typo : std::bool_constant<has_a_typo<P>()> {};
}  // namespace detail

}  // namespace ogm::modulation
