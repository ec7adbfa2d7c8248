#include <avqa/features/negative_frames.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "ogm/data/files.hpp"

using namespace avqa;
namespace test = ogm::test;
using test::has;
using test::message_of;

namespace {
std::vector<frame_id> drawn(const negative_frames& from, const ogm::data::item_key& key, ogm::size_type own, std::size_t count = 10) {
  std::vector<frame_id> out(count);
  from.draw(key, own, out);
  return out;
}
}  // namespace

TEST_CASE("negatives depend on seed, epoch and item, and on nothing else") {
  const negative_frames from({4, 9, 2, 17, 30, 31, 32}, 10);
  const auto first = drawn(from, {5, 1, 7}, 9);
  drawn(from, {5, 1, 8}, 9, 100);
  CHECK(drawn(from, {5, 1, 7}, 9) == first);
  CHECK(drawn(negative_frames({4, 9, 2, 17, 30, 31, 32}, 10), {5, 1, 7}, 9) == first);
  CHECK(drawn(from, {5, 1, 7}, 9, 4) == std::vector(first.begin(), first.begin() + 4));
  CHECK_FALSE(drawn(from, {6, 1, 7}, 9) == first);
  CHECK_FALSE(drawn(from, {5, 2, 7}, 9) == first);
  CHECK_FALSE(drawn(from, {5, 1, 6}, 9) == first);
}

TEST_CASE("negatives are uniform over the frames of the other videos") {
  const std::vector<ogm::size_type> videos{3, 0, 8, 5};
  const negative_frames from(videos, 6);
  for (const ogm::size_type own : {ogm::size_type(8), ogm::size_type(100)}) {  // one of the split, and one that is not
    std::map<std::pair<ogm::size_type, ogm::size_type>, double> counts;
    constexpr int items = 6000;
    for (int i = 0; i < items; ++i)
      for (const frame_id f : drawn(from, {1, 0, i}, own)) ++counts[{f.video, f.step}];
    const std::size_t frames = own == 8 ? 18 : 24;
    CHECK(counts.size() == frames);
    double chi_squared = 0;
    const double expected = items * 10.0 / double(frames);
    for (const auto& [frame, count] : counts) {
      CHECK(frame.first != own);
      CHECK(std::find(videos.begin(), videos.end(), frame.first) != videos.end());
      CHECK((frame.second >= 0 && frame.second < 6));
      chi_squared += (count - expected) * (count - expected) / expected;
    }
    CHECK(chi_squared < double(frames) + 4 * std::sqrt(2.0 * double(frames)));
    CHECK(chi_squared > double(frames) - 4 * std::sqrt(2.0 * double(frames)));
  }
}

TEST_CASE("negatives need a second video") {
  CHECK(has(message_of<ogm::value_error>([] { negative_frames({}, 10); }), "at least two, each given once; 0 given"));
  CHECK(has(message_of<ogm::value_error>([] { negative_frames({7}, 10); }), "1 given"));
  CHECK(has(message_of<ogm::value_error>([] { negative_frames({7, 3, 7}, 10); }), "each given once; 3 given"));
  CHECK(has(message_of<ogm::value_error>([] { negative_frames({7, 3}, 0); }), "2 videos of 0 steps"));
  CHECK(has(message_of<ogm::value_error>([] { negative_frames({7, 3}, ogm::size_type(1) << 31); }), "fewer than 2^32"));
  for (const frame_id f : drawn(negative_frames({7, 3}, 1), {0, 0, 0}, 7)) CHECK(f == frame_id{3, 0});
}
