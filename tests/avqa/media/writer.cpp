#ifdef OGM_WITH_FFMPEG
#include <avqa/media/reader.hpp>
#include <avqa/media/writer.hpp>

#include <catch2/catch.hpp>

#include <cmath>

#include "avqa/media/muxed.hpp"
#include "ogm/data/files.hpp"

using namespace avqa::media;
namespace test = ogm::test;

TEST_CASE("frames and sound that were written are read back") {
  const test::folder in;
  const test::frames frames = test::numbered_frames(75, 48, 64, true);
  const std::vector<float> sound = test::stairs(3);
  write_mp4(in / "a.mp4", {.frames = frames.view(), .sound = sound});
  const clip back = read(in / "a.mp4", {.seconds = 3, .frames_a_second = 25});
  REQUIRE(back.has_picture);
  REQUIRE(back.has_sound);
  CHECK(back.frames.shape().text() == frames.shape().text());
  CHECK(back.frames_per_second == 25);
  CHECK(std::fabs(back.duration_s - 3) < 0.1);
  CHECK(back.damaged == 0);
  // One frame a 1/25 s, halves to even: numbers 1, 2, 2, 4, 4, ...
  double total = 0;
  for (long i = 0; i < 75; ++i)
    for (long j = 0; j < 48 * 64 * 3; ++j) {
      const double apart =
          std::abs(int(back.frames.data()[i * 48 * 64 * 3 + j]) - int(frames.data()[(back.numbers[std::size_t(i)] - 1) * 48 * 64 * 3 + j]));
      total += apart;
    }
  CHECK(total / double(frames.count()) < 4);  // colours have half the resolution; a frame further is 7
  REQUIRE(back.sound.size() == sound.size());
  CHECK(test::distance(back.sound, sound, 0, sound.size()) < 0.02);  // of a sine of 0.35; a shift by one sample gives 0.04 and more
}

TEST_CASE("a film is written whole or not at all") {
  const test::folder in;
  const test::frames frames = test::numbered_frames(10, 48, 64);
  const film good{.frames = frames.view()};
  write_mp4(in / "a.mp4", good);
  const std::string before = test::text_of(in / "a.mp4");
  std::vector<float> sound(1600, 0.f);
  sound[77] = NAN;
  CHECK(test::has(test::message_of<ogm::value_error>([&] { write_mp4(in / "a.mp4", {.sound = sound}); }), "sample 77 is not finite"));
  CHECK(test::text_of(in / "a.mp4") == before);
  CHECK(test::has(test::message_of([&] { write_mp4(in.path() + "/none/a.mp4", good); }), in.path() + "/none/a.mp4"));
  CHECK(encode_mp4(good) == ogm::data::read_bytes(in / "a.mp4"));
}

TEST_CASE("films that make no sense are refused") {
  const test::frames frames = test::numbered_frames(2, 8, 8);
  const std::vector<float> sound(1601, 0.f);
  const auto message = [](const film& of) { return test::message_of<ogm::value_error>([&] { encode_mp4(of); }); };
  CHECK(test::has(message({}), "neither frames nor sound"));
  CHECK(test::has(message({.frames = frames.view(), .frames_per_second = 0}), "0.01 to 1000 expected"));
  CHECK(test::has(message({.frames = frames.view(), .frames_per_second = NAN}), "0.01 to 1000 expected"));
  CHECK(test::has(message({.frames = frames.view(), .quality = 52}), "quality 52"));
  CHECK(test::has(message({.frames = frames.view(), .frames_between_keys = -1}), "-1 frames between keys"));
  CHECK(test::has(message({.sound = sound, .channels = 2}), "1601 samples in 2 channels"));
  CHECK(test::has(message({.sound = sound, .channels = 0}), "1601 samples in 0 channels"));
  CHECK(test::has(message({.sound = sound, .rate_hz = 1000}), "sound at 1000 Hz"));
  CHECK(test::has(test::message_of<ogm::error>([&] { encode_mp4({.sound = sound, .rate_hz = 12345}); }),
                  "avqa: a sound of 1 channels at 12345 Hz cannot be encoded: "));
}

TEST_CASE("both codings of pictures keep what they are given") {
  const test::frames frames = test::numbered_frames(25, 48, 64, true);
  for (const picture_coding coding : {picture_coding::h264, picture_coding::mpeg4}) {
    if (coding == picture_coding::h264 && !test::can_encode({"libx264"})) continue;
    const clip c = parse(encode_mp4({.frames = frames.view(), .coding = coding}), "a.mp4", {.seconds = 1, .frames_a_second = 25});
    REQUIRE(c.frames.size(0) == 25);
    for (long i = 0; i < 25; ++i) CHECK(test::number_of(c.frames, i) == (c.numbers[std::size_t(i)] - 1) % 32);
    CHECK(std::abs(int(c.frames(0, 8, 8, 0)) - 200) < 12);
    CHECK(int(c.frames(0, 8, 8, 2)) < 12);
    CHECK(std::abs(int(c.frames(0, 40, 56, 2)) - 200) < 12);
  }
}
#endif
