// error: ogm: two policies of a chain have sample(). Keep one of them.
#include <ogm/modulation/combinators.hpp>
using namespace ogm;
struct sampler {
  static constexpr modulation::needs requirements{};
  void sample(auto&) const {}
};
int main() {
  modulation::chain<sampler, sampler> c;
  (void)c.requirements;
}
