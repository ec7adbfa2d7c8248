// error: ogm: a rule for the device keeps two states at most. Write static constexpr int states = 2;.
#include <ogm/cuda/modulation/modulation_kernel.cuh>
struct rule {
  static constexpr int states = 3;
};
void step(float (&x)[4], float (&state)[3][4]) { ogm::cuda::detail::step_of(rule{}, x, x, state, 1.f); }
