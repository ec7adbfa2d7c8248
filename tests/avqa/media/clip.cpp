#include <avqa/features/vggish_log_mel.hpp>
#include <avqa/media/clip.hpp>

#include <support/compare.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include "ogm/data/files.hpp"

using namespace avqa::media;
namespace test = ogm::test;

namespace {
std::vector<std::int64_t> numbers(int count, int a_second, double rate, std::int64_t total) {
  std::vector<std::int64_t> out;
  for (int i = 0; i < count; ++i) out.push_back(wrapped_frame(frame_number(i, a_second, rate), total, rate));
  return out;
}
std::vector<float> ramp(std::size_t count) {
  std::vector<float> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = float(std::sin(double(i) * 0.05 + double(i % 777)));
  return out;
}
}  // namespace

TEST_CASE("the frames of a video are those in the middle of its seconds") {
  CHECK(numbers(4, 1, 30, 1800) == std::vector<std::int64_t>{15, 45, 75, 105});
  CHECK(numbers(4, 1, 25, 1500) == std::vector<std::int64_t>{12, 38, 62, 88});  // halves to even, as Python rounds
  CHECK(numbers(4, 2, 30, 1800) == std::vector<std::int64_t>{8, 22, 38, 52});   // 7.5, 22.5, 37.5, 52.5
  CHECK(numbers(3, 1, 30000.0 / 1001, 1798) == std::vector<std::int64_t>{15, 45, 75});
  CHECK(frame_number(59, 1, 30000.0 / 1001) == 1783);                   // 59.5 * 29.97 = 1783.2
  CHECK(numbers(3, 1, 0.5, 30) == std::vector<std::int64_t>{1, 1, 1});  // 0.25, 0.75, 1.25: none is before the first
}

TEST_CASE("a video that ends early repeats its last second") {
  // 65 frames at 25 a second: the tail is frames 51 to 65. Frame 88 stands 37 after 51, 7 in the third round of 15.
  CHECK(numbers(5, 1, 25, 65) == std::vector<std::int64_t>{12, 38, 62, 51 + (88 - 51) % 15, 51 + (112 - 51) % 15});
  // Whole seconds: the tail is all of the last one, and the same frame comes again.
  CHECK(numbers(5, 1, 30, 60) == std::vector<std::int64_t>{15, 45, 45, 45, 45});
  for (const double rate : {0.3, 1.0, 7.0, 23.976, 25.0, 29.97, 60.0})
    for (std::int64_t total = 1; total < 200; ++total)
      for (const std::int64_t number : numbers(60, 1, rate, total)) REQUIRE((number >= 1 && number <= total));
}

TEST_CASE("a sound that ends early is completed as the log-mels of VGGish complete it") {
  const std::size_t second = 16000;
  for (const std::size_t count : {std::size_t(1), std::size_t(15599), std::size_t(15600), second, 2 * second, 2 * second + 15000,
                                  2 * second + 15600, 2 * second + 15999, 5 * second, 7 * second}) {
    std::vector<float> given = ramp(count), completed = given;
    complete_sound(completed, 5, short_sound::repeat_last, "a.mp4");
    REQUIRE(completed.size() == 5 * second);
    const avqa::vggish_log_mel log_mel({.seconds = 5});
    const auto of_given = log_mel(avqa::sound_view<float>{given}), of_completed = log_mel(avqa::sound_view<float>{completed});
    CHECK(ogm::test::same_bits(of_given.data(), of_completed.data(), std::size_t(of_given.count())));
  }
}

TEST_CASE("a sound may also end in silence, stay short or be refused") {
  std::vector<float> sound(40000, 0.5f);
  complete_sound(sound, 5, short_sound::as_is, "a.mp4");
  CHECK(sound.size() == 40000);
  CHECK(test::message_of([&] { complete_sound(sound, 5, short_sound::error, "a.mp4"); }) ==
        "avqa: a.mp4: its sound has 2.5 s; 5 expected.");
  complete_sound(sound, 5, short_sound::zero_signal, "a.mp4");
  REQUIRE(sound.size() == 80000);
  CHECK((sound[39999] == 0.5f && sound[40000] == 0.f && sound[79999] == 0.f));
  complete_sound(sound, 0, short_sound::error, "a.mp4");
  CHECK(sound.size() == 80000);
  complete_sound(sound, 2, short_sound::error, "a.mp4");
  CHECK(sound.size() == 32000);
  sound.resize(31700);
  complete_sound(sound, 2, short_sound::error, "a.mp4");  // a second that VGGish takes for one
  CHECK(sound.size() == 32000);
}

TEST_CASE("options that make no sense are refused") {
  const auto message = [](const options& how) { return test::message_of<ogm::value_error>([&] { detail::check(how); }); };
  CHECK(message({}).empty());
  CHECK(test::has(message({.seconds = -1}), "-1 seconds"));
  CHECK(test::has(message({.seconds = 3601}), "0 (all) to 3600 expected"));
  CHECK(test::has(message({.frames_a_second = 0}), "0 frames a second"));
  CHECK(test::has(message({.which = {0, 60}}), "frame 60 of a reading of 60"));
  CHECK(test::has(message({.which = {-1}}), "frame -1"));
  CHECK(test::has(message({.height = 224}), "224 x 0"));
  CHECK(test::has(message({.height = 1 << 20, .width = 1 << 20}), "at most 67108864 pixels"));
  CHECK(test::has(message({.picture = false, .sound = false}), "neither picture nor sound"));
  CHECK(test::has(message({.most = {.bytes = 0}}), "limits"));
}
