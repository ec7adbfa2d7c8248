#ifdef OGM_WITH_FFMPEG
#include <avqa/media/reader.hpp>
#include <avqa/media/writer.hpp>

#include <catch2/catch.hpp>

#include "avqa/media/films.hpp"
#include "ogm/data/files.hpp"

using namespace avqa::media;

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
#endif
