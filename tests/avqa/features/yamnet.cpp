#include <avqa/features/yamnet.hpp>

#include "../../ogm/data/files.hpp"

#include <catch2/catch.hpp>

#include <cmath>

using namespace avqa;
using ogm::dyn;

TEST_CASE("yamnet gives what the weights give in numpy, within 1e-4 of the largest number") {
  const auto folder = test::shared("data/yamnet/weights");
  if (!folder) return;
  const yamnet network(*folder);
  const auto in = ogm::data::npy::read<float>(*folder + "/golden_in.npy");
  const auto embedded = network.embed(in.values, 15600);
  const auto compare = [&](const char* what, const auto& ours) {
    const auto golden = ogm::data::npy::read<float>(*folder + "/golden_" + what + ".npy");
    REQUIRE(golden.values.size() == std::size_t(ours.count()));
    double largest = 0, most = 0;
    for (const float v : golden.values) largest = std::max(largest, std::fabs(double(v)));
    for (long i = 0; i < ours.count(); ++i)
      most = std::max(most, std::fabs(double(ours.data()[i]) - double(golden.values[std::size_t(i)])));
    WARN(what << ' ' << most / largest);
    CHECK(most <= 1e-4 * largest);
  };
  compare("logmel", network.log_mel(in.values, 15600));
  compare("embed", embedded);
  compare("scores", network.scores(embedded));
}
