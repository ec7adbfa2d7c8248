#include <avqa/features/network_weights.hpp>

#include "../../ogm/data/files.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace avqa;
namespace test = ogm::test;

namespace {
template <class T>
void write(const test::folder& to, const std::string& name, const std::vector<T>& values, const network_weights::shape_type& shape) {
  ogm::data::npy::write<T>(to / (name + ".npy"), values, shape);
}
}  // namespace

TEST_CASE("weights are floats, or bytes with one scale or one for each index of an axis") {
  const test::folder folder;
  write<float>(folder, "plain", {1, -2, 3, 4, 5, 6}, {3, 2});
  write<std::int8_t>(folder, "bytes", {1, -2, 3, 4, -128, 127}, {3, 2});
  write<float>(folder, "one", {0.5f}, {1});
  write<float>(folder, "rows", {1, 10, 100}, {3});
  write<float>(folder, "columns", {1, -1}, {2});
  const network_weights weights(folder.path());
  CHECK(weights.floats("plain", {3, 2}) == std::vector<float>{1, -2, 3, 4, 5, 6});
  CHECK(weights.scaled("plain", "not there", {3, 2}, 0) == std::vector<float>{1, -2, 3, 4, 5, 6});
  CHECK(weights.scaled("bytes", "one", {3, 2}, 0) == std::vector<float>{0.5f, -1, 1.5f, 2, -64, 63.5f});
  CHECK(weights.scaled("bytes", "rows", {3, 2}, 0) == std::vector<float>{1, -2, 30, 40, -12800, 12700});
  CHECK(weights.scaled("bytes", "columns", {3, 2}, 1) == std::vector<float>{1, 2, 3, -4, -128, -127});
  CHECK(network_weights::two_digits(7) == "07");
  CHECK(network_weights::two_digits(66) == "66");
}

TEST_CASE("weights that are not what is expected are refused with the file and what was expected") {
  const test::folder folder;
  write<float>(folder, "plain", {1, 2, 3, 4, 5, 6}, {3, 2});
  write<std::int8_t>(folder, "bytes", {1, 2, 3, 4, 5, 6}, {3, 2});
  write<float>(folder, "two", {1, 2}, {2});
  write<float>(folder, "square", {1, 2, 3, 4}, {2, 2});
  write<double>(folder, "doubles", {1, 2, 3, 4, 5, 6}, {3, 2});
  write<float>(folder, "infinite", {1, 2, 3, std::numeric_limits<float>::infinity(), 5, 6}, {3, 2});
  write<float>(folder, "no", {1, std::numeric_limits<float>::quiet_NaN(), 3}, {3});
  const network_weights weights(folder.path());
  const auto floats = [&](const char* name) { return test::message_of([&] { weights.floats(name, {3, 2}); }); };
  const auto scaled = [&](const char* name, const char* scale) {
    return test::message_of([&] { weights.scaled(name, scale, {3, 2}, 0); });
  };
  const auto file = [&](const char* name) { return "avqa: " + folder.path() + '/' + name + ".npy: "; };
  CHECK(floats("bytes") == file("bytes") + "elements of type i8; f32 expected.");
  CHECK(floats("two") == file("two") + "an array of shape (2); one of shape (3, 2) expected.");
  CHECK(floats("infinite") == file("infinite") + "element 3 is not finite.");
  CHECK(test::has(floats("absent"), folder.path() + "/absent.npy"));
  CHECK(scaled("doubles", "two") == file("doubles") + "elements of type f64; i8 with scales, or f32, expected.");
  const std::string scales = "; one scale or 3, one for each index of axis 0 of (3, 2), expected.";
  CHECK(scaled("bytes", "two") == file("two") + "an array of shape (2)" + scales);
  CHECK(scaled("bytes", "square") == file("square") + "an array of shape (2, 2)" + scales);
  CHECK(scaled("bytes", "no") == file("no") + "element 1 is not finite.");
  CHECK(scaled("bytes", "bytes") == file("bytes") + "elements of type i8; f32 expected.");
  CHECK(test::has(scaled("bytes", "absent"), folder.path() + "/absent.npy"));
  CHECK(test::has(test::message_of([&] { network_weights(folder.path() + "/plain.npy"); }), "plain.npy: no folder is there"));
}
