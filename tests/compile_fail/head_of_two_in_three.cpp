// error: ogm: the head of a model is made for another number of modalities than the model has.
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/nn/linear.hpp>
using namespace ogm;
struct for_two {
  static constexpr int modalities = 2, classes = 3;
  nn::linear<4, 3> out;
  OGM_FIELDS(out)
};
using encoder = nn::linear<4, 4>;
late_fusion<for_two, modality<"a", encoder>, modality<"v", encoder>, modality<"t", encoder>> model;
int main() {}
