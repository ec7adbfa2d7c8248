// error: ogm: a policy with second_pass scores clean features by a probe of the head. Set .probe in its needs.
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/nn/linear.hpp>
#include <ogm/train/training_step.hpp>
using namespace ogm;
using model = late_fusion<fusion::concat<2>, modality<"a", nn::linear<4, 4>>, modality<"v", nn::linear<4, 4>>>;
struct scoring {
  static constexpr modulation::needs requirements{.second_pass = true};
  void on_features(auto&) const {}
};
int main() {
  training_step step(model{}, scoring{}, optim::sgd{});
  tensor<float, dyn, 4> x(2);
  tensor<std::int32_t, dyn> y(2);
  step.step(std::tie(x, x), as_view(y), {});
}
