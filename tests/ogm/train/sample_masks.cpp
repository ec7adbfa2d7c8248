// Masked copies of a batch's inputs and the labels that go with them.
#include <ogm/backend/eigen.hpp>
#include <ogm/train/sample_masks.hpp>

#include <support/gradient_check.hpp>

namespace sample_masks_test {

using namespace ogm;

namespace {
using B = backend::eigen<double>;
using masks = ogm::detail::sample_masks<B, 2>;
using labels_type = tensor<std::int32_t, dyn>;

labels_type labels_of(std::vector<std::int32_t> values) {
  labels_type out(size_type(values.size()));
  std::copy(values.begin(), values.end(), out.data());
  return out;
}
std::vector<std::int32_t> values(const masks::labels_type& labels) { return {labels.data(), labels.data() + labels.count()}; }
using numbers = std::vector<std::int32_t>;
}  // namespace

TEST_CASE("a dropped sample's row is 0 in its modality, whatever its axes, and no other element is touched") {
  inference<B> tape;
  const auto labels = labels_of({0, 1, 2, 1});
  const auto audio = test::numbers_like(extents<dyn, 2, 5>(4), 1);
  tensor<std::int32_t, dyn, 3> tokens(4);
  for (int i = 0; i < 12; ++i) tokens.data()[i] = i + 1;
  const auto question = test::numbers_like(extents<dyn, 2>(4), 2);  // an input of no modality
  const std::vector<std::uint32_t> dropped{0, 1, 3, 2};
  masks samples;
  samples.set(dropped);
  CHECK(samples.any_set());
  samples.begin(as_view(labels));
  const auto given = std::tuple{ogm::detail::as_data(audio), ogm::detail::as_data(tokens), ogm::detail::as_data(question)};
  const auto kept = samples.masked(tape, given);
  for (int i = 0; i < 4; ++i) {
    for (int k = 0; k < 10; ++k)
      CHECK(std::get<0>(kept).data()[i * 10 + k] == (dropped[std::size_t(i)] & 1 ? 0 : audio.data()[i * 10 + k]));
    for (int k = 0; k < 3; ++k) CHECK(std::get<1>(kept)(i, k) == (dropped[std::size_t(i)] & 2 ? 0 : tokens(i, k)));
  }
  CHECK(std::get<2>(kept).data() == question.data());
  CHECK(tokens(2, 0) == 7);  // what was given stays
}

TEST_CASE("labels are -1 where a modality is not there, and fused where none is") {
  inference<B> tape;
  const auto labels = labels_of({0, 1, 2, 1});
  masks samples;
  const std::vector<std::uint32_t> dropped{0, 1, 3, 2};
  samples.set(dropped);
  samples.begin(as_view(labels));
  masks::present_type present;
  samples.mark_absent(tape, present);
  CHECK(values(present[0]) == numbers{0, -1, -1, 1});
  CHECK(values(present[1]) == numbers{0, 1, -1, -1});
  CHECK(values(present[2]) == numbers{0, 1, -1, 1});
  samples.dropped()[0] = 3;  // what a policy does between
  samples.mark_absent(tape, present);
  CHECK(values(present[2]) == numbers{-1, 1, -1, 1});
}

TEST_CASE("each batch begins with the masks that were set, or with none") {
  inference<B> tape;
  const auto labels = labels_of({2, 1}), more = labels_of({0, 1, 2});
  masks samples;
  CHECK_FALSE(samples.any_set());
  samples.begin(as_view(labels));
  CHECK(samples.dropped() == std::vector<std::uint32_t>{0, 0});
  samples.dropped()[1] = 1;
  samples.begin(as_view(more));
  CHECK(samples.dropped() == std::vector<std::uint32_t>{0, 0, 0});
  CHECK(numbers(samples.labels().begin(), samples.labels().end()) == numbers{0, 1, 2});
  samples.set(std::vector<std::uint32_t>{1, 0});
  CHECK_THROWS_AS(samples.begin(as_view(more)), shape_error);
  CHECK_THROWS_WITH(samples.begin(as_view(more)), Catch::Contains("masks of 2 samples") && Catch::Contains("the batch has 3"));
  samples.begin(as_view(labels));
  samples.dropped()[0] = 2;
  samples.begin(as_view(labels));
  CHECK(samples.dropped() == std::vector<std::uint32_t>{1, 0});
}

TEST_CASE("removed samples lose their labels, and those that were gone stay gone") {
  inference<B> tape;
  const auto labels = labels_of({2, -1, 1, 0});
  masks samples;
  const std::vector<char> removed{0, 0, 1, 0};
  CHECK(values(samples.without(tape, as_view(labels), removed)) == numbers{2, -1, -1, 0});
  CHECK(labels(2) == 1);
}

}  // namespace sample_masks_test
