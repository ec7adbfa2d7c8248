#include <ogm/optim/schedule.hpp>

#include "support/golden.hpp"

using namespace ogm;

namespace {
template <class Schedule> void check(const std::string& name, const Schedule& schedule) {
  const auto rates = ogm::test::golden_case(name, "schedules").at("learning_rates").get<std::vector<double>>();
  REQUIRE(rates.size() == 20);
  for (std::size_t epoch = 0; epoch < rates.size(); ++epoch) {
    INFO(name << " epoch " << epoch);
    CHECK(std::abs(schedule.factor(double(epoch)) - rates[epoch]) <= 1e-10);
  }
}
}  // namespace

TEST_CASE("schedules give PyTorch's learning rates") {
  check("step_8_0.1", optim::step_lr{8, 0.1});
  check("cosine_10", optim::cosine{10});
  check("linear_warmup_5", optim::warmup<>{5, 0.2});
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
