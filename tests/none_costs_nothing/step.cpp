// One step of training, compiled three ways: by a loop of one's own, by the engine with the policy `none`, and with a policy that
// modulates. check.cmake reads the functions that the object holds.

#include <ogm/backend/eigen.hpp>
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/train/training_step.hpp>

using namespace ogm;

/// Operations are compiled elsewhere: what is left is the step itself.
struct elsewhere {
  using value_type = float;
  using space = memory::host;
  template <class Operation> void run(const Operation&);
};
using model =
    late_fusion<fusion::concat<4>, modality<"audio", nn::mlp<5, 7, 6, elsewhere>>, modality<"visual", nn::mlp<4, 8, 6, elsewhere>>>;
using inputs = std::tuple<view<const float, dyn, 5>, view<const float, dyn, 4>>;
using targets = view<const std::int32_t, dyn>;

#if OGM_STEP == 0  // by hand
double one_step(model& m, gradient_store<elsewhere>& gradients, optim::update_pass<elsewhere, optim::sgd>& update, tape<elsewhere>& t,
                const inputs& x, const targets& labels) {
  t.rewind();
  gradients.clear();
  const auto logits = m(t, x).logits;
  const auto loss = nn::cross_entropy(t, logits, labels, {.absent_labels = true});
  nn::softmax_scores(static_cast<inference<elsewhere>&>(t),
                     view<const float, dyn, dyn>(logits.data(), extents<dyn, dyn>(logits.size(0), 4)), labels);
  t.backward(loss);
  update.begin();
  for_each_parameter_quietly(
      m, [&](auto, auto& p) { update.add(p.value.data(), gradients.data(p), long(p.value.count()), long(p.offset), 0); });
  update.finish(t, 0.1, {}, 1, {});
  return double(t.read(loss));
}
#else
#if OGM_STEP == 1
using policy = modulation::none;
#else
using policy = modulation::ogm_ge;
#endif
double one_step(training_step<model, policy, optim::sgd>& step, const inputs& x, const targets& labels) {
  return step.step(x, labels, {.learning_rate = 0.1}).loss;
}
#endif
