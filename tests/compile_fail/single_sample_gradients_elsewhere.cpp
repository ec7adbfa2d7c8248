// error: ogm: the policy needs gradients of single losses or samples, which a foreign training loop cannot give it.
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
#include <ogm/modulation/foreign.hpp>
int main() { modulation::modulator balance(modulation::ogm_ge_as_in_paper(), {"a", "v"}); }
