#pragma once
// Initial values of parameters: every layer says its own (PyTorch's defaults), a model can be given others.

#include <ogm/autograd/module.hpp>
#include <ogm/core/random.hpp>

#include <cmath>

namespace ogm::nn {

/// 1 / sqrt(fan in): PyTorch's default bound of linear and convolution weights (Kaiming uniform with a = sqrt 5) and biases.
inline double bound_of_fan_in(long fan_in) { return fan_in > 0 ? 1 / std::sqrt(double(fan_in)) : 0; }
/// Standard deviation of Glorot and Bengio (2010), normal.
inline double xavier_normal(long fan_in, long fan_out) { return std::sqrt(2.0 / double(fan_in + fan_out)); }
/// Bound of Glorot and Bengio (2010), uniform.
inline double xavier_uniform(long fan_in, long fan_out) { return std::sqrt(6.0 / double(fan_in + fan_out)); }
/// Standard deviation of He et al. (2015) for relu, fan out.
inline double kaiming_normal_fan_out(long fan_out) { return std::sqrt(2.0 / double(fan_out)); }

/// Draws initial values. Each parameter has its own stream, counted in the order of the walk.
class initialiser {
 public:
  explicit initialiser(std::uint64_t seed) : seed_(seed) {}

  template <class P> void uniform(P& p, double bound) {
    draw(p, [&](const random::key& k, std::uint64_t i) { return bound * (2 * random::uniform_double(k, i) - 1); });
  }
  template <class P> void normal(P& p, double deviation, double mean = 0) {
    draw(p, [&](const random::key& k, std::uint64_t i) {
      const double u = 1 - random::uniform_double(k, 2 * i), v = random::uniform_double(k, 2 * i + 1);
      return mean + deviation * std::sqrt(-2 * std::log(u)) * std::cos(6.283185307179586 * v);
    });
  }
  template <class P> void constant(P& p, double value) {
    draw(p, [&](const random::key&, std::uint64_t) { return value; });
  }

 private:
  template <class P, class F> void draw(P& p, const F& f) {
    using T = typename P::value_type;
    const random::key k{seed_, random::stream_of(random::purpose::initialise, next_++), 0};
    std::vector<T> values(std::size_t(p.value.count()));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = T(f(k, i));
    P::space::copy_from_host(p.value.data(), values.data(), values.size() * sizeof(T));
  }
  std::uint64_t seed_;
  std::uint64_t next_ = 0;
};

namespace detail {
template <class M, class Init> void initialise_walk(M& m, Init& init) {
  if constexpr (is_parameter<M> || is_buffer<M>)
    return;
  else if constexpr (ogm::detail::is_part<M>)
    initialise_walk(m.part, init);
  else if constexpr (requires { m.initialise(init); })
    m.initialise(init);
  else if constexpr (ogm::detail::is_array<M>)
    for (auto& one : m) initialise_walk(one, init);
  else if constexpr (ogm::detail::is_tuple<M>)
    std::apply([&](auto&... one) { (initialise_walk(one, init), ...); }, m);
  else if constexpr (requires { M::fields(m, ogm::detail::anything{}); })
    M::fields(m, [&](std::string_view, auto& field) { initialise_walk(field, init); });
}
}  // namespace detail

/// Gives every layer of a model its own initial values, from `seed`: the same on any machine with the same mathematics library.
template <class Model> void initialise(Model& model, std::uint64_t seed) {
  for_each_parameter_quietly(model, [](auto, auto&) {});  // a module without OGM_FIELDS is named here, in one sentence
  initialiser init(seed);
  detail::initialise_walk(model, init);
}

/// The initial values of the OGM-GE experiments: dense weights Xavier-normal with bias 0, convolutions Kaiming-normal (fan out, relu),
/// norms 1 and 0. Overrides what initialise() drew. Source: Peng et al., CVPR 2022, released code.
template <class Model> void initialise_as_ogm_ge(Model& model, std::uint64_t seed) {
  initialise(model, seed);
  initialiser init(seed + 1);
  for_each_parameter(model, [&]<class Tag>(Tag, const std::string& name, auto& p) {
    const auto& s = p.value.shape().sizes;
    if constexpr (Tag::kind == kind::dense && std::remove_cvref_t<decltype(p.value)>::rank == 2)
      init.normal(p, xavier_normal(long(s[1]), long(s[0])));
    else if constexpr (Tag::kind == kind::conv && std::remove_cvref_t<decltype(p.value)>::rank == 4)
      init.normal(p, kaiming_normal_fan_out(long(s[0] * s[2] * s[3])));
    else if constexpr (Tag::kind == kind::bias)
      init.constant(p, 0);
    else if constexpr (Tag::kind == kind::norm)
      init.constant(p, name.ends_with("weight") ? 1 : 0);
  });
}

}  // namespace ogm::nn
