// error: ogm: samples are masked for a policy that has sample() or on_batch(). Give it one of them.
#include <ogm/backend/eigen.hpp>
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/train/training_step.hpp>

using B = ogm::backend::eigen<float>;
using model = ogm::late_fusion<ogm::fusion::concat<3>, ogm::modality<"a", ogm::nn::mlp<5, 7, 6, B>>>;
void f(ogm::training_step<model, ogm::modulation::none, ogm::optim::sgd>& step) { step.set_sample_masks({}); }
