// error: ogm: the encoders of a model have different backends. Give all of them the same.
#include <ogm/backend/eigen.hpp>
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/nn/linear.hpp>
using namespace ogm;
late_fusion<fusion::concat<2>, modality<"a", nn::linear<4, 4, backend::eigen<float>>>,
            modality<"v", nn::linear<4, 4, backend::eigen<double>>>>
    model;
int main() {}
