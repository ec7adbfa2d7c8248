// error: ogm: an input holds neither the backend's numbers nor std::int32_t. Convert it before the step.
#include <ogm/backend/eigen.hpp>
#include <ogm/train/sample_masks.hpp>
using B = ogm::backend::eigen<float>;
int main() {
  ogm::inference<B> tape;
  const ogm::tensor<double, ogm::dyn, 3> x(4);
  ogm::detail::sample_masks<B, 1> samples;
  samples.masked(tape, std::tuple(ogm::detail::as_data(x)));
}
