#include <ogm/data/bytes.hpp>
#include <ogm/data/resize_pixels.hpp>

#include <catch2/catch.hpp>

#include "files.hpp"

namespace resize_pixels_test {

using namespace ogm::data;
namespace test = ogm::test;
using pixels = ogm::tensor<std::uint8_t, ogm::dyn, ogm::dyn, ogm::dyn>;

namespace {

/// x = (1103515245 x + 12345) mod 2^31 from 12345 on; its eight highest bits.
pixels picture(long height, long width, long channels) {
  pixels out(height, width, channels);
  std::uint64_t x = 12345;
  for (std::uint8_t& p : out.flat()) {
    x = (1103515245 * x + 12345) % (std::uint64_t(1) << 31);
    p = std::uint8_t(x >> 23);
  }
  return out;
}
pixels resized(const pixels& in, long height, long width) {
  pixels out(height, width, in.size(2));
  resize_pixels(in, out);
  return out;
}

}  // namespace

// Made with Pillow 9.4: Image.fromarray(picture).resize((width, height), Image.BILINEAR), and zlib.crc32 of its bytes.
TEST_CASE("pictures of bytes are resized as Pillow does it, bit for bit") {
  const std::vector<int> smaller{120, 121, 174, 137, 97, 75,  113, 143, 142, 165, 131, 142, 142, 124, 161, 155, 144, 79,
                                 129, 73,  140, 88,  64, 139, 130, 52,  190, 133, 62,  114, 129, 127, 159, 125, 141, 64};
  const auto a = resized(picture(5, 7, 3), 3, 4);
  CHECK(std::vector<int>(a.data(), a.data() + a.count()) == smaller);
  const std::vector<int> larger{167, 78,  172, 153, 83, 167, 97,  105, 149, 41,  127, 130, 27,  132, 125, 159, 88,  105, 150, 97,
                                102, 115, 135, 90,  79, 172, 78,  70,  181, 74,  125, 120, 116, 128, 129, 112, 140, 165, 94,  151,
                                199, 76,  154, 208, 72, 76,  164, 202, 94,  168, 194, 164, 184, 160, 234, 200, 126, 252, 204, 118};
  const auto b = resized(picture(3, 2, 3), 4, 5);
  CHECK(std::vector<int>(b.data(), b.data() + b.count()) == larger);
  struct {
    long height, width, channels, to_height, to_width;
    std::uint32_t crc;
  } const golden[]{{270, 480, 3, 224, 224, 0x052A4AE4}, {480, 270, 3, 224, 224, 0x1EDDA540}, {100, 60, 3, 224, 224, 0x7ED17678},
                   {224, 500, 3, 224, 224, 0x336C6F8B}, {501, 224, 1, 224, 224, 0x7F1F901A}, {37, 1000, 3, 50, 3, 0x4ADC466F},
                   {1, 1, 3, 5, 4, 0x977804DD},         {300, 300, 3, 1, 1, 0x5BD50299}};
  for (const auto& g : golden) {
    INFO(g.height << " x " << g.width << " to " << g.to_height << " x " << g.to_width);
    const auto out = resized(picture(g.height, g.width, g.channels), g.to_height, g.to_width);
    CHECK(crc32(as_byte_span(reinterpret_cast<const char*>(out.data()), out.bytes())) == g.crc);
  }
}

TEST_CASE("a picture of the same size is the same, and one colour stays") {
  const auto in = picture(9, 11, 4);
  const auto same = resized(in, 9, 11);
  CHECK(std::equal(in.data(), in.data() + in.count(), same.data()));
  pixels white(9, 11, 3);
  std::fill_n(white.data(), white.count(), std::uint8_t(255));
  for (const auto& [height, width] : {std::pair(3, 20), std::pair(40, 2), std::pair(1, 1), std::pair(13, 12)}) {
    const auto out = resized(white, height, width);
    for (const std::uint8_t p : out.flat()) REQUIRE(int(p) == 255);
  }
}

TEST_CASE("pictures of other channels or without pixels are refused") {
  pixels out(2, 2, 3);
  CHECK(test::has(test::message_of<ogm::shape_error>([&] { resize_pixels(pixels(2, 2, 4), out); }), "(2, 2, 4)"));
  CHECK(test::has(test::message_of<ogm::shape_error>([&] { resize_pixels(pixels(0, 2, 3), out); }), "(0, 2, 3)"));
  pixels none(2, 0, 3);
  CHECK(test::has(test::message_of<ogm::shape_error>([&] { resize_pixels(out, none); }), "(2, 0, 3)"));
}

}  // namespace resize_pixels_test
