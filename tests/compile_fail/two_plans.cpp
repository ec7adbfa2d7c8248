// error: ogm: two policies of a chain have plan(). Keep one of them.
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
struct planner {
  static constexpr modulation::needs requirements{};
  void plan(auto&) const {}
};
int main() {
  modulation::chain<planner, modulation::uniform, planner> c;
  (void)c.requirements;
}
