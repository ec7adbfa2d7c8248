#include <avqa/features/resnet_14x14.hpp>

#include <ogm/data/pt.hpp>
#include <ogm/data/pt_writer.hpp>
#include <ogm/train/checkpoint.hpp>
#include <support/compare.hpp>
#include <support/eigen_products.hpp>
#include <support/golden.hpp>

#include <catch2/catch.hpp>

#include <numeric>

namespace resnet_14x14_test {

using namespace avqa;
using ogm::dyn;

namespace {
using pictures = ogm::tensor<std::uint8_t, dyn, dyn, dyn, 3>;
constexpr long side = picture_transform::side;

pictures noise(long count, long height, long width) {
  pictures out(count, height, width);
  std::uint64_t x = 12345;
  for (std::uint8_t& p : out.flat()) {
    x = (1103515245 * x + 12345) % (std::uint64_t(1) << 31);
    p = std::uint8_t(x >> 23);
  }
  return out;
}
pictures one_of(const pictures& all, long i) {
  pictures out(1, all.size(1), all.size(2));
  std::copy_n(all.data() + i * out.count(), out.count(), out.data());
  return out;
}

/// The numbers of the golden files' rule: convolutions in +-sqrt(6 / fan in), means and biases in +-1/4, weights 1 +- 1/4, variances 1 +-
/// 1/2.
template <class Network> void fill(Network& network) {
  const auto one = [](const std::string& name, auto& t) {
    const bool variance = name.ends_with("running_var"), weight = name.ends_with("weight");
    const double offset = variance || (weight && t.rank == 1) ? 1 : 0;
    const double scale = t.rank == 4 ? std::sqrt(6. * double(t.size(0)) / double(t.count())) : variance ? 0.5 : 0.25;
    const auto values = ogm::test::fill("resnet/" + name, t.count(), scale);
    std::transform(values.begin(), values.end(), t.data(), [&](double v) { return float(v + offset); });
  };
  ogm::for_each_parameter(network, [&](auto, const std::string& name, auto& p) { one(name, p.value); });
  ogm::for_each_buffer(network, [&](const std::string& name, auto& b) { one(name, b.value); });
}
double norm_of(const auto& x) {
  double sum = 0;
  for (long i = 0; i < x.count(); ++i) sum += double(x.data()[i]) * double(x.data()[i]);
  return std::sqrt(sum);
}
ogm::tensor<float, dyn, 3, dyn, dyn> small_image() {
  ogm::tensor<float, dyn, 3, dyn, dyn> image(1, 64, 48);
  const auto values = ogm::test::fill("resnet/x", image.count());
  std::copy(values.begin(), values.end(), image.data());
  return image;
}
}  // namespace

TEST_CASE("a picture becomes 224 x 224, normalised by Kinetics or ImageNet") {
  pictures colour(2, 10, 30);
  for (long i = 0; i < colour.count(); ++i) colour.data()[i] = std::uint8_t(i < colour.count() / 2 ? 51 * (i % 3 + 1) : 255);
  const auto x = picture_transform{}(colour);
  CHECK(x.shape().text() == "(2, 3, 224, 224)");
  const float expected[]{(51 / 255.f - 0.43216f) / 0.22803f, (102 / 255.f - 0.394666f) / 0.22145f, (153 / 255.f - 0.37645f) / 0.216989f};
  for (long c = 0; c < 3; ++c)
    for (long i = 0; i < side * side; ++i) REQUIRE(x.data()[c * side * side + i] == expected[c]);
  CHECK(x(1, 2, 100, 100) == (1.f - 0.37645f) / 0.216989f);
  CHECK(picture_transform{imagenet_statistics}(colour)(0, 1, 3, 4) == (102 / 255.f - 0.456f) / 0.224f);
}

TEST_CASE("the whole picture is Pillow's picture, the middle that of the picture whose shorter side has 256 pixels") {
  const picture_statistics bytes{{0, 0, 0}, {1 / 255.f, 1 / 255.f, 1 / 255.f}};
  const auto compare = [](const ogm::tensor<float, dyn, 3, side, side>& x, const auto& resized, long top, long left) {
    for (long y = 0; y < side; ++y)
      for (long z = 0; z < side; ++z)
        for (long c = 0; c < 3; ++c) REQUIRE_FALSE(ogm::test::apart(x(0, c, y, z), float(resized(top + y, left + z, c)), 1e-6));
  };
  const auto resized = [](const pictures& from, long height, long width) {
    ogm::tensor<std::uint8_t, dyn, dyn, dyn> out(height, width, 3);
    ogm::data::resize_pixels({from.data(), ogm::extents<dyn, dyn, dyn>(from.size(1), from.size(2), 3)}, out);
    return out;
  };
  const auto wide = noise(1, 90, 161), tall = noise(1, 300, 200);
  compare(picture_transform{bytes}(wide), resized(wide, 224, 224), 0, 0);
  // 256 * 161 / 90 = 457.96: 457 columns, of which (457 - 224) / 2 = 116.5 stand left of the middle, as an even number: 116
  compare(picture_transform{bytes, picture_part::middle}(wide), resized(wide, 256, 457), 16, 116);
  compare(picture_transform{bytes, picture_part::middle}(tall), resized(tall, 384, 256), 80, 16);
}

// Made with PyTorch 1.13 in double precision, from torchvision's definition with the stride of the last stage set to 1, in evaluation.
TEST_CASE("the networks of pictures give what PyTorch gives for the same weights") {
  const auto image = small_image();
  ogm::inference<> tape;
  resnet_14x14<> fine;
  fill(fine);
  const auto maps = fine(tape, image);
  CHECK(maps.shape().text() == "(1, 512, 4, 3)");
  CHECK_FALSE(ogm::test::apart(norm_of(maps), 2259.572712239389, 1e-6));
  CHECK_FALSE(ogm::test::apart(std::accumulate(maps.data(), maps.data() + maps.count(), 0.0), 107367.34522202521, 1e-6));
  const double head[]{67.6293814, 70.6385976, 30.5131254, 52.7856885, 58.8752111, 32.4092809};
  for (long i = 0; i < 6; ++i) CHECK_FALSE(ogm::test::apart(maps.data()[i], head[i], 1e-5));
  resnet_pooled<> pooled;
  fill(pooled);
  const auto means = pooled(tape, image);
  CHECK_FALSE(ogm::test::apart(norm_of(means), 390.07717333248206, 1e-6));
  const double first[]{23.4755125, 14.0995375, 14.5547673, 1.10596707, 33.1744965, 23.8810631};
  for (long i = 0; i < 6; ++i) CHECK_FALSE(ogm::test::apart(means.data()[i], first[i], 1e-5));
}

TEST_CASE("pictures become maps of 14 x 14, or means, each by itself", "[slow][threads]") {
  const auto many = noise(5, 30, 40);  // one more than go through the network together
  resnet_14x14<> fine;
  fill(fine);
  const auto last = maps_14x14(fine, one_of(many, 4));
  const ogm::use_threads pool(3);
  const auto maps = maps_14x14(fine, many);
  CHECK(maps.shape().text() == "(5, 512, 14, 14)");
  for (const float v : maps.flat()) REQUIRE(v >= 0);
  CHECK(ogm::test::same_bits(last.data(), maps.data() + 4 * last.count(), std::size_t(last.count())));
  CHECK_FALSE(ogm::test::same_bits(last.data(), maps.data() + 3 * last.count(), std::size_t(last.count())));
  resnet_pooled<> pooled;
  fill(pooled);
  const auto means = pooled_features(pooled, one_of(many, 4));
  CHECK(means.shape().text() == "(1, 512)");
  ogm::inference<> tape;
  const auto mean = pooled(tape, picture_transform{imagenet_statistics}(one_of(many, 4)));
  CHECK(ogm::test::same_bits(mean.data(), means.data(), 512));
}

TEST_CASE("networks of pictures load the published names and pass over the classifier and conv1_a") {
  resnet_14x14<> from, to;
  fill(from);
  ogm::data::pt::writer out;
  const auto add = [&](const std::string& without) {
    const auto one = [&](const std::string& name, auto& t) {
      if (name != without) out.add<float>(name, t.flat(), t.shape().sizes);
    };
    ogm::for_each_parameter(from, [&](auto, const std::string& name, auto& p) { one(name, p.value); });
    ogm::for_each_buffer(from, [&](const std::string& name, auto& b) { one(name, b.value); });
  };
  add("");
  const std::vector<float> others(64 * 49, 1.f);
  const std::int64_t seen = 7;
  out.add<float>("conv1_a.weight", others, std::array<ogm::size_type, 4>{64, 1, 7, 7});
  out.add<float>("fc.bias", std::span(others).first(1000), std::array<ogm::size_type, 1>{1000});
  out.add<std::int64_t>("bn1.num_batches_tracked", std::span(&seen, 1), std::array<ogm::size_type, 0>{});
  const auto load = [&](auto& network) {
    const std::string bytes = out.encode();
    ogm::load_model(network, ogm::data::pt::archive(ogm::data::as_byte_span(bytes), "resnet18.pth"));
  };
  load(to);
  const auto image = small_image();
  ogm::inference<> tape;
  const auto a = from(tape, image), b = to(tape, image);
  CHECK(ogm::test::same_bits(a.data(), b.data(), std::size_t(a.count())));
  resnet_pooled<> pooled;
  CHECK_NOTHROW(load(pooled));

  out = {};
  add("layer4.0.downsample.1.running_mean");
  CHECK_THROWS_WITH(load(to), Catch::Contains("resnet18.pth") && Catch::Contains("layer4.0.downsample.1.running_mean"));
}

TEST_CASE("pictures without pixels and deviations of 0 are refused, and no pictures give none") {
  CHECK_THROWS_WITH(picture_transform{}(pictures(2, 0, 5)), Catch::Contains("(2, 0, 5, 3)"));
  CHECK_THROWS_WITH((picture_transform{{{0, 0, 0}, {1, 0, 1}}}), Catch::Contains("channel 1"));
  const resnet_14x14<> network;
  CHECK_THROWS_AS(maps_14x14(network, pictures(1, 5, 0)), ogm::shape_error);
  CHECK(maps_14x14(network, pictures(0, 5, 5)).size(0) == 0);
}

}  // namespace resnet_14x14_test
