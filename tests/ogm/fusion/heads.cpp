#include <ogm/backend/eigen.hpp>
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/film.hpp>
#include <ogm/fusion/gated.hpp>
#include <ogm/fusion/sum.hpp>
#include <ogm/nn/initialise.hpp>

#include <catch2/catch.hpp>

using namespace ogm;
using B = backend::eigen<double>;

namespace {

template <int W> tensor<double, dyn, W> features(int seed) {
  tensor<double, dyn, W> z(5);
  for (size_type i = 0; i < z.count(); ++i) z.data()[i] = std::sin(1.7 * double(i) + seed);
  return z;
}

/// forward(tape, z...) -> (5, classes): the gradients to the head and to every feature against central differences.
template <class Head, class Forward, class... Z> void check(Head& head, const Forward& forward, Z... z) {
  nn::initialise(head, 3);
  gradient_store<B> store(head);
  tape<B> t;
  t.bind(store);
  const auto vars = std::tuple{t.variable(z)...};
  const auto y = std::apply([&](const auto&... v) { return forward(t, v...); }, vars);
  const auto weight = [](size_type i) { return std::cos(double(i)); };
  const auto g = y.accumulate();
  for (size_type i = 0; i < y.count(); ++i) g.data[i] = weight(i);
  t.run_backward();
  const auto loss = [&] {
    inference<B> q;
    const auto o = forward(q, z...);
    double sum = 0;
    for (size_type i = 0; i < o.count(); ++i) sum += weight(i) * o.data()[i];
    return sum;
  };
  const auto compare = [&](double* x, size_type n, const double* gradient, bool reached) {
    for (size_type i = 0; i < n; ++i) {
      const double at = x[i];
      x[i] = at + 1e-5;
      const double up = loss();
      x[i] = at - 1e-5;
      const double down = loss();
      x[i] = at;
      const double slope = (up - down) / 2e-5;
      CHECK(std::abs((reached ? gradient[i] : 0) - slope) <= 1e-7);
    }
  };
  for_each_parameter_quietly(head, [&](auto, auto& p) { compare(p.value.data(), p.value.count(), store.data(p), store.reached(p)); });
  auto all = std::tie(z...);
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (compare(std::get<I>(all).data(), std::get<I>(all).count(), std::get<I>(vars).gradient(), std::get<I>(vars).reached()), ...);
  }
  (std::index_sequence_for<Z...>{});
}

template <class Head, class... Z> void probes_sum_to_the_logits(const Z&... z) {
  Head head;
  nn::initialise(head, 9);
  inference<B> t;
  const auto f = head(t, z...);
  std::vector<double> sum(std::size_t(f.count()));
  [&]<int... U>(std::integer_sequence<int, U...>) {
    (
        [&] {
          const auto o = fusion::probe_of<probe::split, U>(head, t, z...);
          for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += o.data()[i];
        }(),
        ...);
  }
  (std::make_integer_sequence<int, int(sizeof...(Z))>{});
  for (std::size_t i = 0; i < sum.size(); ++i) CHECK(std::abs(sum[i] - f.data()[i]) <= 1e-14);
}

}  // namespace

TEST_CASE("the probes of separable heads sum to the fused logits, for one to four modalities") {
  const auto a = features<6>(0);
  const auto b = features<3>(1);
  const auto c = features<8>(2);
  const auto d = features<5>(3);
  probes_sum_to_the_logits<fusion::concat<4>::over<B, 6>>(a);
  probes_sum_to_the_logits<fusion::concat<4>::over<B, 6, 3>>(a, b);
  probes_sum_to_the_logits<fusion::concat<4>::over<B, 6, 3, 8>>(a, b, c);
  probes_sum_to_the_logits<fusion::concat<4>::over<B, 6, 3, 8, 5>>(a, b, c, d);
  probes_sum_to_the_logits<fusion::sum<4>::over<B, 6>>(a);
  probes_sum_to_the_logits<fusion::sum<4>::over<B, 6, 3>>(a, b);
  probes_sum_to_the_logits<fusion::sum<4>::over<B, 6, 3, 8>>(a, b, c);
  probes_sum_to_the_logits<fusion::sum<4>::over<B, 6, 3, 8, 5>>(a, b, c, d);
}

TEST_CASE("gradients of every head and of every probe are difference quotients") {
  const auto both = [](auto& head, const auto& forward) { check(head, forward, features<6>(0), features<6>(1)); };
  fusion::concat<3>::over<B, 6, 6> concat;
  both(concat, [&](auto& t, const auto&... z) { return concat(t, z...); });
  both(concat, [&](auto& t, const auto&... z) { return fusion::probe_of<probe::split, 0>(concat, t, z...); });
  both(concat, [&](auto& t, const auto&... z) { return fusion::probe_of<probe::split, 1>(concat, t, z...); });
  both(concat, [&](auto& t, const auto&... z) { return fusion::probe_of<probe::zero_feature, 1>(concat, t, z...); });
  fusion::sum<3>::over<B, 6, 6> sum;
  both(sum, [&](auto& t, const auto&... z) { return sum(t, z...); });
  both(sum, [&](auto& t, const auto&... z) { return fusion::probe_of<probe::split, 1>(sum, t, z...); });
  fusion::film<3>::over<B, 6, 6> film;
  both(film, [&](auto& t, const auto&... z) { return film(t, z...); });
  both(film, [&](auto& t, const auto&... z) { return fusion::probe_of<probe::self_head, 0>(film, t, z...); });
  both(film, [&](auto& t, const auto&... z) { return fusion::probe_of<probe::zero_feature, 1>(film, t, z...); });
  fusion::gated<3, 7>::over<B, 6, 6> gated;
  both(gated, [&](auto& t, const auto&... z) { return gated(t, z...); });
  both(gated, [&](auto& t, const auto&... z) { return fusion::probe_of<probe::self_head, 1>(gated, t, z...); });
  fusion::film<3>::over<B, 6, 4, 5> three;
  check(
      three, [&](auto& t, const auto&... z) { return three(t, z...); }, features<6>(0), features<4>(1), features<5>(2));
}
