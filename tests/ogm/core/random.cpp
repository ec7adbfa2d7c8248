#include <ogm/core/random.hpp>

#include <catch2/catch.hpp>

#include <cmath>

using namespace ogm;

TEST_CASE("philox gives Random123's known answers") {
  const auto zero = random::philox({0, 0, 0, 0}, 0);
  CHECK(zero.x[0] == 0x6627e8d5u);
  CHECK(zero.x[1] == 0xe169c58du);
  CHECK(zero.x[2] == 0xbc57ac4cu);
  CHECK(zero.x[3] == 0x9b00dbd8u);
  const auto ones = random::philox({0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu}, 0xffffffffffffffffu);
  CHECK(ones.x[0] == 0x408f276du);
  CHECK(ones.x[1] == 0x41c83b0eu);
  CHECK(ones.x[2] == 0xa20bc7c6u);
  CHECK(ones.x[3] == 0x6d5451fdu);
}

TEST_CASE("normals are Box and Muller of the documented counters") {
  const random::key key{11, 5, 7};
  float got[64];
  random::normals(key, 3, got);
  for (std::uint32_t i = 0; i < 64; ++i) {
    const auto b = random::philox({3 * 16 + i % 16, 0, key.stream, key.step}, key.seed);
    const auto pair = i / 32 * 2;
    const double u = double((b.x[pair] >> 8) + 1) * 0x1p-24, v = double(b.x[pair + 1] >> 8) * 0x1p-24, r = std::sqrt(-2 * std::log(u));
    const double expected = i / 16 % 2 ? r * std::sin(2 * M_PI * v) : r * std::cos(2 * M_PI * v);
    INFO(i);
    CHECK(std::abs(double(got[i]) - expected) <= 2e-6);
  }
}

TEST_CASE("normals have the moments of a normal distribution") {
  double sum = 0, squares = 0, fourth = 0;
  constexpr long groups = 20000;
  float x[64];
  for (long g = 0; g < groups; ++g) {
    random::normals({1, 2, 3}, std::uint64_t(g), x);
    for (const float v : x) sum += double(v), squares += double(v) * double(v), fourth += std::pow(double(v), 4);
  }
  const double n = 64.0 * groups;
  CHECK(std::abs(sum / n) <= 4 / std::sqrt(n));
  CHECK(std::abs(squares / n - 1) <= 4 * std::sqrt(2 / n));
  CHECK(std::abs(fourth / n - 3) <= 4 * std::sqrt(96 / n));
}

TEST_CASE("streams, steps and seeds draw other numbers; below() stays below") {
  CHECK(random::word({1, 2, 3}, 9) != random::word({1, 2, 4}, 9));
  CHECK(random::word({1, 2, 3}, 9) != random::word({1, 3, 3}, 9));
  CHECK(random::word({1, 2, 3}, 9) != random::word({2, 2, 3}, 9));
  int counts[7]{};
  for (std::uint64_t i = 0; i < 70000; ++i) {
    const auto v = random::below({4, 0, 0}, i, 7);
    REQUIRE(v < 7);
    ++counts[v];
  }
  for (const int c : counts) CHECK(std::abs(c - 10000) < 500);
}

TEST_CASE("a generator's draws are of words of their own, whatever their kind") {
  const random::key key{3, 1, 4};
  random::generator draw(key);
  std::uint64_t at = 0;
  const auto scaled = [&](std::uint64_t n) {
    const std::uint64_t high = random::word(key, at), low = random::word(key, at + 1);
    at += 2;
    return (high * n + ((low * n) >> 32)) >> 32;
  };
  for (int i = 0; i < 5; ++i) {
    CHECK(draw.uniform() == random::uniform(key, at++));
    CHECK(draw.below(1000) == scaled(1000));
    const double u = 1 - double(random::uniform(key, at)), v = double(random::uniform(key, at + 1));
    at += 2;
    CHECK(std::abs(double(draw.normal()) - std::sqrt(-2 * std::log(u)) * std::cos(2 * M_PI * v)) <= 2e-6);
  }
  random::generator first(key), second(key);  // what is drawn first says nothing of what comes next
  double products = 0;
  for (int i = 0; i < 10000; ++i) products += (double(first.below(1u << 31)) * 0x1p-31 - 0.5) * (double(first.uniform()) - 0.5);
  CHECK(std::abs(products / 10000) <= 4.0 / 12 / 100);
  CHECK(second.below(1u << 31) == random::below(key, 0, 1u << 31));
}
