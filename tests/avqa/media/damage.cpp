#ifdef OGM_WITH_FFMPEG
#include <avqa/media/reader.hpp>

#include <catch2/catch.hpp>

#include <filesystem>

#include "avqa/media/muxed.hpp"
#include "ogm/data/files.hpp"

using namespace avqa::media;
namespace test = ogm::test;

namespace {
using bytes = std::vector<std::byte>;

std::string failure(const bytes& file, const options& how = {}) {
  return test::message_of([&] { parse(file, "a.mp4", how); });
}
/// About 120 lengths below the whole, the last 40 among them.
std::vector<std::size_t> cuts(std::size_t whole) {
  std::vector<std::size_t> out;
  for (std::size_t n = 0; n + 40 < whole; n += 1 + whole / 80) out.push_back(n);
  for (std::size_t n = whole - std::min<std::size_t>(whole, 40); n < whole; ++n) out.push_back(n);
  return out;
}
bytes cut(const bytes& whole, std::size_t n) { return bytes(whole.begin(), whole.begin() + std::ptrdiff_t(n)); }

const test::muxed both = {
    .container = "mp4", .picture = "mpeg4", .sound = "aac", .images = test::numbered_frames(150, 48, 64), .samples = test::stairs(6)};
test::muxed as(const std::string& container, const std::string& picture, const std::string& sound, bool index_first = false) {
  test::muxed out = both;
  out.container = container, out.picture = picture, out.sound = sound;
  if (index_first) out.muxer_options = {{"moov_size", "20000"}};
  return out;
}
}  // namespace

TEST_CASE("what is no media file is refused by name") {
  const test::folder in;
  CHECK(test::message_of([&] { read(in.write("empty.mp4", "")); }) == "avqa: " + in.path() + "/empty.mp4: an empty file.");
  for (const std::string& text :
       {std::string("x"), std::string("Once upon a time there was a film.\n"), std::string(100000, 'a'), std::string(100000, '\0')}) {
    const std::string message = test::message_of([&] { read(in.write("text.mp4", text)); });
    CHECK(test::has(message, "text.mp4: no mp4, mkv, webm, avi, wav, flac, ogg or mp3 file"));
  }
  CHECK(test::has(test::message_of([&] { read(in / "absent.mp4"); }), "absent.mp4"));
  CHECK(test::has(test::message_of([&] { read(in.path()); }), in.path()));
  // A playlist would have FFmpeg open other files.
  CHECK_FALSE(
      test::message_of([&] { read(in.write("list.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/hostname\n")); }).empty());
}

TEST_CASE("a cut file is an error wherever it is cut") {
  for (const test::muxed& of :
       {as("mp4", "mpeg4", "aac"), as("mp4", "mpeg4", "aac", true), as("matroska", "mpeg4", "aac"), as("webm", "libvpx", "libvorbis"),
        as("avi", "mpeg4", "pcm_s16le"), as("avi", "mjpeg", "libmp3lame"), as("wav", "", "pcm_s16le")}) {
    INFO(of.container << " " << of.picture);
    if (!test::can_encode({of.picture, of.sound})) continue;
    const bytes whole = test::mux(of);
    CHECK(failure(whole, {.seconds = 6}).empty());
    for (const std::size_t n : cuts(whole.size())) {
      const std::string message = failure(cut(whole, n), {.seconds = 6});
      INFO(n << " of " << whole.size() << ": " << message);
      // An index behind the frames and the sound is not missed.
      CHECK((!message.empty() || n > whole.size() * 9 / 10));
      CHECK((message.empty() || test::has(message, "avqa: a.mp4: ")));
    }
  }
}

TEST_CASE("what is left of a cut file can be read") {
  const bytes whole = test::mux(as("mp4", "mpeg4", "aac", true));
  const clip all = parse(whole, "a.mp4", {.seconds = 6});
  const options kept{.seconds = 6, .when_damaged = damage::keep_going};
  std::size_t readable = 0;
  for (const std::size_t n : cuts(whole.size())) {
    INFO(n << " of " << whole.size());
    clip c;
    if (!test::message_of([&] { c = parse(cut(whole, n), "a.mp4", kept); }).empty()) continue;
    ++readable;
    CHECK(c.damaged > 0);
    if (c.has_picture) {
      REQUIRE(c.frames.size(0) == 6);
      CHECK(test::number_of(c.frames, 0) >= 0);
    }
    if (c.has_sound) CHECK(c.sound.size() == 96000);
  }
  CHECK(readable > 80);
  const clip half = parse(cut(whole, whole.size() / 2), "a.mp4", kept);
  CHECK(test::number_of(half.frames, 0) == test::number_of(all.frames, 0));
  CHECK(test::distance(half.sound, all.sound, 0, 16000) == 0);
  CHECK(half.damaged >= 1);
}

TEST_CASE("flipped bits give a clip or an error that names the file") {
  for (const test::muxed& of : {as("mp4", "mpeg4", "aac"), as("webm", "libvpx", "libvorbis"), as("avi", "mjpeg", "pcm_s16le")}) {
    INFO(of.container);
    if (!test::can_encode({of.picture, of.sound})) continue;
    bytes file = test::mux(of);
    std::size_t refused = 0;
    for (std::size_t i = 0; i < 80; ++i) {
      const std::size_t at = i < 30 ? i : i * (file.size() / 80);
      file[at] ^= std::byte(1 << i % 8);
      for (const damage when : {damage::error, damage::keep_going}) {
        const std::string message = failure(file, {.seconds = 6, .height = 32, .width = 32, .when_damaged = when});
        refused += !message.empty();
        CHECK((message.empty() || test::has(message, "avqa: a.mp4: ")));
      }
      file[at] ^= std::byte(1 << i % 8);
    }
    CHECK(refused > 5);
  }
}

TEST_CASE("a picture without a frame is no picture") {
  for (const char* const container : {"mp4", "matroska", "avi"}) {
    INFO(container);
    const bytes alone = test::mux({.container = container, .picture = "mpeg4"});
    const std::string message = failure(alone);
    INFO(message);
    CHECK(test::has(message, "avqa: a.mp4: "));
    const bytes with_sound = test::mux({.container = container, .picture = "mpeg4", .sound = "aac", .samples = test::stairs(2)});
    const clip c = parse(with_sound, "file", {.seconds = 2});
    CHECK_FALSE(c.has_picture);
    CHECK(c.frames.count() == 0);
    CHECK(c.sound.size() == 32000);
  }
}

TEST_CASE("limits hold before memory is taken") {
  const bytes file = test::mux(both);
  CHECK(failure(file, {.seconds = 6, .most = {.pixels = 1 << 17, .bytes = 1 << 20, .seconds = 6}}) == "");
  CHECK_FALSE(failure(file, {.seconds = 6, .most = {.pixels = 48 * 64 - 1}}).empty());
  CHECK(test::has(failure(file, {.seconds = 6, .most = {.bytes = 1000}}), "1000"));
  CHECK(test::has(failure(file, {.seconds = 6, .height = 1024, .width = 1024, .most = {.bytes = 1 << 24}}),
                  "6 frames of 1024 x 1024 take more than 16777216 bytes"));
  CHECK(test::has(failure(file, {.seconds = 0, .sound = false, .most = {.seconds = 3}}), "its picture lasts longer than 3 s"));
  CHECK(test::has(failure(file, {.seconds = 0, .picture = false, .most = {.seconds = 3}}), "its sound lasts longer than 3 s"));
}
#endif
