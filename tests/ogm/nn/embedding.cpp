#include <ogm/nn/embedding.hpp>

#include <support/golden_check.hpp>
#include <support/golden_sequence.hpp>
#include <support/gradient_check.hpp>

using namespace ogm;
using namespace ogm::test;

namespace {
using doubles_backend = backend::eigen<double>;

template <int Entries, int Width> void check_width() {
  nn::embedding<Entries, Width, doubles_backend> layer;
  randomise(layer, 3);
  for (const long n : {1, 5, 70}) {
    tensor<std::int32_t, dyn, dyn> index(n, 2);
    for (long i = 0; i < 2 * n; ++i) index.data()[i] = std::int32_t(random::below({8, 9, 1}, std::uint64_t(i), Entries));
    const auto forward = [&](auto& t, const auto& model) { return model(t, index); };
    CHECK(gradient_problem(layer, forward, {}) == "");
  }
}
}  // namespace

TEST_CASE("embedding: gradients") {
  check_width<1, 1>();
  check_width<5, 3>();
  check_width<4, 63>();
  check_width<3, 65>();
}

TEMPLATE_TEST_CASE("embedding: PyTorch's values", "", float, double) {
  check_golden_cases<TestType>(run_golden_embedding<backend::eigen<TestType>>, {"embedding"});
}

TEST_CASE("embedding: the padding entry starts at 0 and learns nothing") {
  nn::embedding<4, 5, doubles_backend, 2> layer;
  nn::initialise(layer, 1);
  for (long i = 0; i < 5; ++i) {
    CHECK(layer.weight.value(2, i) == 0);
    CHECK(layer.weight.value(3, i) != 0);
  }
  gradient_store<doubles_backend> store(layer);
  tape<doubles_backend> tape;
  tape.bind(store);
  tensor<std::int32_t, 3> index;
  index(0) = 2, index(1) = 1, index(2) = 2;
  const auto y = layer(tape, index);
  seed_gradient(y, doubles(15, 1.0));
  tape.run_backward();
  for (long e = 0; e < 4; ++e)
    for (long i = 0; i < 5; ++i) CHECK(store.data(layer.weight)[e * 5 + i] == (e == 1 ? 1 : 0));
}

TEST_CASE("embedding: an index that is no entry, in words") {
  const nn::embedding<4, 2, doubles_backend> layer;
  inference<doubles_backend> tape;
  tensor<std::int32_t, 2, 2> index;
  for (const int bad : {4, -1}) {
    index(1, 0) = bad;
    CHECK_THROWS_WITH(layer(tape, index),
                      "ogm: embedding<4, 2> was given the index " + std::to_string(bad) + " at position 2: its entries are 0 to 3.");
  }
}
