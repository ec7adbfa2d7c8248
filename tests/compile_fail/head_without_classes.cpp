// error: ogm: a fusion head has no `modalities` and `classes`. Write static constexpr int modalities = ..., classes = ...; in it.
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/nn/linear.hpp>
using namespace ogm;
struct no_classes {
  nn::linear<4, 3> out;
  OGM_FIELDS(out)
};
late_fusion<no_classes, modality<"a", nn::linear<4, 4>>> model;
int main() {}
