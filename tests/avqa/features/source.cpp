#include <avqa/features/source.hpp>

#include <catch2/catch.hpp>

#include "ogm/data/files.hpp"

using namespace avqa;
namespace test = ogm::test;
using test::has;
using test::message_of;

TEST_CASE("videos are found by name and numbered as they were given") {
  const std::vector<std::string> names{"00000007", "b", "a", "00000070"};
  const video_list videos(names);
  REQUIRE(videos.size() == 4);
  CHECK(videos.names() == names);
  for (std::size_t i = 0; i < names.size(); ++i) {
    CHECK(videos[ogm::size_type(i)] == names[i]);
    CHECK(videos.find(names[i]) == ogm::size_type(i));
  }
  for (const char* none : {"", "0000000", "000000070", "aa", "c", "A"}) {
    INFO(none);
    CHECK_FALSE(videos.find(none));
  }
  CHECK(video_list().size() == 0);
  CHECK_FALSE(video_list().find("a"));
  CHECK(video_list(std::vector<std::string>{}).size() == 0);
}

TEST_CASE("a video has a name, and a name is one video's") {
  const auto refused = [](std::vector<std::string> names) {
    return message_of<ogm::value_error>([&] { video_list list(std::move(names)); });
  };
  CHECK(refused({"a", ""}) == "avqa: a video without a name.");
  CHECK(refused({"b", "a", "c", "a"}) == "avqa: the video \"a\" is there twice.");
  CHECK(refused({"a", "A"}).empty());
}

TEST_CASE("shapes count what they hold, and say it") {
  const feature_shape s{.steps = 10, .sound = 128, .channels = 512, .height = 14, .width = 7};
  CHECK(s.sound_count() == 1280);
  CHECK(s.frame_count() == 512 * 98);
  CHECK(s.maps_count() == 5120 * 98);
  CHECK(s.text() == "sound (10, 128) and maps (10, 512, 14, 7)");
  feature_shape other = s;
  CHECK(other == s);
  other.height = 7, other.width = 14;
  CHECK(other != s);
}

TEST_CASE("there is no video without features, and asking for one says so") {
  static_assert(feature_source<no_features>);
  const no_features none;
  CHECK(none.videos().size() == 0);
  CHECK(none.shape().sound_count() == 0);
  CHECK(none.shape().maps_count() == 0);
  CHECK(message_of<ogm::value_error>([&] { none.read(0, {}, {}); }) == "avqa: no features: video 0 of 0.");
  CHECK(message_of<ogm::value_error>([&] { none.frame(3, 0, {}); }) == "avqa: no features: video 3 of 0.");
  CHECK(message_of<ogm::value_error>([&] { video_number(none, "a"); }) == "avqa: the video \"a\" is none of the 0 of no features.");
}
