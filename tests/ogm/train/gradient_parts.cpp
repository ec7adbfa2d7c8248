// Parts of a gradient: each group of losses by itself, and the deviation over samples against one pass a sample by hand.
#include <ogm/backend/eigen.hpp>
#include <ogm/nn/linear.hpp>
#include <ogm/nn/loss.hpp>
#include <ogm/train/gradient_parts.hpp>

#include <support/gradient_check.hpp>

namespace gradient_parts_test {

using namespace ogm;

namespace {
using B = backend::eigen<double>;

/// A loss on the first layer's output does not reach the second.
struct layers {
  nn::linear<5, 3, B> first;
  nn::linear<3, 3, B> second;
  OGM_FIELDS(first, second)
};
struct slot {
  std::size_t offset, count;
};
std::vector<slot> slots_of(layers& m) {
  std::vector<slot> out;
  for_each_parameter_quietly(m, [&](auto, auto& p) { out.push_back({std::size_t(p.offset), std::size_t(p.value.count())}); });
  return out;
}
std::vector<size_type> offsets_of(const std::vector<slot>& slots) {
  std::vector<size_type> out;
  for (const auto& s : slots) out.push_back(size_type(s.offset));
  return out;
}
struct batch {
  tensor<double, dyn, 5> x;
  tensor<std::int32_t, dyn> labels;
  explicit batch(size_type n) : x(test::numbers_like(extents<dyn, 5>(n), 1)), labels(n) {
    for (size_type i = 0; i < n; ++i) labels(i) = std::int32_t(i * 2 % 3);
  }
  batch sample(size_type i) const {
    batch one(1);
    for (int k = 0; k < 5; ++k) one.x(0, k) = x(i, k);
    one.labels(0) = labels(i);
    return one;
  }
};
/// The gradients of a loss on the first layer's output (0), on the second's (1), or on both (-1), by a tape of their own.
test::doubles alone(layers& m, const batch& b, int which) {
  gradient_store<B> gradients(m);
  tape<B> t;
  t.bind(gradients);
  const auto y = m.first(t, b.x), z = m.second(t, y);
  for (const auto& [group, logits] : {std::pair{0, y}, std::pair{1, z}})
    if (which == group || which < 0) nn::cross_entropy(t, logits, as_view(b.labels)).accumulate().data[0] = 1;
  t.run_backward();
  return {gradients.values().data(), gradients.values().data() + gradients.values().count()};
}
}  // namespace

TEST_CASE("gradients of groups: each as if it were alone, null where a group does not reach, and nothing is left behind") {
  layers m;
  test::randomise(m, 3);
  const batch b(4);
  const test::doubles expected[]{alone(m, b, 0), alone(m, b, 1)}, sum = alone(m, b, -1);
  gradient_store<B> gradients(m);
  const auto slots = slots_of(m);
  const auto offsets = offsets_of(slots);
  ogm::detail::group_gradients<B> parts;
  CHECK(parts.groups() == 0);
  for (const int groups : {2, 1, 2}) {  // the number of groups may change from step to step
    tape<B> t;
    t.bind(gradients);
    gradients.clear();
    const auto y = m.first(t, b.x), z = m.second(t, y);
    const decltype(nn::cross_entropy(t, y, as_view(b.labels))) losses[]{nn::cross_entropy(t, y, as_view(b.labels)),
                                                                        nn::cross_entropy(t, z, as_view(b.labels))};
    const auto backward = [&](int group) {
      for (int k = 0; k < 2; ++k)
        if (group == k || group < 0) losses[k].accumulate().data[0] = 1;
      t.run_backward();
    };
    parts.find(t, gradients, offsets, groups, backward);
    REQUIRE(parts.groups() == std::size_t(groups));
    REQUIRE(parts.by_slot_and_group().size() == slots.size() * std::size_t(groups));
    for (std::size_t s = 0; s < slots.size(); ++s) {
      CHECK_FALSE(gradients.reached(s));
      for (int g = 0; g < groups; ++g) {
        const double* seen = parts.by_slot_and_group()[s * std::size_t(groups) + std::size_t(g)];
        CHECK((seen == nullptr) == (g == 0 && s >= 2));
        for (std::size_t i = 0; seen && i < slots[s].count; ++i) CHECK(seen[i] == expected[g][slots[s].offset + i]);
      }
    }
    backward(-1);
    for (const auto& s : slots)
      for (std::size_t i = s.offset; i < s.offset + s.count; ++i) CHECK_FALSE(test::apart(gradients.values().data()[i], sum[i], 1e-13));
  }
}

TEST_CASE("the deviation of samples is that of gradients found one sample at a time, and the batch's gradient stays") {
  layers m;
  test::randomise(m, 3);
  gradient_store<B> gradients(m);
  const auto slots = slots_of(m);
  ogm::detail::sample_deviations<B> deviations;
  for (const size_type n : {5, 1, 8}) {
    const batch b(n);
    tape<B> t;
    t.bind(gradients);
    gradients.clear();
    const auto logits = m.second(t, m.first(t, b.x));
    t.backward(nn::cross_entropy(t, logits, as_view(b.labels)));
    const test::doubles before(gradients.values().data(), gradients.values().data() + gradients.values().count());
    deviations.find(t, m, gradients, logits, 3);
    std::vector<test::doubles> each;
    for (size_type i = 0; i < n; ++i) each.push_back(alone(m, b.sample(i), 1));
    for (const auto& s : slots)
      for (std::size_t i = s.offset; i < s.offset + s.count; ++i) {
        double mean = 0, variance = 0;
        for (const auto& g : each) mean += g[i] / double(n);
        for (const auto& g : each) variance += (g[i] - mean) * (g[i] - mean) / double(n);
        CHECK_FALSE(test::apart(deviations.data()[i], std::sqrt(variance / double(n)), 1e-7));
        CHECK(gradients.values().data()[i] == before[i]);
      }
    CHECK(&t.gradient(m.first.weight).data[0] == gradients.data(m.first.weight));  // the tape writes to the step's store again
  }
}

}  // namespace gradient_parts_test
