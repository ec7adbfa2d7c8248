#include <avqa/features/yamnet.hpp>

#include <support/compare.hpp>

#include "plain_network.hpp"

#include <catch2/catch.hpp>

#include <complex>
#include <span>

namespace yamnet_test {

using namespace avqa;
namespace test = ogm::test;
using ogm::dyn;

namespace {

constexpr double none = HUGE_VAL;

/// YAMNet with random weights.
class random_yamnet {
 public:
  /// The windows of these samples, by definition: log-mels, embeddings, scores.
  std::vector<double> log_mel, embedded, scores;
  double terms = 0;  // of one window

  explicit random_yamnet(std::span<const float> samples = std::vector<float>(15600, 0.f), long hop = 5000) {
    for (long i = 0; i < yamnet::windows(long(samples.size()), hop); ++i) {
      test::plain_network network(folder);
      const auto append = [](std::vector<double>& to, const std::vector<double>& what) { to.insert(to.end(), what.begin(), what.end()); };
      test::plain_image x = spectrum(network, samples.subspan(std::size_t(i * hop), 15600));
      append(log_mel, x.at);
      x = network.convolution(x, "00_conv", 32, 3, 2, 0, none);
      const long channels[]{64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024};
      for (long b = 0; b < 13; ++b) {
        const bool halves = b == 1 || b == 3 || b == 5 || b == 11;
        x = network.depthwise(x, name(1 + 2 * b) + "_dw", halves ? 2 : 1, 0, none);
        x = network.convolution(x, name(2 + 2 * b) + "_conv", channels[b], 1, 1, 0, none);
      }
      CHECK((x.height == 3 && x.width == 2));
      const std::vector<double> mean = test::plain_network::mean(x);
      append(embedded, mean);
      terms = network.terms();
      for (const double v : network.dense(mean, "dense", 521)) scores.push_back(1 / (1 + std::exp(-v)));
    }
  }
  test::folder folder;

 private:
  static std::string name(long number) { return std::string(number < 10 ? "0" : "") + std::to_string(number); }
  static test::plain_image spectrum(test::plain_network& network, std::span<const float> samples) {
    const auto &window = network.add("window", {400}, 0, 1), &weight = network.add("mel_w", {64, 257}, 0, 0.1f),
               &bias = network.add("mel_b", {64}, 0.001f, 0.01f);
    std::vector<std::complex<double>> turn;
    for (long k = 0; k < 512; ++k) turn.push_back(std::polar(1.0, -2 * M_PI * double(k) / 512));
    test::plain_image out{96, 64, 1, {}};
    for (long t = 0; t < 96; ++t) {
      std::vector<double> magnitude;
      for (long k = 0; k < 257; ++k) {
        std::complex<double> sum = 0;
        for (long n = 0; n < 400; ++n)
          sum += double(samples[std::size_t(t * 160 + n)] * window[std::size_t(n)]) * turn[std::size_t(k * n % 512)];
        magnitude.push_back(std::abs(sum));
      }
      for (std::size_t m = 0; m < 64; ++m) {
        double sum = bias[m];
        for (std::size_t k = 0; k < 257; ++k) sum += magnitude[k] * double(weight[m * 257 + k]);
        out.at.push_back(std::log(sum));
      }
    }
    return out;
  }
};

template <class Tensor> std::span<const float> all(const Tensor& x) { return {x.data(), std::size_t(x.count())}; }
bool same(const auto& a, const auto& b) {
  return a.count() == b.count() && ogm::test::same_bits(a.data(), b.data(), std::size_t(a.count()));
}

}  // namespace

TEST_CASE("yamnet gives what the weights give in numpy, within 1e-4 of the largest number") {
  const auto folder = test::shared("data/yamnet/weights");
  if (!folder) return;
  const yamnet network(*folder);
  const auto in = ogm::data::npy::read<float>(*folder + "/golden_in.npy");
  const auto golden = [&](const char* what) { return ogm::data::npy::read<float>(*folder + "/golden_" + what + ".npy").values; };
  const auto embedded = network.embed(in.values, 15600);
  CHECK(test::apart_of_largest(all(network.log_mel(in.values, 15600)), golden("logmel")) <= 1e-4);
  CHECK(test::apart_of_largest(all(embedded), golden("embed")) <= 1e-4);
  CHECK(test::apart_of_largest(all(network.scores(embedded)), golden("scores")) <= 1e-4);
}

TEST_CASE("yamnet is its definition with any weights, and counts its operations") {
  const auto samples = test::uniform_numbers(20600, 99);
  const random_yamnet plain(samples, 5000);
  const yamnet network(plain.folder.path());
  const auto embedded = network.embed(samples, 5000);
  CHECK(embedded.shape().text() == "(2, 1024)");
  CHECK(test::apart_of_largest(all(network.log_mel(samples, 5000)), plain.log_mel) <= 1e-6);
  CHECK(test::apart_of_largest(all(embedded), plain.embedded) <= 1e-5);
  CHECK(test::apart_of_largest(all(network.scores(embedded)), plain.scores) <= 1e-5);
  CHECK(network.flop() == 2 * (plain.terms + 96.0 * 257 * 64));
}

TEST_CASE("yamnet has the same bits on any number of threads, whatever windows come together", "[threads]") {
  const random_yamnet plain;
  const yamnet network(plain.folder.path());
  const long hop = 1000;
  const auto samples = test::uniform_numbers(15600 + 8 * hop, 7);  // nine windows, one more than go together
  const auto once = network.embed(samples, hop);
  const auto log_mel = network.log_mel(samples, hop);
  const auto scores = network.scores(once);
  REQUIRE(once.size(0) == 9);
  for (const int threads : {2, 5}) {
    const ogm::use_threads pool(threads);
    CHECK(same(network.embed(samples, hop), once));
    CHECK(same(network.log_mel(samples, hop), log_mel));
    CHECK(same(network.scores(once), scores));
  }
  for (const long i : {0L, 3L, 8L}) {
    const auto alone = network.embed(std::span(samples).subspan(std::size_t(i * hop), 15600));
    REQUIRE(alone.count() == 1024);
    CHECK(ogm::test::same_bits(alone.data(), once.data() + i * 1024, 1024));
  }
}

TEST_CASE("yamnet has whole windows alone; a short sound is followed by silence, no sound is no window") {
  CHECK(yamnet::windows(0) == 0);
  CHECK(yamnet::windows(1) == 1);
  CHECK(yamnet::windows(15600) == 1);
  CHECK(yamnet::windows(15600 + 15359) == 1);
  CHECK(yamnet::windows(15600 + 15360) == 2);
  CHECK(yamnet::windows(15600 + 99, 10) == 10);
  CHECK_THROWS_WITH(yamnet::windows(15600, 0), Catch::Contains("a hop of 0 samples; at least 1 expected"));
  CHECK_THROWS_AS(yamnet::windows(0, -3), ogm::value_error);

  const random_yamnet plain;
  const yamnet network(plain.folder.path());
  auto samples = test::uniform_numbers(9000, 7);
  const auto given = network.embed(samples);
  const auto log_mel = network.log_mel(samples);
  samples.resize(15600, 0.f);
  CHECK(same(network.embed(samples), given));
  CHECK(same(network.log_mel(samples), log_mel));
  CHECK(network.embed({}).shape().text() == "(0, 1024)");
  CHECK(network.log_mel({}).shape().text() == "(0, 96, 64)");
  CHECK(network.scores(network.embed({})).shape().text() == "(0, 521)");
}

TEST_CASE("yamnet says which file of its folder is not there or damaged") {
  const random_yamnet plain;
  const auto read = [&] { yamnet(plain.folder.path()); };
  CHECK(test::message_of(read) == "");
  const std::string nowhere = plain.folder.path() + "-nowhere";
  CHECK(test::message_of([&] { yamnet{nowhere}; }) ==
        "avqa: " + nowhere + ": no folder is there; one with the weights of a network expected.");
  for (const char* const name : {"window", "mel_w", "00_conv_b", "01_dw_w", "26_conv_w", "dense_w"}) {
    const std::string file = plain.folder.path() + '/' + name + ".npy";
    INFO(name);
    CHECK(test::has(test::message_without(file, read), file));
    const std::string whole = test::text_of(file), other = ogm::data::npy::encode_header(ogm::data::dtype::f32, std::vector{1L});
    CHECK(test::has(test::message_with(file, whole.substr(0, whole.size() - 1), read), file));
    CHECK(test::has(test::message_with(file, other + whole.substr(whole.size() - 4), read), file + ": an array of shape (1)"));
  }
  CHECK(test::message_of(read) == "");
}

}  // namespace yamnet_test
