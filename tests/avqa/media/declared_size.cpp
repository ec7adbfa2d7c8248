#include <avqa/media/declared_size.hpp>

#include <catch2/catch.hpp>

#include <string>

#include "ogm/data/files.hpp"

namespace test = ogm::test;

using avqa::media::detail::declared_size;

namespace {
std::uint64_t of(const std::string& text) { return declared_size(ogm::data::as_byte_span(text)); }
std::string text(std::initializer_list<const char*> hex) {
  std::string all;
  for (const char* h : hex) all += h;
  return test::from_hex(all);
}
}  // namespace

TEST_CASE("a file says how long it is") {
  CHECK(of(text({"52494646", "64000000", "57415645"})) == 108);
  CHECK(of(text({"52494646", "ffffffff", "57415645"})) == 0);  // sent while it was made
  CHECK(of(text({"52494646", "00000000", "57415645"})) == 0);
  CHECK(of(text({"52494646", "05000000", "57415645"})) == 12);  // 13, of which the last is padding
  CHECK(of(text({"52494646", "04000000", "41564920", "52494646", "64000000", "41564958"})) == 12 + 108);  // an AVI of two parts

  const std::string ftyp =
      "0000001066747970"
      "69736f6d00000000";
  CHECK(of(test::from_hex(ftyp)) == 16);
  CHECK(of(test::from_hex(ftyp + "000000646d646174"
                                 "0000000000000000")) == 116);
  CHECK(of(test::from_hex(ftyp + "000000016d646174"
                                 "0000000100000000")) == 16 + (std::uint64_t(1) << 32));
  CHECK(of(test::from_hex(ftyp + "000000016d646174"
                                 "ffffffffffffffff")) == 0);
  CHECK(of(test::from_hex(ftyp + "000000006d646174"
                                 "0000000000000000")) == 0);  // to the end
  CHECK(of(test::from_hex(ftyp + "000000076d646174"
                                 "0000000000000000")) == 0);

  const std::string header =
      "1a45dfa3"
      "81"
      "00";
  CHECK(of(test::from_hex(header + "18538067"
                                   "a0"
                                   "00")) == 11 + 32);
  CHECK(of(test::from_hex(header + "18538067"
                                   "01000000000186a0")) == 6 + 4 + 8 + 100000);
  CHECK(of(test::from_hex(header + "18538067"
                                   "01ffffffffffffff")) == 0);  // unknown
  CHECK(of(test::from_hex(header + "18538067"
                                   "ff00")) == 0);
  CHECK(of(test::from_hex(header + "18538067"
                                   "00000000")) == 0);  // no length
  CHECK(of(test::from_hex("1a45dfa3"
                          "bf"
                          "00000000000000")) == 0);  // its header is longer than it is

  for (const std::string& other : {std::string(), std::string("RIFF"), std::string(1000, 'a'), std::string(12, '\0')})
    CHECK(of(other) == 0);
}
