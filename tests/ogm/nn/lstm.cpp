#include <ogm/nn/lstm.hpp>

#include "recurrent_cases.hpp"

using namespace ogm;
using namespace ogm::test;

namespace {
using doubles_backend = backend::eigen<double>;
}

TEST_CASE("lstm: gradients") {
  check_recurrent<nn::lstm<3, 1, false, doubles_backend>, 3>(1, 1);
  check_recurrent<nn::lstm<2, 5, false, doubles_backend>, 2>(3, 4);
  check_recurrent<nn::lstm<1, 3, true, doubles_backend>, 1>(2, 3);
  check_recurrent<nn::lstm<3, 2, true, doubles_backend, 2>, 3>(3, 3);
}

TEMPLATE_TEST_CASE("lstm: PyTorch's values", "", float, double) {
  check_golden_cases<TestType>(run_golden_recurrent<backend::eigen<TestType>>, {"lstm", "lstm_2layers_bidirectional", "lstm_padded"});
}

TEST_CASE("lstm: tails of packs agree with double") {
  check_recurrent_precisions<nn::lstm<5, 7, true, backend::eigen<float>>, nn::lstm<5, 7, true, doubles_backend>, 5>();
  check_recurrent_precisions<nn::lstm<5, 19, true, backend::eigen<float>>, nn::lstm<5, 19, true, doubles_backend>, 5>();
}

TEST_CASE("lstm: a sequence does not depend on its batch nor on what follows its end") {
  check_recurrent_independence<nn::lstm<4, 6, true, doubles_backend>, 4>();
}

TEST_CASE("lstm: misuse, in words") {
  const nn::lstm<3, 4, false, doubles_backend> layer;
  inference<doubles_backend> tape;
  const tensor<double, 2, 5, 3> x;
  tensor<std::int32_t, dyn> lengths(2);
  lengths(0) = 5, lengths(1) = 6;
  CHECK_THROWS_WITH(layer(tape, x, {.lengths = lengths}),
                    "ogm: lstm<3, 4> was given the length 6 in row 1 of a tensor of shape (2, 5, 3).");
  lengths(1) = -1;
  CHECK_THROWS_AS(layer(tape, x, {.lengths = lengths}), value_error);
  const tensor<std::int32_t, dyn> three(3);
  CHECK_THROWS_WITH(layer(tape, x, {.lengths = three}), "ogm: lstm<3, 4> was given 3 lengths for a tensor of shape (2, 5, 3).");
  const tensor<std::uint8_t, dyn, dyn> mask(2, 4);
  CHECK_THROWS_WITH(layer(tape, x, {.mask = mask}), "ogm: lstm<3, 4> was given a mask of shape (2, 4) for a tensor of shape (2, 5, 3).");
  CHECK_THROWS_WITH(layer(tape, tensor<double, dyn, dyn, dyn>(2, 5, 4)), "ogm: lstm<3, 4> was given a tensor of shape (2, 5, 4).");
}
