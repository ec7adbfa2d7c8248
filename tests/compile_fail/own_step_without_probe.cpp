// error: ogm: a policy with own_step and no loss() trains each modality on its probe. Set .probe in its needs, or write loss().
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/nn/linear.hpp>
#include <ogm/train/training_step.hpp>
using namespace ogm;
using model = late_fusion<fusion::concat<2>, modality<"a", nn::linear<4, 4>>, modality<"v", nn::linear<4, 4>>>;
struct alternating {
  static constexpr modulation::needs requirements{.own_step = true};
  void on_gradients(auto&) const {}
};
int main() {
  training_step step(model{}, alternating{}, optim::sgd{});
  tensor<float, dyn, 4> x(2);
  tensor<std::int32_t, dyn> y(2);
  step.step(std::tie(x, x), as_view(y), {});
}
