#include <ogm/data/dtype.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using namespace ogm::data;

TEST_CASE("every 16-bit float survives the way through float") {
  for (unsigned bits = 0; bits < 65536; ++bits) {
    float16 h;
    h.bits = std::uint16_t(bits);
    bfloat16 b;
    b.bits = std::uint16_t(bits);
    const float x = float(h), y = float(b);
    if (x == x)
      REQUIRE(float16(x).bits == bits);
    else
      REQUIRE(float(float16(x)) != float(float16(x)));
    if (y == y)
      REQUIRE(bfloat16(y).bits == bits);
    else
      REQUIRE(float(bfloat16(y)) != float(bfloat16(y)));
  }
}

TEST_CASE("half precision has IEEE's values and rounds to nearest, ties to even") {
  CHECK(float16(1.f).bits == 0x3C00);
  CHECK(float16(-2.f).bits == 0xC000);
  CHECK(float16(65504.f).bits == 0x7BFF);
  CHECK(float16(65519.996f).bits == 0x7BFF);
  CHECK(float16(65520.f).bits == 0x7C00);
  CHECK(float16(0x1p-24f).bits == 1);
  CHECK(float16(0x1p-25f).bits == 0);  // a tie between 0 and 1: even
  CHECK(float16(std::nextafter(0x1p-25f, 1.f)).bits == 1);
  CHECK(float16(1 + 0x1p-11f).bits == 0x3C00);  // a tie: even
  CHECK(float16(1 + 3 * 0x1p-11f).bits == 0x3C02);
  CHECK(float16(0x1p-14f - 0x1p-26f).bits == 0x0400);  // the largest subnormals round up to the smallest normal
  CHECK(bfloat16(1 + 0x1p-8f).bits == 0x3F80);
  CHECK(bfloat16(1 + 3 * 0x1p-8f).bits == 0x3F82);
  CHECK(float(bfloat16(std::numeric_limits<float>::max())) == std::numeric_limits<float>::infinity());
}

TEST_CASE("conversion saturates and never meets undefined behaviour") {
  const float floats[]{1.5f, -1.5f, 1e30f, -1e30f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 300.f};
  std::uint8_t bytes[7];
  convert(dtype::f32, as_byte_span(floats, 7), bytes);
  const std::uint8_t expected[]{1, 0, 255, 0, 0, 255, 255};
  for (int i = 0; i < 7; ++i) CHECK(bytes[i] == expected[i]);
  std::int64_t longs[7];
  convert(dtype::f32, as_byte_span(floats, 7), longs);
  CHECK(longs[2] == std::numeric_limits<std::int64_t>::max());
  CHECK(longs[3] == std::numeric_limits<std::int64_t>::min());
  const std::int64_t wide[]{-5, 70000, 7};
  std::uint16_t narrow[3];
  convert(dtype::i64, as_byte_span(wide, 3), narrow);
  CHECK(narrow[0] == 0);
  CHECK(narrow[1] == 65535);
  CHECK(narrow[2] == 7);
}
