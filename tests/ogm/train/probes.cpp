// What a modality says alone where the head does not tell: by zeroed inputs, and by Shapley's formula over all subsets.
#include <ogm/train/probes.hpp>

#include <ogm/backend/eigen.hpp>
#include <ogm/fusion/concat.hpp>
#include <ogm/modulation/needs.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/train/trained_modules.hpp>

#include <support/gradient_check.hpp>

namespace probes_test {

using namespace ogm;
using test::doubles;

namespace {
using B = backend::eigen<double>;

/// A head in which no modality's part can be told from the others': W (a b + c) + bias.
struct product_head {
  using backend_type = B;
  static constexpr int modalities = 3, classes = 4;
  nn::linear<6, classes, B> out;
  OGM_FIELDS(out)
  auto operator()(auto& tape, const auto& a, const auto& b, const auto& c) const { return out(tape, ogm::evaluate(tape, a * b + c)); }
};
template <int In> using encoder = nn::mlp<In, 7, 6, B>;
using model = late_fusion<product_head, modality<"a", encoder<5>>, modality<"b", encoder<4>>, modality<"c", encoder<3>>>;
constexpr int M = 3;

struct batch {
  tensor<double, dyn, 5> a = test::numbers_like(extents<dyn, 5>(6), 1);
  tensor<double, dyn, 4> b = test::numbers_like(extents<dyn, 4>(6), 2);
  tensor<double, dyn, 3> c = test::numbers_like(extents<dyn, 3>(6), 3);
};
/// The fused logits where the modalities outside of a subset are given zeros.
doubles worth(const model& m, batch b, unsigned subset) {
  const auto keep = [&](unsigned u, auto& x) {
    if (!(subset >> u & 1)) std::fill_n(x.data(), x.count(), 0.0);
  };
  keep(0, b.a), keep(1, b.b), keep(2, b.c);
  inference<B> tape;
  const auto logits = m(tape, std::tie(b.a, b.b, b.c)).logits;
  return {logits.data(), logits.data() + logits.count()};
}
template <probe K> std::array<doubles, M> probes_of(const model& m, const batch& b) {
  inference<B> tape;
  std::array<doubles, M> out;
  [&]<int... U>(std::integer_sequence<int, U...>) {
    const auto one = [&]<int V>(std::integral_constant<int, V>) {
      const auto o = ogm::detail::masked_probe<K, V>(m, tape, std::tie(b.a, b.b, b.c));
      out[std::size_t(V)].assign(o.data(), o.data() + o.count());
    };
    (one(std::integral_constant<int, U>{}), ...);
  }
  (std::make_integer_sequence<int, M>{});
  return out;
}
struct with_aux {
  static constexpr modulation::needs requirements{.probe = probe::aux_head};
};
}  // namespace

TEST_CASE("zero_input is the fused logits of a batch in which only that modality is not 0") {
  model m;
  test::randomise(m, 4);
  const batch b;
  const auto probes = probes_of<probe::zero_input>(m, b);
  for (unsigned u = 0; u < M; ++u) CHECK(probes[u] == worth(m, b, 1u << u));
  CHECK(probes[0] != probes[2]);
}

TEST_CASE("shapley is the mean over all orders of what a modality adds to those before it, and all of them add up") {
  model m;
  test::randomise(m, 4);
  const batch b;
  const auto probes = probes_of<probe::shapley>(m, b);
  std::array<doubles, M> expected;
  expected.fill(doubles(24));
  std::array<unsigned, M> order{0, 1, 2};
  do {
    unsigned before = 0;
    for (const unsigned u : order) {
      const doubles with = worth(m, b, before | 1u << u), without = before ? worth(m, b, before) : doubles(24);
      for (std::size_t i = 0; i < 24; ++i) expected[u][i] += (with[i] - without[i]) / 6;
      before |= 1u << u;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  const doubles fused = worth(m, b, 7);
  for (std::size_t i = 0; i < 24; ++i) {
    for (unsigned u = 0; u < M; ++u) CHECK_FALSE(test::apart(probes[u][i], expected[u][i], 1e-13));
    CHECK_FALSE(test::apart(probes[0][i] + probes[1][i] + probes[2][i], fused[i], 1e-13));
  }
}

TEST_CASE("an auxiliary head is a modality's own layer on its features") {
  trained_modules<model, with_aux> modules;
  test::randomise(modules, 4);
  const batch b;
  inference<B> tape;
  const auto of = encode_all(modules.model, tape, std::tie(b.a, b.b, b.c));
  const auto o = std::apply([&](const auto&... z) { return ogm::detail::recorded_probe<probe::aux_head, 1>(modules, of.head, tape, z...); },
                            of.features);
  const auto expected = std::get<1>(modules.aux.heads)(tape, std::get<1>(of.features));
  REQUIRE(o.count() == 24);
  CHECK(std::equal(o.data(), o.data() + 24, expected.data()));
}

}  // namespace probes_test
