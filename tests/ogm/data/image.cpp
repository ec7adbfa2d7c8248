#include <ogm/data/image.hpp>

#include <catch2/catch.hpp>

#include "files.hpp"

namespace image_test {

using namespace ogm::data;
namespace test = ogm::test;

#ifdef OGM_DATA_HAS_STB
namespace {
// 7 x 5 grey, deflated, made with Python's zlib: pixel (y, x) is 10 x + 40 y.
const std::string deflated = test::from_hex(
    "89504e470d0a1a0a0000000d4948445200000007000000050800000000acf1a9040000002b49444154789c6360e01291d330b2610062b780a8140620"
    "ceab68ea6100e2690b566d6100e27d272edd0100cff80f0be726cf2c0000000049454e44ae426082");
// 9 x 7 at quality 95, made with stb_image_write: pixel (y, x) is (28 x, 36 y, 128).
const std::string jpeg = test::from_hex(
    "ffd8ffe000104a46494600010100000100010000ffdb0084000201010101010201010102020202020403020202020504040304060506060605060606"
    "070908060709070606080b08090a0a0a0a0a06080b0c0b0a0c090a0a0a01020202020202050303050a0706070a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"
    "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0affc00011080007000903011100021101031101ffc401a2000001"
    "0501010101010100000000000000000102030405060708090a0b100002010303020403050504040000017d0102030004110512213141061351610722"
    "7114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a63646566"
    "6768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5"
    "d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa0100030101010101010101010000000000000102030405060708090a0b110002010204"
    "0403040705040400010277000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a2627"
    "28292a35363738393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2"
    "a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9faffda000c030100"
    "02110311003f00e33f666ff824de87fe8ffe8169dbf896bdde2bf19311ef7bcff13e3be8ff00e3fe2bf75ef4ba773e97ff00874de87ff3e169ff007d"
    "2d7e55ff00119311fccff13fbf3fe23fe2bf9a5f89ffd9");
image::picture parse(const std::string& bytes, int channels = 3) { return image::parse(as_byte_span(bytes), "t.png", channels); }
std::string failure(const std::string& bytes) {
  return test::message_of([&] { parse(bytes); });
}
}  // namespace

TEST_CASE("pictures that were written are read back") {
  const test::folder in;
  for (const int channels : {1, 3, 4}) {
    image::picture p{50, 700, channels, {}};
    for (int i = 0; i < 50 * 700 * channels; ++i) p.pixels.push_back(std::uint8_t(i * 37 % 251));
    image::write_png(in / "a.png", p);
    const auto back = image::read(in / "a.png", channels);
    CHECK(back.height == 50);
    CHECK(back.width == 700);
    CHECK(back.pixels == p.pixels);
  }
}

TEST_CASE("a PNG and a JPEG made elsewhere") {
  const auto grey = parse(deflated, 1);
  REQUIRE(grey.pixels.size() == 35);
  for (int y = 0; y < 5; ++y)
    for (int x = 0; x < 7; ++x) CHECK(grey.pixels[std::size_t(y * 7 + x)] == 10 * x + 40 * y);
  const auto colour = parse(deflated, 3);
  CHECK(colour.pixels[3 * 8 + 2] == 50);
  const auto photo = parse(jpeg);
  REQUIRE(photo.width == 9);
  REQUIRE(photo.height == 7);
  int worst = 0;
  for (int y = 0; y < 7; ++y)
    for (int x = 0; x < 9; ++x) {
      const int expected[]{28 * x, 36 * y, 128};
      for (int c = 0; c < 3; ++c) worst = std::max(worst, std::abs(int(photo.pixels[std::size_t((y * 9 + x) * 3 + c)]) - expected[c]));
    }
  CHECK(worst <= 24);  // stb halves the colours' resolution
}

TEST_CASE("truncated and damaged pictures are refused") {
  const auto read = [](byte_span b) { image::parse(b, "t.png"); };
  CHECK(test::accepted_prefixes(deflated, read) == 0);
  CHECK(test::accepted_flips(deflated, read) == 0);  // everything but the signature lies under a CRC
  CHECK(test::accepted_prefixes(jpeg, read) == 0);
  CHECK(test::accepted_flips(jpeg, read) < 8 * jpeg.size());
  std::string bent = deflated;
  bent[45] = char(bent[45] ^ 1);
  CHECK(test::has(failure(bent), "t.png: the chunk at byte 33 is damaged: its CRC differs"));
  CHECK(test::has(failure("GIF89a"), "neither PNG nor JPEG"));
  CHECK(test::has(failure(""), "neither PNG nor JPEG"));
  CHECK(test::has(failure(jpeg.substr(0, jpeg.size() - 2)), "without its end marker"));
  CHECK(test::has(test::message_of<ogm::value_error>([] { parse(deflated, 2); }), "not 2"));
}

TEST_CASE("pixels that cannot be there cost no memory") {
  std::string huge = deflated;
  huge.replace(16, 8, std::string("\0\0\x3F\xFF\0\0\x3F\xFF", 8));
  const std::uint32_t crc = crc32(as_byte_span(huge.data() + 12, 17));
  for (int i = 0; i < 4; ++i) huge[29 + std::size_t(i)] = char(crc >> (24 - 8 * i) & 255);
  CHECK(test::has(failure(huge), "16383 x 16383 pixels claimed"));
}

TEST_CASE("a JPEG whose Huffman table has more codes than there are is refused before stb sees it") {
  std::string bad = jpeg;
  const std::size_t table = bad.find("\xFF\xC4") + 5;
  for (int i = 0; i < 16; ++i) bad[table + std::size_t(i)] = char(0xFF);
  CHECK(test::has(failure(bad), "Huffman table"));
}
#else
TEST_CASE("without stb a picture is a clear error") {
  CHECK(test::has(test::message_of([] { ogm::data::image::parse({}, "t.png"); }), "libstb-dev"));
}
#endif

}  // namespace image_test
