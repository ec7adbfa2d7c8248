// error: ogm: the policy has a function that looks like a misspelt hook and is never called.
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/film.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/modulation/uniform.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/train/training_step.hpp>
using namespace ogm;
using encoder = nn::mlp<4, 4, 4>;
template <class Head> using two = late_fusion<Head, modality<"a", encoder>, modality<"v", encoder>>;
template <class Head> using three = late_fusion<Head, modality<"a", encoder>, modality<"v", encoder>, modality<"t", encoder>>;
struct mine {
  static constexpr modulation::needs requirements{};
  void on_gradients(auto&) const {}
  void on_epoch_start(auto&) const {}
};
int main() { training_step step(two<fusion::concat<2>>{}, mine{}, optim::sgd{}); }
