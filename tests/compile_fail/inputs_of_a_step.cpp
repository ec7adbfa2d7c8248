// error: ogm: a model was given another number of inputs than it takes.
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/modulation/none.hpp>
#include <ogm/nn/linear.hpp>
#include <ogm/train/training_step.hpp>
using namespace ogm;
using model = late_fusion<fusion::concat<2>, modality<"a", nn::linear<4, 4>>, modality<"v", nn::linear<4, 4>>>;
int main() {
  training_step step(model{}, modulation::none{}, optim::sgd{});
  tensor<float, dyn, 4> x(2);
  tensor<std::int32_t, dyn> y(2);
  step.step(std::tie(x, x, x), as_view(y), {});
}
