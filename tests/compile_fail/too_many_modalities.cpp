// error: ogm: the policy does not support this number of modalities. Choose another policy or another model.
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
struct for_two {
  static constexpr modulation::needs requirements{.min_modalities = 2, .max_modalities = 2};
  void on_gradients(auto&) const {}
};
int main() { training_step step(three<fusion::concat<2>>{}, for_two{}, optim::sgd{}); }
