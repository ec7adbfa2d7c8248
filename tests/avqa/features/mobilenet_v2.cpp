#include <avqa/features/mobilenet_v2.hpp>

#include <support/compare.hpp>

#include "../../ogm/data/files.hpp"

#include <catch2/catch.hpp>

#include <cmath>

using namespace avqa;
using ogm::dyn;

// What the published weights give in numpy (data/mobilenetv2/mobilenet_numpy.py), for two pictures.
TEST_CASE("mobilenet_v2 gives what the weights give in numpy, within 1e-4 of the largest number") {
  const auto folder = test::shared("data/mobilenetv2/weights");
  if (!folder) return;
  const mobilenet_v2 network(*folder);
  const auto in = ogm::data::npy::read<std::uint8_t>(*folder + "/golden_in.npy");
  const auto map = ogm::data::npy::read<float>(*folder + "/golden_map14x14x96.npy");  // (picture, row, column, channel)
  const auto pooled = ogm::data::npy::read<float>(*folder + "/golden_pooled1280.npy");
  const auto out = network.maps_and_pooled(in.as<dyn, dyn, dyn, 3>());
  CHECK(out.maps.shape().text() == "(2, 96, 14, 14)");
  CHECK(out.pooled.shape().text() == "(2, 1280)");
  double largest = 0, most = 0;
  for (const float v : map.values) largest = std::max(largest, std::fabs(double(v)));
  for (long i = 0; i < 2; ++i)
    for (long p = 0; p < 196; ++p)
      for (long c = 0; c < 96; ++c) {
        const double apart =
            std::fabs(double(out.maps.data()[(i * 96 + c) * 196 + p]) - double(map.values[std::size_t((i * 196 + p) * 96 + c)]));
        REQUIRE(apart <= 1e-4 * largest);
        most = std::max(most, apart);
      }
  WARN("map " << most / largest);
  largest = most = 0;
  for (const float v : pooled.values) largest = std::max(largest, std::fabs(double(v)));
  for (long i = 0; i < out.pooled.count(); ++i) {
    const double apart = std::fabs(double(out.pooled.data()[i]) - double(pooled.values[std::size_t(i)]));
    REQUIRE(apart <= 1e-4 * largest);
    most = std::max(most, apart);
  }
  WARN("pooled " << most / largest);
}
