// error: ogm: two policies of a chain need different probes. Give all of them one: chain<with_probe<P, probe::zero_feature>, ...>.
#include <ogm/modulation/combinators.hpp>
#include <ogm/modulation/ogm.hpp>
#include <ogm/modulation/uniform.hpp>
using namespace ogm;
int main() {
  modulation::chain<modulation::ogm, modulation::with_probe<modulation::uniform, probe::aux_head>> c;
  (void)c.requirements;
}
