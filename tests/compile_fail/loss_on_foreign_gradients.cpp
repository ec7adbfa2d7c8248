// error: ogm: the policy has no on_gradients(), so it cannot act on foreign gradients. Choose one that has, such as ogm_ge.
// error: ogm: the policy adds losses or edits features, which a foreign training loop cannot give it. Train with ogm::trainer.
#include <ogm/modulation/foreign.hpp>
#include <ogm/modulation/none.hpp>
using namespace ogm;
struct adds_a_loss {
  static constexpr modulation::needs requirements{};
  void on_gradients(auto&) const {}
  void loss(auto&) const {}
};
int main() {
  modulation::modulator does_nothing(modulation::none{}, {"a", "v"});
  modulation::modulator adds(adds_a_loss{}, {"a", "v"});
}
