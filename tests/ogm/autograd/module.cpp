#include <ogm/autograd/gradient_store.hpp>
#include <ogm/backend/eigen.hpp>
#include <ogm/nn/batch_norm.hpp>
#include <ogm/nn/linear.hpp>

#include <catch2/catch.hpp>

using namespace ogm;
using B = backend::eigen<double>;

namespace {
struct block {
  nn::linear<2, 3, B> fc;
  nn::batch_norm<3, B> norm;
  OGM_FIELDS(fc, norm)
};
struct model {
  belongs_to<1, role::encoder, block> encoder;
  std::array<nn::linear<3, 3, B>, 2> layers;
  std::tuple<nn::linear<3, 1, B>, block> mixed;
  OGM_FIELDS(encoder, layers, mixed)
};
/// A module that forgets one of its fields.
struct forgetful {
  nn::linear<2, 2, B> named, forgotten;
  OGM_FIELDS(named)
};
struct empty {
  OGM_NO_FIELDS
};
}  // namespace

TEST_CASE("parameters are walked in the order of declaration, under the names of their fields, with their tags") {
  model m;
  std::vector<std::string> names;
  std::vector<int> modalities;
  for_each_parameter(m, [&]<class Tag>(Tag, const std::string& name, auto&) {
    names.push_back(name);
    modalities.push_back(Tag::modality);
    if (name == "encoder.fc.weight") CHECK((Tag::role == role::encoder && Tag::kind == kind::dense));
    if (name == "encoder.fc.bias") CHECK(Tag::kind == kind::bias);
    if (name == "mixed.1.norm.weight") CHECK((Tag::role == role::shared && Tag::kind == kind::norm));
  });
  CHECK(names == std::vector<std::string>{"encoder.fc.weight", "encoder.fc.bias", "encoder.norm.weight", "encoder.norm.bias",
                                          "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "mixed.0.weight",
                                          "mixed.0.bias", "mixed.1.fc.weight", "mixed.1.fc.bias", "mixed.1.norm.weight",
                                          "mixed.1.norm.bias"});
  CHECK(std::vector<int>(modalities.begin(), modalities.begin() + 4) == std::vector<int>(4, 1));
  CHECK(std::count(modalities.begin(), modalities.end(), -1) == 10);
  CHECK(parameter_count(m) == (6 + 3 + 3 + 3) + 2 * (9 + 3) + (3 + 1) + (6 + 3 + 3 + 3));
  std::vector<std::string> buffers;
  for_each_buffer(m, [&](const std::string& name, auto&) { buffers.push_back(name); });
  CHECK(std::count(buffers.begin(), buffers.end(), "encoder.norm.running_mean") == 1);
  const model& fixed = m;
  int count = 0;
  for_each_parameter_quietly(fixed, [&](auto, const auto&) { ++count; });
  CHECK(count == 14);
  CHECK(parameter_count(empty{}) == 0);
}

TEST_CASE("every parameter has a slot of its own, on a cache line, and the first use of it is fresh") {
  model m;
  gradient_store<B> store(m);
  CHECK(store.slots() == 14);
  std::vector<std::pair<std::size_t, std::size_t>> ranges;
  for_each_parameter_quietly(m, [&](auto, auto& p) {
    CHECK(std::uintptr_t(store.data(p)) % memory::alignment == 0);
    ranges.emplace_back(p.offset, p.offset + std::size_t(p.value.count()));
    CHECK(!store.reached(p));
    CHECK(store.of(p).fresh);
    CHECK(store.of(p).add());
    CHECK(store.reached(p));
  });
  for (std::size_t i = 1; i < ranges.size(); ++i) CHECK(ranges[i].first >= ranges[i - 1].second);
  CHECK(std::size_t(store.values().count()) >= ranges.back().second);
  store.clear();
  CHECK(store.of(m.layers[1].bias).fresh);
  for (const double v : store.values().flat()) CHECK(v == 0);
}

TEST_CASE("a field that OGM_FIELDS leaves out has no gradient, and that is said") {
  forgetful f;
  gradient_store<B> store(f);
  CHECK(store.slots() == 2);
  CHECK_NOTHROW(store.of(f.named.weight));
  CHECK_THROWS_WITH(store.of(f.forgotten.weight), "ogm: a parameter was used that the model does not name. Add its field to OGM_FIELDS.");
  CHECK_THROWS_AS(store.of(f.forgotten.bias), std::logic_error);
}
