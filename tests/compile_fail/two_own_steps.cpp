// error: ogm: two policies of a chain have own_step. Keep one of them.
#include <ogm/modulation/combinators.hpp>
using namespace ogm;
struct alternating {
  static constexpr modulation::needs requirements{.probe = probe::split, .own_step = true};
  void on_gradients(auto&) const {}
};
int main() {
  modulation::chain<alternating, alternating> c;
  (void)c.requirements;
}
