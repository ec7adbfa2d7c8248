#ifdef OGM_WITH_FFMPEG
#include <avqa/media/reader.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <cstdlib>

#include "avqa/media/muxed.hpp"
#include "ogm/data/files.hpp"

using namespace avqa::media;
namespace test = ogm::test;

namespace {
/// The least distance of the two, one of them shifted by up to `shift` samples.
double nearest(const std::vector<float>& a, const std::vector<float>& b, int shift) {
  double least = 1e9;
  for (int s = 0; s <= shift; ++s) {
    const std::vector<float> later(a.begin() + s, a.end());
    least = std::min(least, test::distance(later, b, 400, b.size() - std::min<std::size_t>(2000, b.size() / 4)));
  }
  return least;
}
}  // namespace

TEST_CASE("frames and sound of every container and coding") {
  struct row {
    const char *container, *picture, *sound;
    int shift;     // samples by which the sound may be late: most containers put the priming of a coding before the rest
    int from = 0;  // when the sound begins; for AVI such that its priming begins with the file
  };
  for (const row& r : std::vector<row>{{"mp4", "libx264", "aac", 0},
                                       {"mp4", "mpeg4", "aac", 0},
                                       {"mov", "libx264", "pcm_s16le", 0},
                                       {"matroska", "libx264", "aac", 1024},
                                       {"matroska", "mpeg4", "flac", 0},
                                       {"matroska", "libaom-av1", "libvorbis", 256},
                                       {"webm", "libvpx", "libvorbis", 256},
                                       {"webm", "libvpx-vp9", "libopus", 120},
                                       {"avi", "mpeg4", "libmp3lame", 1105, 1105},
                                       {"avi", "libx264", "pcm_s16le", 0},
                                       {"avi", "mjpeg", "pcm_s16le", 0},
                                       {"wav", "", "pcm_u8", 0},
                                       {"wav", "", "pcm_s16le", 0},
                                       {"wav", "", "pcm_s24le", 0},
                                       {"wav", "", "pcm_s32le", 0},
                                       {"wav", "", "pcm_f32le", 0},
                                       {"wav", "", "pcm_f64le", 0},
                                       {"wav", "", "pcm_alaw", 0},
                                       {"wav", "", "pcm_mulaw", 0},
                                       {"flac", "", "flac", 0},
                                       {"ogg", "", "libvorbis", 0},
                                       {"ogg", "", "libopus", 0},
                                       {"mp3", "", "libmp3lame", 0}}) {
    INFO(r.container << " " << r.picture << " " << r.sound);
    if (!test::can_encode({r.picture, r.sound})) continue;
    const std::vector<float> sound = test::stairs(4);
    const auto file = test::mux({.container = r.container,
                                 .picture = r.picture,
                                 .sound = r.sound,
                                 .images = test::numbered_frames(100, 48, 64),
                                 .samples = sound,
                                 .sound_from = r.from});
    const clip c = parse(file, "file", {.seconds = 4, .frames_a_second = 2, .when_picture_short = short_picture::error});
    CHECK(c.has_picture == (r.picture[0] != 0));
    REQUIRE(c.has_sound);
    CHECK(c.damaged == 0);
    CHECK(std::fabs(c.duration_s - 4) < 0.15);
    REQUIRE(c.sound.size() == 64000);
    CHECK(nearest(c.sound, std::vector<float>(sound.begin(), sound.end() - r.shift), r.shift) < 0.03);  // of a sine of 0.35
    if (!c.has_picture) continue;
    CHECK(std::fabs(c.frames_per_second - 25) < 1e-3);
    std::vector<int> expected;
    for (int i = 0; i < 8; ++i) expected.push_back(int((frame_number(i, 2, 25) - 1) % 32));
    CHECK(test::shown(c) == expected);
  }
}

TEST_CASE("HEVC and Opus") {  // of a file that was made so: the encoder libx265 keeps memory, which the leak check would find
  const clip c = read(OGM_SOURCE_DIR "/tests/fuzz/corpus/media/ba4b93212a46b014958d08598a4288dee61983d2",
                      {.seconds = 1, .frames_a_second = 25, .when_picture_short = short_picture::as_is});
  CHECK(c.numbers == std::vector<std::int64_t>{1, 2, 2, 3, 4});  // the fourth: 3.4999999999999996, in Python too
  CHECK(test::shown(c) == std::vector<int>{0, 1, 1, 2, 3});
  CHECK(c.sound.size() == 16000);
  CHECK(nearest(c.sound, test::stairs(0.09), 120) < 0.1);
}

TEST_CASE("frames of a varying rate are those that are shown then") {
  std::vector<std::int64_t> times;  // ms: 40 apart, but 120 in the second second and 20 in the fourth
  for (std::int64_t t = 0; t < 6000; t += t / 1000 == 1 ? 120 : t / 1000 == 3 ? 20 : 40) times.push_back(t);
  for (const char* const container : {"matroska", "mp4"}) {
    INFO(container);
    const auto file = test::mux({.container = container,
                                 .picture = "mpeg4",
                                 .images = test::numbered_frames(int(times.size()), 48, 64),
                                 .unit = {1, 1000},
                                 .times = times});
    const clip c = parse(file, "file", {.seconds = 6});
    REQUIRE(c.frames.size(0) == 6);
    for (int i = 0; i < 6; ++i) {
      // Numbers are whole and count from 1: the time of one is that of the middle of a second to one and a half frames of the mean rate.
      const double at_ms = 1000 * double(c.numbers[std::size_t(i)] - 1) / c.frames_per_second, half_ms = 500 / c.frames_per_second;
      CHECK(std::fabs(at_ms - (1000 * i + 500)) <= 3 * half_ms + 1);
      std::vector<int> may;
      for (const double t : {at_ms - half_ms, at_ms, at_ms + half_ms})
        may.push_back(int((std::upper_bound(times.begin(), times.end(), std::int64_t(t)) - times.begin() - 1) % 32));
      CHECK(std::count(may.begin(), may.end(), test::number_of(c.frames, i)) > 0);
    }
  }
}

TEST_CASE("what begins later than the file has silence, or its first frame, before it") {
  std::vector<std::int64_t> times;
  for (int i = 0; i < 75; ++i) times.push_back(i);
  const std::vector<float> sound = test::stairs(2);
  const auto late_sound = test::mux({.container = "matroska",
                                     .picture = "mpeg4",
                                     .sound = "pcm_s16le",
                                     .images = test::numbered_frames(75, 48, 64),
                                     .samples = sound,
                                     .sound_from = 16000});
  const clip a = parse(late_sound, "file", {.seconds = 3});
  REQUIRE(a.sound.size() == 48000);
  CHECK(std::all_of(a.sound.begin(), a.sound.begin() + 15984, [](float x) { return x == 0; }));  // Matroska's times are whole ms
  CHECK(nearest(std::vector<float>(a.sound.begin() + 15984, a.sound.end()), std::vector<float>(sound.begin(), sound.end() - 32), 32) <
        0.01);
  for (auto& t : times) t += 25;
  const auto late_picture = test::mux({.container = "matroska",
                                       .picture = "mpeg4",
                                       .sound = "pcm_s16le",
                                       .images = test::numbered_frames(75, 48, 64),
                                       .times = times,
                                       .samples = test::stairs(4)});
  const clip b = parse(late_picture, "file", {.seconds = 4});
  REQUIRE(b.frames.size(0) == 4);
  CHECK(test::shown(b) == std::vector<int>{0, 12, 36 % 32, 62 % 32});  // of the second second the frames begin; halves to even
}

TEST_CASE("a coding that is not read is named") {
  const auto file = test::mux({.container = "matroska", .picture = "ffv1", .images = test::numbered_frames(10, 48, 64)});
  CHECK(test::has(test::message_of([&] { parse(file, "a.mkv"); }), "avqa: a.mkv: a stream of the coding ffv1; H.264"));
}

TEST_CASE("a film of more than a minute gives its first 60 seconds") {
  const test::frames frames = test::numbered_frames(330, 48, 64);
  const std::vector<float> sound = test::stairs(66, 8000);
  const clip c = parse(encode_mp4({.frames = frames.view(), .frames_per_second = 5, .sound = sound, .rate_hz = 8000}), "a.mp4");
  REQUIRE(c.frames.size(0) == 60);
  CHECK(c.numbers.front() == 2);  // 2.5, halves to even
  CHECK(c.numbers.back() == frame_number(59, 1, 5));
  for (int i = 0; i < 60; ++i) CHECK(test::number_of(c.frames, i) == (c.numbers[std::size_t(i)] - 1) % 32);
  CHECK(c.sound.size() == 960000);
  CHECK(std::fabs(c.duration_s - 66) < 0.2);
}
#endif
