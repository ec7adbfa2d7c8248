// error: ogm: a policy does not state its needs. Write static constexpr modulation::needs requirements{}; in it.
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/train/trainer.hpp>
using namespace ogm;
using encoder = nn::mlp<4, 4, 4>;
using model = late_fusion<fusion::concat<2>, modality<"a", encoder>, modality<"v", encoder>>;
struct mine {
  void on_gradients(auto&) const {}
};
int main() { trainer run{model{}, mine{}, optim::sgd{.lr = 0.1}, {.seed = 1}}; }
