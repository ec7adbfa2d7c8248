#include "layers.hpp"

#include <support/golden_training.hpp>

#include <ogm/backend/eigen.hpp>

namespace golden {

using namespace ogm::test;

runners loss_runners() { return {run_golden_loss<ogm::backend::eigen<float>>, nullptr, run_golden_loss<ogm::backend::eigen<double>>}; }
runners optimiser_runners() { return {run_golden_optimiser<float>, nullptr, run_golden_optimiser<double>}; }
runners schedule_runners() { return {run_golden_schedule, nullptr, run_golden_schedule}; }
runners clipping_runners() {
  return {[](const json& c, golden_report& r) { return run_golden_clipping<float>(c, r), true; }, nullptr,
          [](const json& c, golden_report& r) { return run_golden_clipping<double>(c, r), true; }};
}

}  // namespace golden
