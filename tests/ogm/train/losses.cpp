// What a policy's loss() is given: terms by name, weight and group, and the logits of those modalities that have a probe.
#include <ogm/train/losses.hpp>

#include <ogm/backend/eigen.hpp>

#include <support/gradient_check.hpp>

namespace losses_test {

using namespace ogm;

namespace {
using B = backend::eigen<double>;
using losses = loss_set<B, 2>;

/// A set of losses with the fused term in it, as a step begins with.
struct given {
  modulation::progress at{.epoch = 2, .step = 9};
  std::array<std::string_view, 2> names{"audio", "visual"};
  tape<B> t;
  tensor<std::int32_t, dyn> labels{3};
  modulation::report report;
  losses::logits_type logits = t.variable(test::numbers_like(extents<dyn, dyn>(3, 4), 1));
  std::vector<loss_term<B>> terms;
  given() {
    labels(0) = 3, labels(1) = -1, labels(2) = 1;
    terms.push_back({"fused", nn::cross_entropy(t, logits, as_view(labels), {.absent_labels = true}), 1, 0});
  }
  losses set() { return {at, t, names, as_view(labels), terms, report}; }
};
}  // namespace

TEST_CASE("terms come after the fused one, whose weight a policy says") {
  given g;
  losses l = g.set();
  CHECK(l.name(1) == "visual");
  CHECK(l.at().step == 9);
  l.fused(0.25);
  l.add("audio", l.cross_entropy(g.logits));
  l.add("visual", l.cross_entropy(g.logits), 0.5f, 2);
  REQUIRE(g.terms.size() == 3);
  CHECK(g.terms[0].weight == 0.25f);
  CHECK(g.terms[1].name == "audio");
  CHECK(g.terms[1].weight == 1);
  CHECK(g.terms[1].group == 0);
  CHECK(g.terms[2].weight == 0.5f);
  CHECK(g.terms[2].group == 2);
  l.report_value("margin", "audio", 3);
  REQUIRE(g.report.entries().size() == 1);
  CHECK(g.report.entries()[0].name == "margin/audio");
}

TEST_CASE("one name in two groups is refused, and adds nothing; in one group it may come twice") {
  given g;
  losses l = g.set();
  const auto value = l.cross_entropy(g.logits);
  l.add("alignment", value, 1, 1);
  l.add("alignment", value, 2, 1);
  CHECK_THROWS_AS(l.add("alignment", value, 1, 0), value_error);
  CHECK_THROWS_WITH(l.add("alignment", value, 1, 0), "ogm: the loss 'alignment' was added to two groups. Give it one, or two names.");
  CHECK_THROWS_AS(l.add("fused", value, 1, 1), value_error);
  CHECK(g.terms.size() == 3);
}

TEST_CASE("the cross entropy passes over samples without a label, in the mean too") {
  given g;
  const auto by_hand = [&] {
    double sum = 0;
    for (const int row : {0, 2}) {
      double total = 0;
      for (int c = 0; c < 4; ++c) total += std::exp(g.logits(row, c));
      sum += std::log(total) - g.logits(row, g.labels(row));
    }
    return sum / 2;
  }();
  CHECK_FALSE(test::apart(g.t.read(g.set().cross_entropy(g.logits)), by_hand, 1e-14));
}

TEST_CASE("only modalities that have a probe are walked") {
  given g;
  losses l = g.set();
  const auto walked = [&] {
    std::vector<int> out;
    l.for_each_probe([&](int u, const auto& o) {
      CHECK(o.data() == g.logits.data());
      out.push_back(u);
    });
    return out;
  };
  CHECK(walked().empty());
  l.set_probe(1, g.logits);
  CHECK(walked() == std::vector<int>{1});
  l.set_probe(0, g.logits);
  CHECK(walked() == std::vector<int>{0, 1});
  l.set_features(1, g.logits);
  CHECK(l.features(1).data() == g.logits.data());
  CHECK(l.features(0).data() == nullptr);
}

}  // namespace losses_test
