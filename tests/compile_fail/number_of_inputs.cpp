// error: ogm: a model was given another number of inputs than it takes.
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
int main() {
  two<fusion::concat<2>> m;
  tape<> t;
  tensor<float, dyn, 4> x(1);
  m(t, std::tie(x));
}
