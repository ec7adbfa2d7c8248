#include <ogm/nn/attention.hpp>

#include <support/golden_check.hpp>
#include <support/golden_sequence.hpp>
#include <support/gradient_check.hpp>

#include <limits>
#include <tuple>

using namespace ogm;
using namespace ogm::test;

namespace {
using doubles_backend = backend::eigen<double>;
using options_type = nn::attention_options<memory::host, double>;
constexpr double infinity = std::numeric_limits<double>::infinity();

template <int Width, int Heads> void check_gradients(long batch, long queries, long keys) {
  nn::multi_head_attention<Width, Heads, doubles_backend> layer;
  randomise(layer, 3);
  auto q = numbers_like(extents<dyn, dyn, Width>(batch, queries), 1), m = numbers_like(extents<dyn, dyn, Width>(batch, keys), 2);
  tensor<std::uint8_t, dyn, dyn> padding(batch, keys);
  auto additive = numbers_like(extents<dyn, dyn>(queries, keys), 5);
  for (long b = 0; b < batch; ++b)
    for (long k = 0; k < keys; ++k) padding(b, k) = (b + k) % 3 == 0;
  for (long k = 0; k < keys; ++k) additive(queries - 1, k) = -infinity;  // a query with nothing to look at
  const gradient_options some{.elements = 30};
  for (const options_type& options : {options_type{}, options_type{.key_padding_mask = padding}, options_type{.additive_mask = additive},
                                      options_type{.key_padding_mask = padding, .additive_mask = additive}}) {
    INFO(Width << "/" << Heads << ", " << batch << " " << queries << " " << keys);
    const auto both = [&](auto& t, const auto& model, const auto& a, const auto& b) {
      const auto r = model.with_weights(t, a, b, options);
      return std::tuple{r.output, r.weights};
    };
    const auto output = [&](auto& t, const auto& model, const auto& a, const auto& b) { return model(t, a, b, options); };
    CHECK(gradient_problem(layer, both, some, q, m) == "");
    CHECK(gradient_problem(layer, output, some, q, m) == "");
  }
}
}  // namespace

TEST_CASE("multi_head_attention: gradients") {
  check_gradients<2, 1>(1, 1, 1);
  check_gradients<6, 3>(2, 3, 5);
  check_gradients<4, 2>(3, 2, 9);
}

TEST_CASE("multi_head_attention: self-attention, and a loss of the weights alone") {
  nn::multi_head_attention<6, 2, doubles_backend> layer;
  randomise(layer, 3);
  auto x = numbers_like(extents<dyn, dyn, 6>(2, 4), 1), m = numbers_like(extents<dyn, dyn, 6>(2, 5), 2);
  const auto self = [](auto& t, const auto& model, const auto& v) { return model(t, v, v); };
  CHECK(gradient_problem(layer, self, {.elements = 30}, x) == "");
  const auto weights = [&](auto& t, const auto&, const auto& a, const auto& b) { return layer.with_weights(t, a, b).weights; };
  gradient_store<doubles_backend> store(layer);
  tape<doubles_backend> tape;
  tape.bind(store);
  const auto q = tape.variable(x), k = tape.variable(m);
  const auto w = weights(tape, layer, q, k);
  const auto cotangent = numbers(std::size_t(w.count()), 4);
  seed_gradient(w, cotangent);
  tape.run_backward();
  const doubles analytic = numbers_of<memory::host>(k.gradient(), k.count());
  const auto loss = [&] {
    inference<doubles_backend> plain;
    const auto v = weights(plain, layer, x, m);
    double sum = 0;
    for (long i = 0; i < v.count(); ++i) sum += v.data()[i] * cotangent[std::size_t(i)];
    return sum;
  };
  for (long i = 0; i < m.count(); i += 7) {
    const double before = m.data()[i];
    m.data()[i] = before + 1e-5;
    const double above = loss();
    m.data()[i] = before - 1e-5;
    const double below = loss();
    m.data()[i] = before;
    CHECK(!apart((above - below) / 2e-5, analytic[std::size_t(i)], 1e-6));
  }
}

TEST_CASE("multi_head_attention: dropout of the weights") {
  nn::multi_head_attention<4, 2, doubles_backend> layer;
  randomise(layer, 3);
  layer.weight_dropout = 0.4;
  auto q = numbers_like(extents<dyn, dyn, 4>(2, 3), 1), m = numbers_like(extents<dyn, dyn, 4>(2, 5), 2);
  const auto both = [](auto& t, const auto& model, const auto& a, const auto& b) {
    const auto r = model.with_weights(t, a, b);
    return std::tuple{r.output, r.weights};
  };
  CHECK(gradient_problem(layer, both, {.accumulates = false, .elements = 40}, q, m) == "");
}

TEMPLATE_TEST_CASE("multi_head_attention: PyTorch's values", "", float, double) {
  check_golden_cases<TestType>(run_golden_attention<backend::eigen<TestType>>, {"multi_head_attention", "multi_head_attention_masked"});
}

TEST_CASE("multi_head_attention: laws of the masks") {
  nn::multi_head_attention<6, 2, doubles_backend> layer;
  randomise(layer, 3);
  inference<doubles_backend> tape;
  const auto q = numbers_like(extents<dyn, dyn, 6>(2, 3), 1), m = numbers_like(extents<dyn, dyn, 6>(2, 4), 2);
  auto other = m;
  tensor<std::uint8_t, dyn, dyn> padding(2, 4);
  for (long k = 0; k < 4; ++k) padding(0, k) = 1;  // nothing left for sample 0
  padding(1, 2) = 1;
  for (long c = 0; c < 6; ++c) other(1, 2, c) += 5;  // what is masked does not matter
  const auto a = layer.with_weights(tape, q, m, {.key_padding_mask = padding});
  const auto b = layer.with_weights(tape, q, other, {.key_padding_mask = padding});
  CHECK(same_bits(a.output.data(), b.output.data(), std::size_t(a.output.count())));
  for (long l = 0; l < 3; ++l) {
    double sum = 0;
    for (long k = 0; k < 4; ++k) {
      CHECK(a.weights(0, l, k) == 0);
      sum += a.weights(1, l, k);
    }
    CHECK(!apart(sum, 1, 1e-12));
    CHECK(a.weights(1, l, 2) == 0);
    for (long c = 0; c < 6; ++c) CHECK(a.output(0, l, c) == layer.out_proj.bias.value(c));
  }
  tensor<double, dyn, dyn> additive(3, 4);  // -inf is the same as a mask
  for (long l = 0; l < 3; ++l) additive(l, 2) = -infinity;
  const auto d = layer(tape, q, m, {.additive_mask = additive});
  for (long l = 0; l < 3; ++l)
    for (long c = 0; c < 6; ++c) CHECK(d(1, l, c) == a.output(1, l, c));
}

TEST_CASE("multi_head_attention: misuse, in words") {
  const nn::multi_head_attention<4, 2, doubles_backend> layer;
  inference<doubles_backend> tape;
  const tensor<double, 2, 3, 4> q;
  CHECK_THROWS_WITH(layer(tape, q, tensor<double, 1, 5, 4>()),
                    "ogm: multi_head_attention<4, 2> was given a query of shape (2, 3, 4) and a memory of shape (1, 5, 4).");
  const tensor<std::uint8_t, dyn, dyn> padding(2, 4);
  CHECK_THROWS_WITH(layer(tape, q, tensor<double, 2, 5, 4>(), {.key_padding_mask = padding}),
                    "ogm: multi_head_attention<4, 2> was given a key padding mask of shape (2, 4) for a query of shape (2, 3, 4) and a "
                    "memory of shape (2, 5, 4).");
  nn::multi_head_attention<4, 2, doubles_backend> dropping;
  for (const double p : {-0.1, 1.5, std::nan("")}) {
    dropping.weight_dropout = p;
    CHECK_THROWS_WITH(dropping(tape, q, q), "ogm: multi_head_attention<4, 2> was given the weight_dropout " + std::to_string(p) +
                                                ": a number from 0 to 1 is needed.");
  }
}
