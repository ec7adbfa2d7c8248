#include <avqa/features/vggish.hpp>

#include <ogm/data/pt.hpp>
#include <ogm/data/pt_writer.hpp>
#include <ogm/train/checkpoint.hpp>
#include <support/backends.hpp>
#include <support/gradient_check.hpp>

#include "../../ogm/data/files.hpp"

#include <set>

using namespace avqa;
namespace test = ogm::test;
using ogm::dyn;
using D = ogm::backend::eigen<double>;

namespace {

struct narrow {
  static constexpr std::array<int, 4> channels{2, 3, 4, 5};
  static constexpr int hidden = 7, embedding = 6;
};

using doubles = std::vector<double>;

/// The definition, image by image with the channels last, as the network was published.
class plain_vggish {
 public:
  template <class Network> explicit plain_vggish(Network& network) {
    ogm::for_each_parameter(network, [&](auto, const std::string& name, auto& p) {
      values_[name] = doubles(p.value.data(), p.value.data() + p.value.count());
    });
  }
  doubles operator()(const float* log_mel) const {
    image x{96, 64, 1, doubles(log_mel, log_mel + 96 * 64)};
    x = halved(convolved(x, "features.0"));
    x = halved(convolved(x, "features.3"));
    x = halved(convolved(convolved(x, "features.6"), "features.8"));
    x = halved(convolved(convolved(x, "features.11"), "features.13"));
    return dense(dense(dense(x.at, "embeddings.0"), "embeddings.2"), "embeddings.4");
  }

 private:
  struct image {
    long height, width, channels;
    doubles at;
    double& operator()(long y, long x, long c) { return at[std::size_t((y * width + x) * channels + c)]; }
    double operator()(long y, long x, long c) const {
      return y < 0 || x < 0 || y >= height || x >= width ? 0 : at[std::size_t((y * width + x) * channels + c)];
    }
  };
  image convolved(const image& in, const std::string& name) const {
    const doubles &w = values_.at(name + ".weight"), &b = values_.at(name + ".bias");
    image out{in.height, in.width, long(b.size()), doubles(std::size_t(in.height * in.width) * b.size())};
    for (long y = 0; y < in.height; ++y)
      for (long x = 0; x < in.width; ++x)
        for (long o = 0; o < out.channels; ++o) {
          double sum = b[std::size_t(o)];
          for (long c = 0; c < in.channels; ++c)
            for (long k = 0; k < 9; ++k) sum += w[std::size_t((o * in.channels + c) * 9 + k)] * in(y + k / 3 - 1, x + k % 3 - 1, c);
          out(y, x, o) = std::max(sum, 0.0);
        }
    return out;
  }
  static image halved(const image& in) {
    image out{in.height / 2, in.width / 2, in.channels, doubles(in.at.size() / 4)};
    for (long y = 0; y < out.height; ++y)
      for (long x = 0; x < out.width; ++x)
        for (long c = 0; c < out.channels; ++c)
          out(y, x, c) = std::max({in(2 * y, 2 * x, c), in(2 * y, 2 * x + 1, c), in(2 * y + 1, 2 * x, c), in(2 * y + 1, 2 * x + 1, c)});
    return out;
  }
  doubles dense(const doubles& x, const std::string& name) const {
    const doubles& w = values_.at(name + ".weight");
    doubles out = values_.at(name + ".bias");
    for (std::size_t o = 0; o < out.size(); ++o) {
      for (std::size_t i = 0; i < x.size(); ++i) out[o] += w[o * x.size() + i] * x[i];
      out[o] = std::max(out[o], 0.0);
    }
    return out;
  }
  std::map<std::string, doubles> values_;
};

}  // namespace

TEST_CASE("vggish has the parameters and names of the published network") {
  const vggish<> network;
  CHECK(ogm::parameter_count(network) == 72141184);
  std::map<std::string, std::string> shapes;
  ogm::for_each_parameter(network, [&](auto, const std::string& name, auto& p) { shapes[name] = p.value.shape().text(); });
  const std::map<std::string, std::string> published{{"features.0.weight", "(64, 1, 3, 3)"},     {"features.0.bias", "(64)"},
                                                     {"features.3.weight", "(128, 64, 3, 3)"},   {"features.3.bias", "(128)"},
                                                     {"features.6.weight", "(256, 128, 3, 3)"},  {"features.6.bias", "(256)"},
                                                     {"features.8.weight", "(256, 256, 3, 3)"},  {"features.8.bias", "(256)"},
                                                     {"features.11.weight", "(512, 256, 3, 3)"}, {"features.11.bias", "(512)"},
                                                     {"features.13.weight", "(512, 512, 3, 3)"}, {"features.13.bias", "(512)"},
                                                     {"embeddings.0.weight", "(4096, 12288)"},   {"embeddings.0.bias", "(4096)"},
                                                     {"embeddings.2.weight", "(4096, 4096)"},    {"embeddings.2.bias", "(4096)"},
                                                     {"embeddings.4.weight", "(128, 4096)"},     {"embeddings.4.bias", "(128)"}};
  CHECK(shapes == published);
}

TEMPLATE_TEST_CASE("vggish is its definition, channels last before the dense layers", "", OGM_TEST_BACKENDS) {
  using T = typename TestType::value_type;
  vggish<narrow, TestType> network;
  ogm::test::randomise(network, 1, 0.5);
  constexpr long seconds = 11;  // more than go through the network together
  const auto x = ogm::test::numbers_like<TestType>(ogm::extents<dyn, 96, 64>(seconds), 2, 3);
  const auto features = vggish_features(network, x);
  CHECK(features.shape().text() == "(11, 6)");
  const plain_vggish plain(network);
  const std::vector<float> floats(x.data(), x.data() + x.count());
  long positive = 0;
  for (long i = 0; i < seconds; ++i) {
    const auto expected = plain(floats.data() + i * 96 * 64);
    double scale = 0;
    for (const double e : expected) scale = std::max(scale, e);
    for (long k = 0; k < 6; ++k) {
      REQUIRE(std::fabs(double(features(i, k)) - expected[std::size_t(k)]) <= 1e-5 * scale);
      REQUIRE(features(i, k) >= 0);
      positive += features(i, k) > 0;
    }
  }
  CHECK(positive > 0);
  CHECK(positive < seconds * 6);  // else nothing shows that the last layer is rectified
  ogm::inference<TestType> tape;
  const auto all = network(tape, x);
  for (long i = 0; i < all.count(); ++i) REQUIRE_FALSE(ogm::test::apart(double(all.data()[i]), double(features.data()[i]), 1e-5));
  CHECK(vggish_features(network, ogm::tensor<T, dyn, 96, 64>(0)).size(0) == 0);
}

TEST_CASE("flatten_channels_last turns height, width, channel into one axis, with its gradient") {
  ogm::tensor<double, dyn, 2, 2, 3> x(2);
  for (long i = 0; i < x.count(); ++i) x.data()[i] = double(i);
  ogm::inference<D> plain;
  const auto y = flatten_channels_last{}(plain, x);
  static_assert(decltype(y)::width == 12);
  for (long b = 0; b < 2; ++b)
    for (long h = 0; h < 2; ++h)
      for (long w = 0; w < 3; ++w)
        for (long c = 0; c < 2; ++c) CHECK(y(b, (h * 3 + w) * 2 + c) == x(b, c, h, w));
  flatten_channels_last layer;
  ogm::test::check_layer(layer, {}, ogm::test::numbers_like(ogm::extents<dyn, 3, dyn, dyn>(2, 4, 5), 3));
}

TEST_CASE("vggish loads what PyTorch wrote, in either of its forms, and what it does not know is passed over") {
  vggish<narrow> from, to, again;
  ogm::test::randomise(from, 1, 0.5);
  const std::vector<float> principal(36, 1.f);
  ogm::data::pt::writer out;
  const auto add = [&](const std::string& without) {
    ogm::for_each_parameter(from, [&](auto, const std::string& name, auto& p) {
      if (name != without) out.add<float>(name, p.value.flat(), p.value.shape().sizes);
    });
  };
  add("");
  out.add<float>("pproc.pca_eigen_vectors", principal, std::array<ogm::size_type, 2>{6, 6});
  const std::string bytes = out.encode();
  const ogm::data::pt::archive stored(ogm::data::as_byte_span(bytes), "vggish.pt");
  ogm::load_model(to, stored);
  const test::folder folder;
  ogm::data::pt::to_safetensors(stored, folder / "vggish.safetensors");
  ogm::load_model(again, folder / "vggish.safetensors");
  const auto x = ogm::test::numbers_like<ogm::backend::standard>(ogm::extents<dyn, 96, 64>(2), 2, 3);
  const auto a = vggish_features(from, x), b = vggish_features(to, x), c = vggish_features(again, x);
  CHECK(ogm::test::same_bits(a.data(), b.data(), std::size_t(a.count())));
  CHECK(ogm::test::same_bits(a.data(), c.data(), std::size_t(a.count())));

  out = {};
  add("embeddings.2.bias");
  const std::string less = out.encode();
  const auto load = [&](auto& network, const std::string& what) {
    ogm::load_model(network, ogm::data::pt::archive(ogm::data::as_byte_span(what), "vggish.pt"));
  };
  CHECK_THROWS_WITH(load(to, less), Catch::Contains("vggish.pt") && Catch::Contains("embeddings.2.bias"));
  vggish<> wide;
  CHECK_THROWS_WITH(load(wide, bytes), Catch::Contains("features.0.weight has the shape (2, 1, 3, 3); the model's is (64, 1, 3, 3)"));
}

TEST_CASE("log-mels of another size are refused") {
  const vggish<narrow, D> network;
  ogm::inference<D> tape;
  CHECK_THROWS_WITH(network(tape, ogm::tensor<double, dyn, dyn, dyn>(2, 98, 64)), Catch::Contains("(2, 98, 64)"));
  CHECK_THROWS_WITH(network(tape, ogm::tensor<double, dyn, dyn, dyn>(2, 96, 128)), Catch::Contains("(2, 96, 128)"));
}

TEST_CASE("vggish has the same bits on any number of threads", "[threads]") {
  vggish<narrow> network;
  ogm::test::randomise(network, 1, 0.5);
  const auto x = ogm::test::numbers_like<ogm::backend::standard>(ogm::extents<dyn, 96, 64>(9), 2, 3);
  const auto once = vggish_features(network, x);
  const ogm::use_threads pool(3);
  const auto again = vggish_features(network, x);
  CHECK(ogm::test::same_bits(once.data(), again.data(), std::size_t(once.count())));
}
