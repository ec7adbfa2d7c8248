#include <ogm/data/npz.hpp>

#include <catch2/catch.hpp>

#include "files.hpp"

namespace npz_test {

using namespace ogm::data;
namespace test = ogm::test;

namespace {
std::string stored() {
  npz::writer w;
  const std::vector<float> a{1, 2, 3, 4, 5, 6};
  const std::vector<std::int16_t> b{-7};
  w.add<float>("a", a, std::vector<ogm::size_type>{2, 3});
  w.add<std::int16_t>("b", b, {});
  return w.encode();
}
void read_all(byte_span bytes) {
  const npz::archive z(bytes, "t.npz");
  for (const std::string& name : z.names()) z.read_as<float>(name);
}
// numpy.savez_compressed's layout, made with Python's zipfile: a = [[1, 2], [3, 4]] f4, b = [-1, 0, 7] i2.
const std::string deflated = test::from_hex(
    "504b03042d0000000800000021004efb2075ffffffffffffffff05001400612e6e707901001000900000000000000053000000000000009bec17ea1b"
    "10c9c850c650ad9e925a9c5ca46ea5a06e9366a2aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416a402f91a463a0a469a3a0ab5"
    "0a64032e0686067b060606072002e2060700504b03042d0000000800000021000a3099baffffffffffffffff05001400622e6e707901001000860000"
    "00000000004a000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9369a4aea3a09e965f54529498179f5f94920a12774bcc294e"
    "058a17672416a402f91ac63a9a3a0ab50a1400aeffff1918d81900504b01022d032d0000000800000021004efb207553000000900000000500000000"
    "00000000000000800100000000612e6e7079504b01022d032d0000000800000021000a3099ba4a000000860000000500000000000000000000008001"
    "8a000000622e6e7079504b05060000000002000200660000000b0100000000");
}  // namespace

TEST_CASE("arrays that were written are read back, sorted by name") {
  const test::folder in;
  npz::writer w;
  const std::vector<float> values{1, 2};
  w.add<float>("weights", values, std::vector<ogm::size_type>{2});
  w.add<float>("bias", values, std::vector<ogm::size_type>{1, 2});
  CHECK(test::has(test::message_of<ogm::value_error>([&] { w.add<float>("bias", values, std::vector<ogm::size_type>{2}); }),
                  "second array bias"));
  w.save(in / "a.npz");
  const npz::file f(in / "a.npz");
  CHECK(f.names() == std::vector<std::string>{"bias", "weights"});
  CHECK(f.read<float>("weights").values == values);
  CHECK(f.header("bias").shape == std::vector<ogm::size_type>{1, 2});
  CHECK(f.contains("bias"));
  CHECK_FALSE(f.contains("c"));
  CHECK(test::has(test::message_of([&] { f.read<float>("c"); }), "a.npz: has no array c"));
  CHECK(test::has(test::message_of([&] { f.read<double>("bias"); }), "a.npz:bias: elements of type f32, f64 expected"));
}

TEST_CASE("an archive written elsewhere, deflated") {
  const npz::archive z(as_byte_span(deflated), "t.npz");
  CHECK(z.names() == std::vector<std::string>{"a", "b"});
#ifdef OGM_WITH_ZLIB
  CHECK(z.read<float>("a").values == std::vector<float>{1, 2, 3, 4});
  CHECK(z.read<float>("a").shape == std::vector<ogm::size_type>{2, 2});
  CHECK(z.read_as<float>("b").values == std::vector<float>{-1, 0, 7});
#else
  CHECK(test::has(test::message_of([&] { z.read<float>("a"); }), "OGM_WITH_ZLIB"));
#endif
}

TEST_CASE("every prefix of an archive is refused") {
  CHECK(test::accepted_prefixes(stored(), read_all) == 0);
  CHECK(test::accepted_prefixes(deflated, read_all) == 0);
}

TEST_CASE("a flipped bit of an array is always found, one elsewhere does no harm") {
  const std::string whole = stored();
  const std::size_t first = whole.find("\x93NUMPY"), length = 128 + 24;
  const auto parse = [&](byte_span b) { npz::archive(b, "t.npz").read<float>("a"); };
  for (std::size_t bit = 8 * first; bit < 8 * (first + length); ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = char(flipped[bit / 8] ^ (1 << bit % 8));
    REQUIRE(test::message_of([&] { parse(as_byte_span(flipped)); }) != "");
  }
  CHECK(test::accepted_flips(whole, read_all) < 8 * whole.size() / 2);
  CHECK(test::accepted_flips(deflated, read_all) < 8 * deflated.size() / 2);
}

TEST_CASE("lies about sizes cost no memory") {
#ifdef OGM_WITH_ZLIB
  std::string bomb = deflated;
  const std::size_t entry = bomb.find("PK\x01\x02");
  for (int i = 0; i < 4; ++i) bomb[entry + 24 + std::size_t(i)] = char(i == 3 ? 0x7F : 0xFF);  // 2 GB
  CHECK(test::has(test::message_of([&] { read_all(as_byte_span(bomb)); }), "claims 2147483647 bytes"));
#endif
  std::string many = stored();
  many[many.size() - 12] = many[many.size() - 11] = char(0xFF);
  CHECK(test::has(test::message_of([&] { read_all(as_byte_span(many)); }), "too small for its 65535 entries"));
  CHECK(test::has(test::message_of([&] { read_all(as_byte_span(std::string(100, 'x'))); }), "no zip archive"));
}

TEST_CASE("encryption, other methods and doubled names are refused by name") {
  const auto with = [](std::size_t offset, char value) {
    std::string z = stored();
    z[z.find("PK\x01\x02") + offset] = value;
    return test::message_of([&] { read_all(as_byte_span(z)); });
  };
  CHECK(test::has(with(8, 1), "encrypted"));
  CHECK(test::has(with(10, 12), "compression method 12"));
  CHECK(test::has(with(46, 'b'), "two members are called b"));
}

}  // namespace npz_test
