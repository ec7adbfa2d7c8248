#include <ogm/nn/resnet18.hpp>
#include <support/gradient_check.hpp>

#include <set>

using namespace ogm;
using D = backend::eigen<double>;

TEST_CASE("basic_block has the gradients of its definition, with and without a shortcut", "[nn]") {
  const auto check = []<class Block>(Block block, int channels) {
    nn::initialise(block, 1);
    test::randomise(block, 2, 0.5);
    for (const bool training : {true, false})
      test::check_layer(block, {.training = training, .elements = 25},
                        test::numbers_like(extents<dyn, dyn, dyn, dyn>(3, channels, 5, 4), 3));
  };
  check(nn::basic_block<3, 3, 1, D>{}, 3);
  check(nn::basic_block<3, 5, 2, D>{}, 3);
  check(nn::basic_block<2, 3, 1, D>{}, 2);
}

TEST_CASE("resnet18 has the parameters of the published network", "[nn]") {
  nn::resnet18<3> visual;
  nn::resnet18_encoder<1> audio;
  CHECK(parameter_count(visual) == 11176512);
  CHECK(parameter_count(audio) == 11170240);
  std::vector<std::string> names;
  for_each_parameter(visual, [&](auto, const std::string& name, auto&) { names.push_back(name); });
  CHECK(names.size() == 60);
  const std::set<std::string> set(names.begin(), names.end());
  for (const char* name :
       {"conv1.weight", "bn1.weight", "bn1.bias", "layer1.0.conv1.weight", "layer1.1.bn2.bias", "layer2.0.downsample.0.weight",
        "layer2.0.downsample.1.weight", "layer2.0.downsample.1.bias", "layer3.0.downsample.0.weight", "layer4.1.conv2.weight"})
    CHECK(set.contains(name));
  for (const char* name : {"conv1.bias", "layer1.0.downsample.0.weight", "layer2.1.downsample.0.weight", "fc.weight"})
    CHECK_FALSE(set.contains(name));
  std::size_t buffers = 0;
  bool found = false;
  for_each_buffer(audio, [&](const std::string& name, auto&) { ++buffers, found |= name == "layer4.0.downsample.1.running_var"; });
  CHECK(buffers == 40);
  CHECK(found);
}

TEST_CASE("resnet18 gives maps of a thirty-second, or a sixteenth, of the image", "[nn]") {
  nn::resnet18<2, D> net;
  nn::resnet18<2, D, 1> fine;
  nn::resnet18_encoder<2, D> encoder;
  nn::initialise(net, 1);
  nn::initialise(fine, 1);
  nn::initialise(encoder, 1);
  inference<D> plain;
  const auto image = test::numbers_like(extents<dyn, 2, dyn, dyn>(2, 65, 40), 2);
  const auto map = net(plain, image);
  CHECK(map.shape().text() == "(2, 512, 3, 2)");
  CHECK(fine(plain, image).shape().text() == "(2, 512, 5, 3)");
  static_assert(decltype(encoder(plain, image))::width == 512 && decltype(encoder)::width == 512);
  const auto features = encoder(plain, image);
  for (long p = 0; p < 2 * 512; ++p) {  // the mean of the map
    double sum = 0;
    for (long i = 0; i < 6; ++i) sum += map.data()[p * 6 + i];
    REQUIRE_FALSE(test::apart(features.data()[p], sum / 6, 1e-12));
  }
}

TEST_CASE("a video is the mean of its frames", "[nn]") {
  nn::resnet18_encoder<3, D> encoder;
  nn::initialise(encoder, 1);
  const auto video = test::numbers_like(extents<dyn, 3, dyn, dyn, dyn>(2, 3, 20, 17), 2);
  inference<D> plain;
  const auto features = encoder(plain, video);
  CHECK(features.shape().text() == "(2, 512)");
  std::vector<double> mean(2 * 512);
  tensor<double, dyn, 3, dyn, dyn> frame(2, 20, 17);
  for (long t = 0; t < 3; ++t) {
    for (long b = 0; b < 2; ++b)
      for (long c = 0; c < 3; ++c)
        for (long h = 0; h < 20; ++h)
          for (long w = 0; w < 17; ++w) frame(b, c, h, w) = video(b, c, t, h, w);
    const auto one = encoder(plain, frame);
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += one.data()[i] / 3;
  }
  for (std::size_t i = 0; i < mean.size(); ++i) REQUIRE_FALSE(test::apart(features.data()[i], mean[i], 1e-12));
  CHECK_THROWS_AS(encoder(plain, tensor<double, dyn, dyn, dyn, dyn, dyn>(2, 4, 3, 20, 17)), shape_error);
}

TEST_CASE("the encoder has the gradients of a video, through every stage", "[nn][slow]") {
  nn::resnet18_encoder<1, D> encoder;
  nn::initialise(encoder, 1);
  // A small step: a bias moves thousands of elements, and those that cross the kink of relu spoil the difference.
  test::check_layer(encoder, {.training = false, .step = 1e-7, .tolerance = 1e-5, .elements = 2},
                    test::numbers_like(extents<dyn, 1, dyn, dyn, dyn>(2, 2, 17, 18), 2));
}

TEST_CASE("resnet18 begins as He et al. begin", "[nn]") {
  nn::resnet18<1> net;
  nn::initialise(net, 7);
  const auto deviation = [](const auto& p) {
    double squares = 0;
    for (const auto v : p.value.flat()) squares += double(v) * double(v);
    return std::sqrt(squares / double(p.value.count()));
  };
  CHECK_FALSE(test::apart(deviation(net.conv1.weight) / std::sqrt(2.0 / (64 * 49)), 1, 0.05));
  CHECK_FALSE(test::apart(deviation(net.layer4.get<1>().conv2.weight) / std::sqrt(2.0 / (512 * 9)), 1, 0.01));
  const auto& norm = net.layer3.get<0>().bn2;
  CHECK(norm.weight.value(5) == 1);
  CHECK(norm.bias.value(5) == 0);
  CHECK(norm.running_mean.value(5) == 0);
  CHECK(norm.running_var.value(5) == 1);
}
