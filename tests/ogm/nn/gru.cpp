#include <ogm/nn/gru.hpp>

#include "recurrent_cases.hpp"

using namespace ogm;
using namespace ogm::test;

namespace {
using doubles_backend = backend::eigen<double>;
}

TEST_CASE("gru: gradients") {
  check_recurrent<nn::gru<3, 1, false, doubles_backend>, 3>(1, 1);
  check_recurrent<nn::gru<2, 5, false, doubles_backend>, 2>(3, 4);
  check_recurrent<nn::gru<1, 3, true, doubles_backend>, 1>(2, 3);
  check_recurrent<nn::gru<3, 2, true, doubles_backend, 2>, 3>(3, 3);
}

TEMPLATE_TEST_CASE("gru: PyTorch's values", "", float, double) {
  check_golden_cases<TestType>(run_golden_recurrent<backend::eigen<TestType>>, {"gru", "gru_bidirectional"});
}

TEST_CASE("gru: tails of packs agree with double") {
  check_recurrent_precisions<nn::gru<5, 7, true, backend::eigen<float>>, nn::gru<5, 7, true, doubles_backend>, 5>();
  check_recurrent_precisions<nn::gru<5, 19, true, backend::eigen<float>>, nn::gru<5, 19, true, doubles_backend>, 5>();
}

TEST_CASE("gru: a sequence does not depend on its batch nor on what follows its end") {
  check_recurrent_independence<nn::gru<4, 6, true, doubles_backend>, 4>();
}

TEST_CASE("gru: misuse, in words") {
  const nn::gru<3, 4, false, doubles_backend> layer;
  inference<doubles_backend> tape;
  CHECK_THROWS_WITH(layer(tape, tensor<double, dyn, dyn, dyn>(2, 5, 4)), "ogm: gru<3, 4> was given a tensor of shape (2, 5, 4).");
}
