// error: ogm: an encoder has no `backend_type` or no `width`. Write using backend_type = ...; static constexpr int width = ...; in it.
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/nn/linear.hpp>
using namespace ogm;
struct mine {
  using backend_type = backend::standard;
  nn::linear<4, 3> fc;
  OGM_FIELDS(fc)
  auto operator()(auto& tape, const auto& x) const { return fc(tape, x); }
};
int main() { [[maybe_unused]] late_fusion<fusion::concat<2>, modality<"a", mine>, modality<"v", mine>> model; }
