// Which parameters each selection holds, by the names that a model gives them.
#include <ogm/modulation/selection.hpp>

#include <ogm/backend/eigen.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/fusion/sum.hpp>
#include <ogm/nn/batch_norm.hpp>
#include <ogm/nn/conv.hpp>
#include <ogm/nn/linear.hpp>
#include <ogm/train/trained_modules.hpp>

#include <catch2/catch.hpp>

namespace selection_test {

using namespace ogm;
namespace chosen = ogm::modulation::select;  // POSIX has a function select
using ogm::modulation::detail::selected_count;

namespace {
using B = backend::eigen<float>;
struct encoder {
  using backend_type = B;
  static constexpr int width = 4;
  nn::conv2d<1, 2, nn::kernel<3>, B> conv;
  nn::batch_norm<2, B> norm;
  nn::linear<2, 4, B> fc;
  OGM_FIELDS(conv, norm, fc)
};
using model = late_fusion<fusion::sum<3>, modality<"a", encoder>, modality<"b", encoder>>;

struct by_aux_heads {
  static constexpr modulation::needs requirements{.probe = probe::aux_head};
};

/// The names that a selection holds of modality a.
template <class Selection> std::vector<std::string> held() {
  std::vector<std::string> out;
  trained_modules<model, by_aux_heads> modules;
  for_each_parameter(modules, [&]<class Tag>(Tag, const std::string& name, auto& p) {
    const modulation::parameter_tag tag{Tag::modality, Tag::role, Tag::kind, std::remove_cvref_t<decltype(p.value)>::rank};
    if (Tag::modality == 0 && Selection::holds(tag)) out.push_back(name);
  });
  return out;
}
using names = std::vector<std::string>;
}  // namespace

TEST_CASE("selections go by what parameters are for, and by where they stand") {
  CHECK(held<chosen::conv_weights>() == names{"model.a.conv.weight"});
  CHECK(held<chosen::weights>() == names{"model.a.conv.weight", "model.a.fc.weight"});
  names all{"model.a.conv.weight", "model.a.conv.bias", "model.a.norm.weight", "model.a.norm.bias", "model.a.fc.weight", "model.a.fc.bias"};
  CHECK(held<chosen::all_encoder>() == all);
  all.insert(all.end(), {"aux.a.weight", "aux.a.bias"});  // of the head of all modalities nothing
  CHECK(held<chosen::all_of_modality>() == all);
}

TEST_CASE("what a selection holds of a model's modalities is counted when it is compiled") {
  static_assert(selected_count<model, chosen::conv_weights>() == 2);
  static_assert(selected_count<model, chosen::weights>() == 4);
  static_assert(selected_count<model, chosen::all_encoder>() == 12);
  struct nothing {
    static constexpr bool holds(const modulation::parameter_tag&) { return false; }
  };
  static_assert(selected_count<model, nothing>() == 0);
  struct matrices {
    static constexpr bool holds(const modulation::parameter_tag& t) { return t.rank == 2 && t.role == role::encoder; }
  };
  static_assert(selected_count<model, matrices>() == 2);
}

}  // namespace selection_test
