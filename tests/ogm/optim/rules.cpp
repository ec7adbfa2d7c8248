#include <ogm/backend/eigen.hpp>
#include <ogm/optim/rules.hpp>
#include <ogm/optim/update_pass.hpp>

#include <support/golden_check.hpp>
#include <support/golden_training.hpp>

using namespace ogm;

TEMPLATE_TEST_CASE("optimisers take PyTorch's steps", "", float, double) {
  test::check_golden_cases<TestType>(test::run_golden_optimiser<TestType>,
                                     {"sgd", "sgd_momentum_decay", "sgd_nesterov", "adam", "adam_decay", "adamw", "rmsprop"}, "optimizers");
}

TEST_CASE("a step over tables of every length leaves what lies beyond alone") {
  for (const size_type n : {1, 3, 7, 15, 16, 17, 33, 65535, 65536, 65537}) {
    tensor<float, dyn> p(n + 1), g(n + 1);
    for (size_type i = 0; i <= n; ++i) p(i) = 1, g(i) = float(i % 5);
    inference<backend::eigen<float>> tape;
    optim::update_pass<backend::eigen<float>, optim::sgd> pass(optim::sgd{}, n + 1);
    pass.begin();
    pass.add(p.data(), g.data(), long(n), 0, 0);
    pass.finish(tape, 0.5, {}, 1, {});
    bool right = p(n) == 1;
    for (size_type i = 0; i < n; ++i) right &= p(i) == 1 - 0.5f * float(i % 5);
    CHECK(right);
  }
}

TEMPLATE_TEST_CASE("clipping scales to the norm, as PyTorch's clip_grad_norm_", "", float, double) {
  test::golden_report report;
  test::run_golden_clipping<TestType>(test::golden_file("layers.json").at("clip_grad_norm"), report);
  INFO(report.where() << " is off by " << report.worst());
  CHECK(report.worst() <= test::golden_tolerance<TestType>);
}
