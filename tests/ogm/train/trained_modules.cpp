// What is walked, named and counted of a model and of the modules that its policy adds.
#include <ogm/backend/eigen.hpp>
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/modulation/none.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/train/trained_modules.hpp>

#include <catch2/catch.hpp>

#include <map>

namespace trained_modules_test {

using namespace ogm;
using modulation::needs;

namespace {
using B = backend::eigen<float>;
using model = late_fusion<fusion::concat<3>, modality<"audio", nn::mlp<5, 7, 6, B>>, modality<"visual", nn::mlp<4, 7, 8, B>>>;

struct by_aux_heads {
  static constexpr needs requirements{.probe = probe::aux_head};
};
/// Has a module of its own, and auxiliary heads too.
struct with_a_module {
  static constexpr needs requirements{.probe = probe::aux_head};
  template <class Model> struct modules {
    nn::linear<2, 3, B> gate;
    OGM_FIELDS(gate)
  };
};

struct seen {
  int modality;
  role belongs_to;
  size_type count;
  bool operator==(const seen&) const = default;
};
template <class Modules> std::map<std::string, seen> parameters(Modules modules) {
  std::map<std::string, seen> out;
  for_each_parameter(modules, [&]<class Tag>(Tag, const std::string& name, auto& p) {
    CHECK(out.emplace(name, seen{Tag::modality, Tag::role, p.value.count()}).second);  // no name twice
  });
  return out;
}
}  // namespace

TEST_CASE("without needs there is the model and nothing else") {
  using modules = trained_modules<model, modulation::none>;
  static_assert(sizeof(modules) == sizeof(model));
  static_assert(!modules::has_aux);
  const auto of_model = parameters(model{});
  const auto all = parameters(modules{});
  REQUIRE(all.size() == of_model.size());
  for (const auto& [name, p] : of_model) {
    INFO(name);
    REQUIRE(all.contains("model." + name));
    CHECK(all.at("model." + name) == p);
  }
}

TEST_CASE("an auxiliary head a modality: as wide as its features, of the model's classes, and the modality's own") {
  const auto all = parameters(trained_modules<model, by_aux_heads>{});
  CHECK(all.size() == parameters(model{}).size() + 4);
  CHECK(all.at("aux.audio.weight") == seen{0, role::aux, 6 * 3});
  CHECK(all.at("aux.audio.bias") == seen{0, role::aux, 3});
  CHECK(all.at("aux.visual.weight") == seen{1, role::aux, 8 * 3});
  CHECK(all.at("aux.visual.bias") == seen{1, role::aux, 3});
}

TEST_CASE("modules of a policy's own are walked after the model's and the auxiliary heads") {
  const auto all = parameters(trained_modules<model, with_a_module>{});
  CHECK(all.size() == parameters(model{}).size() + 6);
  CHECK(all.at("policy.gate.weight").count == 6);
  CHECK(all.at("policy.gate.bias").count == 3);
  std::string order;
  trained_modules<model, with_a_module> modules;
  for_each_parameter(modules, [&](auto, const std::string& name, auto&) {
    const char first = name[0];  // m, a, p
    if (order.empty() || order.back() != first) order += first;
  });
  CHECK(order == "map");
}

}  // namespace trained_modules_test
