#include <avqa/features/store.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <thread>

#include "ogm/data/files.hpp"
#include "stored.hpp"

using namespace avqa;
namespace test = ogm::test;
using ogm::data::dtype;
using test::has;
using test::message_of;

namespace {

struct clip_values {
  std::vector<float> sound, maps;
  explicit clip_values(const feature_shape& s) : sound(std::size_t(s.sound_count())), maps(std::size_t(s.maps_count())) {}
};
clip_values read(const feature_store& from, ogm::size_type video) {
  clip_values out(from.shape());
  from.read(video, out.sound, out.maps);
  return out;
}

/// A store's bytes that can be changed, at an address that a store may have, with checksums that fit what was changed.
class forged {
 public:
  explicit forged(const std::string& path) : bytes_(ogm::data::read_bytes(path)) {}
  template <class Change> std::string refused(const Change& change, bool resize = false) {
    auto copy = bytes_;
    detail::store_header h;
    std::memcpy(&h, copy.data(), sizeof h);
    const std::size_t before = h.index_bytes;
    change(h, copy);
    if (resize) h.index_bytes = before + copy.size() - bytes_.size();
    if (h.index_bytes <= copy.size()) h.index_checksum = ogm::data::crc32(ogm::data::byte_span(copy).last(std::size_t(h.index_bytes)));
    h.checksum = detail::checksum_of(h);
    std::memcpy(copy.data(), &h, sizeof h);
    return message_of([&] { feature_store(copy, "forged"); });
  }

 private:
  std::vector<std::byte> bytes_;
};
using bytes = std::vector<std::byte>;

}  // namespace

TEMPLATE_TEST_CASE_SIG("what is written is read back, by clip and by frame", "", ((dtype Type), Type), dtype::f32, dtype::f16,
                       dtype::bf16) {
  const test::folder in;
  for (const feature_shape shape :
       {test::small, feature_shape{1, 1, 1, 1, 1}, feature_shape{.steps = 2, .sound = 128, .channels = 64, .height = 14, .width = 14}}) {
    const feature_store store(test::write_store(in / "a.features", 11, Type, shape));
    CHECK(store.shape() == shape);
    CHECK(store.type() == Type);
    REQUIRE(store.videos().size() == 11);
    store.verify();
    for (std::size_t v = 0; v < 11; ++v) {
      const ogm::size_type at = video_number(store, test::video_name(v));
      CHECK(at == ogm::size_type(v));  // numbers are in the order of adding
      const clip_values values = read(store, at);
      CHECK(values.sound == test::sound_of(v, shape));
      CHECK(values.maps == test::maps_of(v, shape));
      std::vector<float> frame(std::size_t(shape.frame_count()));
      for (ogm::size_type t = 0; t < shape.steps; ++t) {
        store.frame(at, t, frame);
        REQUIRE(std::equal(frame.begin(), frame.end(), values.maps.begin() + t * shape.frame_count()));
      }
    }
    CHECK_FALSE(store.videos().find("video"));
  }
}

TEST_CASE("stored numbers are rounded to nearest even, and what has no number keeps its kind") {
  const test::folder in;
  constexpr float inf = std::numeric_limits<float>::infinity();
  const feature_shape shape{1, 8, 1, 1, 1};
  const std::vector<float> sound{1 + 0x1p-11f, 1 + 3 * 0x1p-11f, -inf, std::nanf(""), 0x1p-24f, -0.f, 65504.f, 1 + 0x1p-8f}, map{inf};
  for (const dtype type : {dtype::f32, dtype::f16, dtype::bf16}) {
    store_writer to(in / "a", shape, type);
    to.add("x", sound, map);
    to.finish();
    const feature_store from(in / "a");
    const clip_values is = read(from, 0);
    for (std::size_t i = 0; i < sound.size(); ++i) {
      const float should = type == dtype::f32   ? sound[i]
                           : type == dtype::f16 ? float(ogm::data::float16(sound[i]))
                                                : float(ogm::data::bfloat16(sound[i]));
      CHECK((std::isnan(should) ? std::isnan(is.sound[i]) : is.sound[i] == should));
    }
    CHECK(std::signbit(is.sound[5]));
    CHECK(is.maps[0] == inf);
  }
}

TEST_CASE("parts lie at multiples of 64, items of a page, and floats are seen in place") {
  const test::folder in;
  const feature_store store(test::write_store(in / "a", 5));
  for (ogm::size_type v = 0; v < 5; ++v) {
    const auto maps = store.maps_view(v);
    const auto sound = store.sound_view(v);
    CHECK(reinterpret_cast<std::uintptr_t>(maps.data()) % 4096 == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(sound.data()) % 64 == 0);
    CHECK(maps.shape().text() == "(3, 3, 2, 3)");
    CHECK(sound.shape().text() == "(3, 5)");
    CHECK(std::vector<float>(maps.flat().begin(), maps.flat().end()) == test::maps_of(std::size_t(v), test::small));
    CHECK(std::vector<float>(sound.flat().begin(), sound.flat().end()) == test::sound_of(std::size_t(v), test::small));
  }
  const feature_store half(test::write_store(in / "h", 1, dtype::f16));
  CHECK(has(message_of<ogm::value_error>([&] { half.maps_view(0); }), "holds f16; only f32 can be seen in place"));
}

TEST_CASE("a clip of the published shape with ten negatives costs 8.1 MB in f32 and 4.1 in half precision") {
  const test::folder in;
  const feature_shape published;
  for (const auto& [type, limit] : {std::pair{dtype::f32, 8'100'000u}, {dtype::f16, 4'100'000u}, {dtype::bf16, 4'100'000u}}) {
    const feature_store store(test::write_store(in / "a", 2, type, published));
    CHECK(store.bytes_read() == 0);
    clip_values own(published);
    store.read(0, own.sound, own.maps);
    std::vector<float> frame(std::size_t(published.frame_count()));
    for (ogm::size_type t = 0; t < 10; ++t) store.frame(1, t, frame);
    CHECK(store.bytes_read() == size_of(type) * std::size_t(published.sound_count() + 2 * published.maps_count()));
    CHECK(store.bytes_read() <= limit);
  }
}

TEST_CASE("damage to an item is found by verify, and at first reading where that is asked for", "[threads]") {
  const test::folder in;
  const std::string whole = test::text_of(test::write_store(in / "whole", 3));
  const auto layout = *detail::layout_of(test::small, dtype::f32);
  const auto damaged_at = [&](std::size_t offset) {
    std::string bytes = whole;
    bytes[offset] = char(bytes[offset] ^ 4);
    return in.write("damaged", bytes);
  };
  const std::string map = damaged_at(layout.item_offset(1) + layout.frame_bytes + 8);
  {
    const feature_store lenient(map);
    read(lenient, 1);
    CHECK(has(message_of([&] { lenient.verify(); }), "damaged: video \"video37\": its map of step 1 is damaged"));
    const ogm::use_threads pool(3);
    CHECK(has(message_of([&] { lenient.verify(); }), "video37"));
    const feature_store strict(map, store_check::at_first_reading);
    std::vector<float> frame(std::size_t(test::small.frame_count()));
    strict.frame(1, 0, frame);
    for (int again = 0; again < 2; ++again) CHECK(has(message_of([&] { strict.frame(1, 1, frame); }), "step 1 is damaged"));
    CHECK(has(message_of([&] { read(strict, 1); }), "step 1 is damaged"));
    CHECK(has(message_of([&] { strict.maps_view(1); }), "step 1 is damaged"));
    strict.sound_view(1);
    CHECK(read(strict, 0).maps == test::maps_of(0, test::small));
    CHECK(read(strict, 2).maps == test::maps_of(2, test::small));
  }
  const feature_store strict(damaged_at(layout.item_offset(2) + layout.sound_offset), store_check::at_first_reading);
  std::vector<float> frame(std::size_t(test::small.frame_count()));
  strict.frame(2, 2, frame);
  CHECK(has(message_of([&] { read(strict, 2); }), "video \"video74\": its sound is damaged"));
}

TEST_CASE("no prefix of a store is one, and no flipped bit of header and index goes unseen") {
  const test::folder in;
  const std::string whole = test::text_of(test::write_store(in / "a", 2, dtype::f16));
  const auto open = [](ogm::data::byte_span bytes) { feature_store(bytes, "t"); };
  for (const std::size_t step : {std::size_t(97), std::size_t(1)})  // all lengths near both ends, some between
    for (std::size_t n = 0; n < whole.size(); n += step) {
      if (step == 1 && n > 200 && n + 200 < whole.size()) continue;
      REQUIRE_FALSE(message_of([&] { open(ogm::data::as_byte_span(whole.data(), n)); }).empty());
    }
  const std::size_t index = 4096 + 2 * detail::layout_of(test::small, dtype::f16)->item_bytes;
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      if (at >= 4096 && at < index) continue;
      std::string flipped = whole;
      flipped[at] = char(flipped[at] ^ 1 << bit);
      REQUIRE_FALSE(message_of([&] { open(ogm::data::as_byte_span(flipped)); }).empty());
    }
  CHECK(has(message_of([&] { open(ogm::data::as_byte_span(whole + "x")); }), "bytes after its end"));
}

TEST_CASE("headers whose checksum is right and that lie are refused with what is wrong") {
  const test::folder in;
  forged file(test::write_store(in / "a", 2));
  using header = detail::store_header;
  CHECK(file.refused([](header&, bytes&) {}).empty());
  CHECK(has(file.refused([](header& h, bytes&) { h.magic[1] = 'B'; }), "no feature store"));
  CHECK(has(file.refused([](header& h, bytes&) { h.byte_order = 0x04030201; }), "not little-endian"));
  CHECK(has(file.refused([](header& h, bytes&) { h.version = 2; }), "version 2 of the format; version 1 expected"));
  CHECK(has(file.refused([](header& h, bytes&) { h.type = 0; }), "elements of type 0; 1 (f32)"));
  CHECK(has(file.refused([](header& h, bytes&) { h.type = 4; }), "elements of type 4"));
  CHECK(has(file.refused([](header& h, bytes&) { h.channels = 3000; }), "do not make the"));
  CHECK(has(file.refused([](header& h, bytes&) { h.videos = 1; }), "1 videos of 4096 bytes"));
  CHECK(has(file.refused([](header& h, bytes&) { h.videos = ~0ull / 4096; }), "do not make"));
  CHECK(has(file.refused([](header& h, bytes&) { h.videos = 1ull << 52; }), "do not make"));  // 2^64 bytes: overflows to 0
  CHECK(has(file.refused([](header& h, bytes&) { h.index_bytes = ~0ull; }), "do not make"));
  CHECK(has(file.refused([](header& h, bytes&) { h.index_bytes -= 1; }), "do not make"));
  for (std::uint64_t header::*size : {&header::steps, &header::sound, &header::channels, &header::height, &header::width})
    for (const std::uint64_t wrong : {0ull, 1ull << 62, ~0ull})
      CHECK(has(file.refused([&](header& h, bytes&) { h.*size = wrong; }), "have a size of 0 or more elements than memory"));
  CHECK(has(file.refused([](header& h, bytes&) { h.steps = 4; }), "the name of video 1"));  // an item is a page all the same
  CHECK(has(file.refused([](header& h, bytes&) { h.channels = 1ull << 32, h.height = 1ull << 32; }), "more elements than memory"));
  CHECK(has(file.refused([](header& h, bytes& b) { b.resize(4096 + 4096), h.videos = 1, h.index_bytes = 0; }), "do not fit an index"));
  CHECK(has(file.refused([](header& h, bytes& b) { b.erase(b.begin() + 4096, b.begin() + 8192), h.videos = 1; }), "name of"));
  CHECK(has(file.refused([](header&, bytes& b) { b.push_back(std::byte(1)); }, true), "1 bytes after the name of the last video"));
  CHECK(has(file.refused([](header&, bytes& b) { b.pop_back(); }, true), "the name of video 1 is empty or longer"));
  const std::size_t second = 2 * 4 * 4 + 2 + std::string("video0").size();  // in the index
  CHECK(has(file.refused([&](header& h, bytes& b) { b[b.size() - h.index_bytes + second] = std::byte(0); }), "the name of video 1"));
  CHECK(has(file.refused(
                [&](header& h, bytes& b) {
                  b.pop_back();
                  b[b.size() - h.index_bytes + 1 + second] = std::byte(6);
                  b.back() = std::byte('0');
                },
                true),
            "its index says: the video \"video0\" is there twice"));
}

TEST_CASE("an empty store, names of every kind, and what is not there") {
  const test::folder in;
  {
    store_writer none(in / "none", test::small);
    none.finish();
    const feature_store store(in / "none");
    CHECK(store.videos().size() == 0);
    store.verify();
    CHECK(has(message_of<ogm::value_error>([&] { read(store, 0); }), "video 0 of 0"));
    CHECK(has(message_of<ogm::value_error>([&] { video_number(store, "x"); }), "the video \"x\" is none of the 0 of " + in.path()));
  }
  const std::vector<std::string> names{std::string(65535, 'n'), "\xE4\xB8\xAD \n", std::string("a\0b", 3), "a"};
  {
    store_writer to(in / "names", test::small);
    for (const auto& name : names) to.add(name, test::sound_of(1, test::small), test::maps_of(1, test::small));
    to.finish();
  }
  const feature_store store(in / "names");
  CHECK(store.videos().names() == names);
  for (std::size_t i = 0; i < names.size(); ++i) CHECK(store.videos().find(names[i]) == ogm::size_type(i));
  clip_values values(test::small);
  std::vector<float> frame(18);
  CHECK(has(message_of<ogm::value_error>([&] { store.frame(-1, 0, frame); }), "video -1 of 4"));
  CHECK(has(message_of<ogm::value_error>([&] { store.frame(0, 3, frame); }), "step 3 of 3"));
  CHECK(has(message_of<ogm::value_error>([&] { store.sound_view(4); }), "video 4 of 4"));
  CHECK(has(message_of<ogm::shape_error>([&] { store.read(0, values.maps, values.maps); }),
            "54 floats for the sound of a clip; 15 expected"));
  CHECK(has(message_of<ogm::shape_error>([&] { store.read(0, values.sound, frame); }), "18 floats for the maps of a clip; 54 expected"));
  CHECK(has(message_of<ogm::shape_error>([&] { store.frame(0, 0, values.sound); }), "15 floats for the map of a step; 18 expected"));
  CHECK(has(message_of([&] { feature_store("/nowhere/a"); }), "/nowhere/a: cannot open the file"));
  CHECK(has(message_of([&] { feature_store s(in.path()); }), "not a regular file"));
}

TEST_CASE("many threads read the same store", "[threads]") {
  const test::folder in;
  const feature_store store(test::write_store(in / "a", 20, dtype::bf16), store_check::at_first_reading);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int k = 0; k < 4; ++k)
    threads.emplace_back([&] {
      for (ogm::size_type v = 0; v < 20; ++v) wrong += read(store, v).maps != test::maps_of(std::size_t(v), test::small);
    });
  for (auto& t : threads) t.join();
  CHECK(wrong == 0);
  CHECK(store.bytes_read() == 4 * 20 * 2 * (15 + 54));
}
