// error: ogm: the policy needs probe::self_head and the head does not condition one modality on another.
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/modulation/ogm.hpp>
#include <ogm/nn/linear.hpp>
#include <ogm/train/training_step.hpp>
using namespace ogm;
using model = late_fusion<fusion::concat<2>, modality<"a", nn::linear<4, 4>>, modality<"v", nn::linear<4, 4>>>;
int main() { training_step step(model{}, modulation::with_probe<modulation::ogm, probe::self_head>{}, optim::sgd{}); }
