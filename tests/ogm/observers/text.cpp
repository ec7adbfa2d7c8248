#include <ogm/train/observers/text.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <cstdlib>
#include <limits>

namespace text = ogm::observers::text;

namespace {
std::string of(double v) {
  std::string out;
  text::append(out, v);
  return out;
}
std::string printable(std::string_view s) {
  std::string out;
  text::append_printable(out, s);
  return out;
}
}  // namespace

TEST_CASE("numbers read back as the same number") {
  for (const double v : {0.1, 1.0 / 3, 1e-310, 1.7976931348623157e308, -2.5e-7, 123456.789, 5e-324, -0.0}) {
    const double back = std::strtod(of(v).c_str(), nullptr);
    CHECK(back == v);
    CHECK(std::signbit(back) == std::signbit(v));
  }
  CHECK(of(100000) == "100000");
  CHECK(of(-3) == "-3");
  CHECK(of(std::nan("")) == "nan");
  CHECK(of(-std::nan("")) == "nan");
  CHECK(of(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(of(-std::numeric_limits<double>::infinity()) == "-inf");
}

TEST_CASE("control characters and broken UTF-8 become question marks") {
  CHECK(printable("plain ± ━ 😀") == "plain ± ━ 😀");
  CHECK(printable("a\x1b[2Jb\r\n\x7f") == "a?[2Jb???");
  CHECK(printable("\xc2\x9b") == "?");        // a control character of two bytes
  CHECK(printable("\xc0\xaf") == "??");       // overlong
  CHECK(printable("\xed\xa0\x80") == "???");  // half of a surrogate pair
  CHECK(printable("\xe2\x82") == "??");       // ends too early
  CHECK(printable(std::string_view("\0x", 2)) == "?x");
  CHECK(printable("\xf5\x80\x80\x80") == "????");  // above U+10FFFF
}

TEST_CASE("text is cut between characters") {
  CHECK(text::columns("±a━") == 3);
  CHECK(text::first_columns("±a━", 2) == "±a");
  CHECK(text::first_columns("±a━", 0).empty());
  CHECK(text::first_columns("±a━", 9) == "±a━");
}
