// error: ogm: two policies of a chain have predict(). Keep one of them.
#include <ogm/modulation/combinators.hpp>
using namespace ogm;
struct predictor {
  static constexpr modulation::needs requirements{};
  void predict(auto&) const {}
};
int main() {
  modulation::chain<predictor, predictor> c;
  (void)c.requirements;
}
