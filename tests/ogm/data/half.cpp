#include <ogm/data/half.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

using namespace ogm::data;
namespace d = ogm::data::detail;

namespace {
std::uint32_t bits(float x) { return std::bit_cast<std::uint32_t>(x); }
bool is_nan(std::uint32_t x) { return (x & 0x7FFFFFFFu) > 0x7F800000u; }

template <class Half> std::vector<Half> every_half() {
  std::vector<Half> all(65536);
  for (std::size_t i = 0; i < all.size(); ++i) all[i].bits = std::uint16_t(i);
  return all;
}
/// Floats near every rounding decision: each half, the middle to the next one, and the floats around both; then a walk over all exponents.
template <class Half> std::vector<float> hard_floats() {
  std::vector<float> out;
  for (const Half h : every_half<Half>()) {
    const std::uint32_t own = bits(float(h));
    for (const std::uint32_t step : {0u, 0x800u, 0x1000u, 0x4000u, 0x8000u})
      for (const std::uint32_t off : {~0u, 0u, 1u}) out.push_back(std::bit_cast<float>(own + step + off));
  }
  for (std::uint32_t x = 0; x < 0xFFF00000u; x += 0x4321u) out.push_back(std::bit_cast<float>(x));
  return out;
}
}  // namespace

TEMPLATE_TEST_CASE("every 16-bit float becomes the float that it is", "", float16, bfloat16) {
  const auto all = every_half<TestType>();
  std::vector<float> wide(all.size());
  widen(all.data(), all.size(), wide.data());
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::uint32_t is = bits(wide[i]), should = bits(float(all[i]));
    wrong += is_nan(should) ? !is_nan(is) || (is ^ should) >> 31 : is != should;
  }
  CHECK(wrong == 0);
}

TEMPLATE_TEST_CASE("floats are rounded to nearest, ties to even, as one by one", "", float16, bfloat16) {
  const auto all = hard_floats<TestType>();
  std::vector<TestType> narrowed(all.size());
  narrow(all.data(), all.size(), narrowed.data());
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const TestType should(all[i]);
    wrong += std::isnan(all[i]) ? !std::isnan(float(narrowed[i])) || std::signbit(float(narrowed[i])) != std::signbit(all[i])
                                : narrowed[i].bits != should.bits;
  }
  CHECK(wrong == 0);
}

TEST_CASE("the rounding itself: ties, denormals, the largest, infinity, NaN") {
  const auto half = [](float x) {
    float16 out;
    narrow(&x, 1, &out);
    return out.bits;
  };
  CHECK(half(1 + 0x1p-11f) == 0x3C00);      // a tie goes down to even
  CHECK(half(1 + 3 * 0x1p-11f) == 0x3C02);  // and up to even
  CHECK(half(0x1p-25f) == 0);               // half of the smallest denormal: to even
  CHECK(half(0x1.000002p-25f) == 1);        // a little more: the smallest
  CHECK(half(-0x1.8p-24f) == 0x8002);       // 1.5 of them: a tie, to even
  CHECK(half(65519.996f) == 0x7BFF);        // the largest
  CHECK(half(65520.f) == 0x7C00);           // rounds past it
  CHECK(half(-INFINITY) == 0xFC00);
  CHECK((half(NAN) & 0x7E00) == 0x7E00);
  const auto brain = [](float x) {
    bfloat16 out;
    narrow(&x, 1, &out);
    return out.bits;
  };
  CHECK(brain(1 + 0x1p-8f) == 0x3F80);
  CHECK(brain(1 + 3 * 0x1p-8f) == 0x3F82);
  CHECK(brain(std::bit_cast<float>(0x00000001u)) == 0);       // a denormal float
  CHECK(brain(std::bit_cast<float>(0x00018000u)) == 2);       // a tie between two denormals
  CHECK(brain(std::bit_cast<float>(0x7F7FFFFFu)) == 0x7F80);  // the largest float rounds to infinity
  CHECK(brain(std::bit_cast<float>(0x7F800001u)) == 0x7FC0);  // a NaN whose payload would be cut to infinity
}

TEST_CASE("packs without the processor's conversion give the bits of those with it") {
  const auto halves = every_half<float16>();
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < halves.size(); i += std::size_t(ogm::lanes)) {
    const auto h = ogm::load<d::half_word_pack>(&halves[i].bits, ogm::position<ogm::lanes>{0, 0, 0});
    const auto a = d::from_half(h), b = d::portable_from_half(h);
    wrong += std::memcmp(&a, &b, sizeof a) != 0;
  }
  CHECK(wrong == 0);
  const auto floats = hard_floats<float16>();
  for (std::size_t i = 0; i + std::size_t(ogm::lanes) <= floats.size(); i += std::size_t(ogm::lanes)) {
    const auto x = ogm::load<ogm::float_pack>(&floats[i], ogm::position<ogm::lanes>{0, 0, 0});
    const auto a = d::to_half(x), b = d::portable_to_half(x);
    wrong += std::memcmp(&a, &b, sizeof a) != 0;
  }
  CHECK(wrong == 0);
}

TEMPLATE_TEST_CASE("every length and offset is converted whole and nothing beside it", "", float16, bfloat16) {
  for (std::size_t offset = 0; offset < 3; ++offset)
    for (const std::size_t n : {0u, 1u, 3u, 7u, 15u, 16u, 17u, 35u}) {
      std::vector<TestType> narrow_values(64), back(64);
      for (std::size_t i = 0; i < 64; ++i) narrow_values[i] = TestType(float(i) - 20.5f);
      std::vector<float> wide(64, -1);
      widen(narrow_values.data() + offset, n, wide.data() + offset);
      narrow(wide.data() + offset, n, back.data() + offset);
      for (std::size_t i = 0; i < 64; ++i) {
        const bool inside = i >= offset && i < offset + n;
        REQUIRE(wide[i] == (inside ? float(narrow_values[i]) : -1.f));
        REQUIRE(back[i].bits == (inside ? narrow_values[i].bits : 0));
      }
    }
}

TEST_CASE("arrays that are written past the caches are whole, at any offset") {
  constexpr std::size_t large = 32768, room = large + 64;
  std::vector<float> numbers(room);
  for (std::size_t i = 0; i < room; ++i) numbers[i] = float(i % 509) - 254;
  std::vector<float16> halves(room);
  std::vector<bfloat16> brains(room);
  narrow(numbers.data(), room, halves.data());
  narrow(numbers.data(), room, brains.data());
  for (const std::size_t n : {large - 1, large, large + 1, large + 15, large + 37})
    for (const std::size_t offset : {0u, 1u, 7u, 15u}) {
      std::vector<float> a(room, -1000), b(room, -1000), c(room, -1000), expected(room, -1000);
      std::copy_n(numbers.begin() + 3, n, expected.begin() + std::ptrdiff_t(offset));
      widen(halves.data() + 3, n, a.data() + offset);
      widen(brains.data() + 3, n, b.data() + offset);
      copy_floats(numbers.data() + 3, n, c.data() + offset);
      CHECK(a == expected);
      CHECK(b == expected);
      CHECK(c == expected);
    }
}
