#include <ogm/nn/dropout.hpp>

#include <support/gradient_check.hpp>

using namespace ogm;
using namespace ogm::test;

TEST_CASE("dropout: gradients") {
  for (const double p : {0.0, 0.3, 1.0})
    for (const long n : {1, 3, 4, 5, 31}) {
      const nn::dropout layer{p};
      auto x = numbers_like(extents<dyn, dyn>(n, 3), 1);
      check_layer(layer, {.accumulates = false}, x);
    }
}

TEST_CASE("dropout: how many, how large, and the same on any number of threads") {
  using B = backend::eigen<float>;
  tensor<float, dyn> ones(100003);
  for (float& v : ones.flat()) v = 1;
  const nn::dropout layer{0.25};
  const auto values = [&](int threads, std::uint64_t seed, std::uint32_t step) {
    const use_threads scope(threads);
    tape<B> tape;
    tape.set_random(seed, step);
    const auto y = layer(tape, ones);
    return std::vector<float>(y.flat().begin(), y.flat().end());
  };
  const auto y = values(1, 1, 1);
  long dropped = 0, scaled = 0;
  for (const float v : y) {
    dropped += v == 0;
    scaled += v == 1.f / 0.75f;
  }
  CHECK(dropped + scaled == 100003);
  CHECK(std::abs(double(dropped) / 100003 - 0.25) < 0.01);
  CHECK(values(4, 1, 1) == y);
  CHECK(values(1, 2, 1) != y);
  CHECK(values(1, 1, 2) != y);
  tape<B> tape;
  const auto first = layer(tape, ones), second = layer(tape, ones);
  CHECK_FALSE(same_bits(first.data(), second.data(), 100003));
}

TEST_CASE("dropout: the identity outside training, without a copy") {
  tape<backend::eigen<float>> tape;
  tape.set_training(false);
  const auto x = tape.variable(tensor<float, 3>());
  CHECK(nn::dropout{0.9}(tape, x).data() == x.data());
  tape.set_training(true);
  CHECK(nn::dropout{0}(tape, x).data() == x.data());
  inference<backend::eigen<float>> plain;
  const tensor<float, 3> data;
  CHECK(nn::dropout{0.9}(plain, data).data() == data.data());
}

TEST_CASE("dropout: a probability that is none, in words") {
  tape<backend::eigen<float>> tape;
  const tensor<float, 3> x;
  CHECK_THROWS_WITH(nn::dropout{1.5}(tape, x), "ogm: dropout was given the probability 1.500000: a number from 0 to 1 is needed.");
}
