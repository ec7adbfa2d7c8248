#include <ogm/optim/schedule.hpp>

#include <support/golden_check.hpp>
#include <support/golden_training.hpp>

using namespace ogm;

TEST_CASE("schedules give PyTorch's learning rates") {
  test::check_golden_cases<double>(test::run_golden_schedule, {"step_8_0.1", "cosine_10", "linear_warmup_5"}, "schedules");
}

TEST_CASE("a warm-up multiplies what follows it") {
  const optim::warmup<optim::step_lr> s{4, 0.5, {8, 0.1}};
  CHECK(s.factor(0) == 0.5);
  CHECK(s.factor(4) == 1);
  CHECK(std::abs(s.factor(8) - 0.1) <= 1e-15);
  const optim::warmup<optim::step_lr> later{4, 0.5, {8, 0.1}, true};
  CHECK(later.factor(8) == 1);
  CHECK(std::abs(later.factor(12) - 0.1) <= 1e-15);
}
