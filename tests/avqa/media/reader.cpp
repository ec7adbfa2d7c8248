#include <catch2/catch.hpp>

#include <iostream>

#ifdef OGM_WITH_FFMPEG
#include <ogm/data/resize_pixels.hpp>

#include <avqa/media/reader.hpp>
#include <avqa/media/writer.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <thread>

#include "avqa/media/films.hpp"
#include "ogm/data/files.hpp"
#include "support/compare.hpp"

using namespace avqa::media;
namespace test = ogm::test;

namespace {
std::vector<int> expected(const std::vector<std::int64_t>& numbers) {
  std::vector<int> out;
  for (const auto n : numbers) out.push_back(int((n - 1) % 32));
  return out;
}
std::vector<std::byte> of_frames(int count, double rate = 25, int height = 48, int width = 64) {
  const test::frames frames = test::numbered_frames(count, height, width);
  return encode_mp4({.frames = frames.view(), .frames_per_second = rate});
}
std::vector<std::byte> of_sound(const std::vector<float>& sound, int rate = 16000, int channels = 1) {
  return encode_mp4({.sound = sound, .channels = channels, .rate_hz = rate});
}
}  // namespace

TEST_CASE("each frame is the one that its number says") {
  for (const double rate : {10.0, 24.0, 25.0, 30000.0 / 1001, 50.0}) {
    const auto file = of_frames(int(4 * rate), rate);
    for (const int a_second : {1, 2, 5}) {
      const clip c = parse(file, "a.mp4", {.seconds = 3, .frames_a_second = a_second});
      REQUIRE(c.numbers.size() == std::size_t(3 * a_second));
      for (int i = 0; i < 3 * a_second; ++i) CHECK(c.numbers[std::size_t(i)] == frame_number(i, a_second, rate));
      CHECK(test::shown(c) == expected(c.numbers));
      CHECK(std::fabs(c.frames_per_second - rate) < 1e-9);
      CHECK_FALSE(c.has_sound);
      CHECK(c.sound.empty());
    }
  }
}

TEST_CASE("some of the frames are the same bits as all of them, in the order asked for") {
  const auto file = of_frames(500, 25);  // two groups of at most 250 pictures
  const clip all = parse(file, "a.mp4", {.seconds = 20});
  const std::vector<int> which{18, 0, 6, 6, 12, 19};
  const clip some = parse(file, "a.mp4", {.seconds = 20, .which = which});
  REQUIRE(some.frames.size(0) == 6);
  const long count = 48 * 64 * 3;
  for (std::size_t i = 0; i < which.size(); ++i) {
    CHECK(some.numbers[i] == all.numbers[std::size_t(which[i])]);
    CHECK(ogm::test::same_bits(some.frames.data() + long(i) * count, all.frames.data() + which[i] * count, std::size_t(count)));
  }
}

TEST_CASE("a frame is the same bits whether those before it are wanted too or not") {
  test::frames frames = test::numbered_frames(200, 48, 64);
  std::uint32_t noise = 1;
  for (long i = 0; i < frames.count(); ++i) {  // so that frames refer to one another, forwards and backwards
    noise = noise * 1664525 + 1013904223;
    frames.data()[i] = std::uint8_t(frames.data()[i] / 2 + (noise >> 27) + (i / 3 % 64 + i / 9216) % 16 * 4);
  }
  for (const picture_coding coding : {picture_coding::best, picture_coding::mpeg4})
    for (const int key : {7, 40, 0}) {
      const auto file = encode_mp4({.frames = frames.view(), .coding = coding, .frames_between_keys = key});
      const clip all = parse(file, "a.mp4", {.seconds = 8, .frames_a_second = 50}), some = parse(file, "a.mp4", {.seconds = 8});
      REQUIRE(some.frames.size(0) == 8);
      for (std::size_t i = 0; i < 8; ++i) {
        const auto at = std::find(all.numbers.begin(), all.numbers.end(), some.numbers[i]);
        REQUIRE(at != all.numbers.end());
        CHECK(ogm::test::same_bits(&some.frames(long(i), 0, 0, 0), &all.frames(at - all.numbers.begin(), 0, 0, 0), 48 * 64 * 3));
      }
    }
}

TEST_CASE("frames of a requested size are the stored ones, resized") {
  const test::frames frames = test::numbered_frames(50, 90, 120, true);
  const auto file = encode_mp4({.frames = frames.view()});
  const clip stored = parse(file, "a.mp4", {.seconds = 2}), small = parse(file, "a.mp4", {.seconds = 2, .height = 37, .width = 224});
  REQUIRE(small.frames.shape().text() == test::frames(2, 37, 224).shape().text());
  test::frames resized(2, 37, 224);
  for (long i = 0; i < 2; ++i) {
    using shape = ogm::data::pixel_view::shape_type;
    ogm::data::resize_pixels({stored.frames.data() + i * 90 * 120 * 3, shape(90, 120, 3)},
                             {resized.data() + i * 37 * 224 * 3, shape(37, 224, 3)});
  }
  CHECK(ogm::test::same_bits(small.frames.data(), resized.data(), std::size_t(resized.count())));
}

TEST_CASE("a picture that ends early") {
  const auto file = of_frames(65);
  const clip repeated = parse(file, "a.mp4");
  REQUIRE(repeated.frames.size(0) == 60);
  CHECK(repeated.numbers[2] == 62);
  CHECK(repeated.numbers[3] == 51 + (88 - 51) % 15);
  CHECK(test::shown(repeated) == expected(repeated.numbers));
  const clip short_one = parse(file, "a.mp4", {.when_picture_short = short_picture::as_is});
  CHECK(short_one.numbers == std::vector<std::int64_t>{12, 38, 62});
  CHECK(short_one.frames.size(0) == 3);
  CHECK(test::message_of([&] { parse(file, "a.mp4", {.when_picture_short = short_picture::error}); }) ==
        "avqa: a.mp4: its picture has 2.6 s; frame 3 of 1 a second expected.");
  CHECK(parse(file, "a.mp4", {.seconds = 3, .when_picture_short = short_picture::error}).frames.size(0) == 3);
  const clip none = parse(file, "a.mp4", {.which = {40}, .when_picture_short = short_picture::as_is});
  CHECK(none.has_picture);
  CHECK(none.frames.count() == 0);
}

TEST_CASE("what comes after the wanted seconds is left out; 0 seconds are all of them") {
  const test::frames frames = test::numbered_frames(190, 48, 64);
  const std::vector<float> sound = test::stairs(7.6);
  const auto file = encode_mp4({.frames = frames.view(), .sound = sound});
  const clip c = parse(file, "a.mp4", {.seconds = 3});
  CHECK(c.frames.size(0) == 3);
  CHECK(c.sound.size() == 48000);
  CHECK(test::distance(c.sound, sound, 0, 48000) < 0.02);
  const clip all = parse(file, "a.mp4", {.seconds = 0});
  CHECK(all.frames.size(0) == 8);  // 7.6, to the nearest
  CHECK(std::abs(long(all.sound.size()) - long(sound.size())) <= 1024);
  CHECK(test::distance(all.sound, sound, 0, sound.size() - 1024) < 0.02);
  const clip still = parse(of_frames(1), "a.mp4", {.seconds = 0});
  CHECK(test::shown(still) == std::vector<int>{0});
  CHECK(test::has(test::message_of([&] { parse(file, "a.mp4", {.seconds = 0, .which = {8}}); }), "frame 8 of 8"));
}

TEST_CASE("a file has a picture, a sound or both") {
  const auto picture = of_frames(50), sound = of_sound(test::stairs(2));
  const clip silent = parse(picture, "a.mp4", {.seconds = 2}), unseen = parse(sound, "a.mp4", {.seconds = 2});
  CHECK((silent.has_picture && !silent.has_sound && silent.frames.size(0) == 2 && silent.sound.empty()));
  CHECK((!unseen.has_picture && unseen.has_sound && unseen.frames.count() == 0 && unseen.sound.size() == 32000));
  CHECK(unseen.frames_per_second == 0);
  CHECK(test::message_of([&] { parse(picture, "a.mp4", {.picture = false}); }) == "avqa: a.mp4: no sound in it.");
  CHECK(test::message_of([&] { parse(sound, "a.mp4", {.sound = false}); }) == "avqa: a.mp4: no picture in it.");
  const test::frames frames = test::numbered_frames(50, 48, 64);
  const std::vector<float> silence(32000, 0.f);
  const auto both = encode_mp4({.frames = frames.view(), .sound = silence});
  const clip quiet = parse(both, "a.mp4", {.seconds = 2});
  CHECK(quiet.has_sound);
  CHECK(quiet.sound == silence);
  CHECK_FALSE(parse(both, "a.mp4", {.seconds = 2, .picture = false}).has_picture);
  CHECK_FALSE(parse(both, "a.mp4", {.seconds = 2, .sound = false}).has_sound);
}

TEST_CASE("a sound at any rate, of any number of channels") {
  for (const int rate : {8000, 16000, 22050, 44100, 48000})
    for (const int channels : {1, 2, 6}) {
      INFO(rate << " Hz, " << channels << " channels");
      std::vector<float> sound = test::stairs(2, rate, channels), mean = test::stairs(2);
      if (channels == 6) {  // the fourth of 5.1 is for the lowest tones alone, and AAC keeps only those in it
        for (std::size_t i = 3; i < sound.size(); i += 6) sound[i] = 0;
        for (float& x : mean) x *= 5.f / 6;
      }
      const auto file = encode_mp4({.sound = sound, .channels = channels, .rate_hz = rate, .sound_bits_a_second = 64000 * (channels + 1)});
      const clip c = parse(file, "a.mp4", {.seconds = 2});
      REQUIRE(c.sound.size() == 32000);
      CHECK(test::distance(c.sound, mean, 200, 31800) < 0.03);  // of a sine of 0.35
    }
}

TEST_CASE("the mean of the channels is heard") {
  std::vector<float> sound = test::stairs(2, 16000, 2);
  for (std::size_t i = 1; i < sound.size(); i += 2) sound[i] = 0;
  const std::vector<float> one = test::stairs(2);
  std::vector<float> half = one;
  for (float& x : half) x *= 0.5f;
  const clip c = parse(of_sound(sound, 16000, 2), "a.mp4", {.seconds = 2});
  CHECK(test::distance(c.sound, half, 0, 32000) < 0.02);
  CHECK(test::distance(c.sound, one, 0, 32000) > 0.1);
}

TEST_CASE("frames of odd and of tiny sizes keep them") {
  for (const picture_coding coding : {picture_coding::best, picture_coding::mpeg4})
    for (const auto& [height, width] : {std::pair{47, 63}, std::pair{48, 63}, std::pair{47, 64}, std::pair{16, 18}, std::pair{2, 2}}) {
      INFO(height << " x " << width);
      const test::frames frames = test::numbered_frames(30, height, width);
      const clip c = parse(encode_mp4({.frames = frames.view(), .coding = coding}), "a.mp4", {.seconds = 1, .frames_a_second = 5});
      REQUIRE(c.frames.size(1) == height);
      REQUIRE(c.frames.size(2) == width);
      CHECK(test::shown(c) == expected(c.numbers));
    }
}

TEST_CASE("a picture is turned as its file says") {
  const test::frames frames = test::numbered_frames(25, 48, 64, true);
  const auto upright = encode_mp4({.frames = frames.view()});
  const std::string text(ogm::data::as_text(upright));
  const auto at = text.find("tkhd") + 4 + 40;  // version, flags, times, number, layer, group, volume: then nine numbers
  REQUIRE(text.find("tkhd", at) == text.npos);
  const clip as_stored = parse(upright, "a.mp4", {.seconds = 1});
  const long height = 48, width = 64;
  const auto same = [&](const std::array<int, 4>& matrix, long rows, long columns, auto source) {
    std::string turned = text;
    for (const auto& [place, value] : {std::pair{0, matrix[0]}, {1, matrix[1]}, {3, matrix[2]}, {4, matrix[3]}}) {
      const std::string number{char(value < 0 ? 255 : 0), char(value), '\0', '\0'};
      turned.replace(at + std::size_t(place) * 4, 4, number);
    }
    const clip c = parse(ogm::data::as_byte_span(turned), "a.mp4", {.seconds = 1});
    REQUIRE(c.frames.size(1) == rows);
    REQUIRE(c.frames.size(2) == columns);
    for (long y = 0; y < rows; ++y)
      for (long x = 0; x < columns; ++x) {
        const auto [from_y, from_x] = source(y, x);
        for (int i = 0; i < 3; ++i)
          if (c.frames(0, y, x, i) != as_stored.frames(0, from_y, from_x, i)) return false;
      }
    return true;
  };
  CHECK(same({1, 0, 0, 1}, 48, 64, [](long y, long x) { return std::pair(y, x); }));
  CHECK(same({0, 1, -1, 0}, 64, 48, [&](long y, long x) { return std::pair(height - 1 - x, y); }));  // a quarter turn clockwise
  CHECK(same({-1, 0, 0, -1}, 48, 64, [&](long y, long x) { return std::pair(height - 1 - y, width - 1 - x); }));
  CHECK(same({0, -1, 1, 0}, 64, 48, [&](long y, long x) { return std::pair(x, width - 1 - y); }));
  CHECK(same({-1, 0, 0, 1}, 48, 64, [&](long y, long x) { return std::pair(y, width - 1 - x); }));  // a mirror image
  CHECK(same({1, 1, 1, 1}, 48, 64, [](long y, long x) { return std::pair(y, x); }));                // no turn at all: as stored
}

TEST_CASE("a file and its bytes are read alike, on any number of threads at a time") {
  const test::folder in;
  const test::frames frames = test::numbered_frames(100, 48, 64, true);
  const std::vector<float> sound = test::stairs(4);
  write_mp4(in / "a.mp4", {.frames = frames.view(), .sound = sound});
  const clip one = read(in / "a.mp4", {.seconds = 4});
  const auto bytes = ogm::data::read_bytes(in / "a.mp4");
  std::array<clip, 4> others;
  std::vector<std::thread> threads;
  for (clip& c : others) threads.emplace_back([&] { c = parse(bytes, "bytes", {.seconds = 4}); });
  for (std::thread& t : threads) t.join();
  for (const clip& c : others) {
    CHECK(ogm::test::same_bits(c.frames.data(), one.frames.data(), std::size_t(one.frames.count())));
    CHECK(c.sound == one.sound);
  }
}
#else
TEST_CASE("media files need FFmpeg") { std::cout << "skipped: built without FFmpeg (OGM_WITH_FFMPEG)\n"; }
#endif
