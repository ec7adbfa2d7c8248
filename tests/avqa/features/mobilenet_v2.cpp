#include <avqa/features/mobilenet_v2.hpp>

#include <support/compare.hpp>

#include "plain_network.hpp"

#include <catch2/catch.hpp>

#include <span>

namespace mobilenet_v2_test {

using namespace avqa;
namespace test = ogm::test;
using ogm::dyn;

namespace {

using picture_tensor = ogm::tensor<std::uint8_t, dyn, dyn, dyn, 3>;

picture_tensor pictures(long count) {
  picture_tensor out(count, 224, 224);
  const auto values = test::uniform_numbers(long(out.count()), 5, 128);
  for (std::size_t i = 0; i < values.size(); ++i) out.data()[i] = std::uint8_t(values[i] + 128);
  return out;
}

/// MobileNet-v2 with random weights.
class random_mobilenet {
 public:
  std::vector<double> map, pooled;  // of the first picture, by definition: (channel, row, column); (channel)
  double map_terms = 0, terms = 0;
  test::folder folder;

  random_mobilenet() {
    test::plain_network network(folder);
    std::string table = "op\ttype\tinputs\tstride\tpad_same\tweights\tshape\tclamp_lo\tclamp_hi\tpads\n";
    int number = 0;  // of the operation
    const auto line = [&](const char* type, long stride, const test::plain_image& y, const std::string& low, const std::string& high) {
      table += std::to_string(number++) + '\t' + type + "\t-\t" + std::to_string(stride) + "\t-\t-\t1x" + std::to_string(y.height) + 'x' +
               std::to_string(y.width) + 'x' + std::to_string(y.channels) + '\t' + low + '\t' + high + "\t-\n";
    };
    // opNN_w and opNN_b, floats.
    const auto name = [&] { return std::string(number < 10 ? "op0" : "op") + std::to_string(number); };
    const auto picture = pictures(1);
    test::plain_image x{224, 224, 3, {picture.data(), picture.data() + picture.count()}};
    for (double& v : x.at) v /= 255;
    line("pad", 1, {225, 225, 3, {}}, "0", "1");
    x = network.convolution(x, name(), 32, 3, 2, 0, 6);
    line("conv", 2, x, "0.0", "6.0");
    struct stage {
      long wide, channels, repeat, stride;
    };
    for (const stage& s :
         {stage{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}}) {
      for (long i = 0; i < s.repeat; ++i) {
        const test::plain_image before = x;
        const long stride = i == 0 ? s.stride : 1;
        if (s.wide > 1) {
          x = network.convolution(x, name(), before.channels * s.wide, 1, 1, 0, 5.5);
          line("conv", 1, x, "0.0", "5.5");
        }
        if (stride == 2) line("pad", 1, {x.height + 1, x.width + 1, x.channels, {}}, "0", "6");
        x = network.depthwise(x, name(), stride, 0.125, 5);
        line("dw", stride, x, "0.125", "5");
        x = network.convolution(x, name(), s.channels, 1, 1, -2, 2.25);
        line("conv", 1, x, "-2", "2.25");
        if (stride == 1 && before.channels == x.channels) {
          for (std::size_t k = 0; k < x.at.size(); ++k) x.at[k] = std::clamp(x.at[k] + before.at[k], -2.5, 2.75);
          line("add", 1, x, "-2.5", "2.75");
        }
      }
      if (s.channels == 96) {
        for (std::size_t c = 0; c < 96; ++c)
          for (std::size_t p = 0; p < 196; ++p) map.push_back(x.at[p * 96 + c]);
        map_terms = network.terms();
      }
    }
    x = network.convolution(x, name(), 1280, 1, 1, 0, 6);
    line("conv", 1, x, "0.0", "6.0");
    CHECK((x.height == 7 && x.width == 7));
    CHECK(number == 67);
    pooled = test::plain_network::mean(x);
    terms = network.terms();
    folder.write("ops.tsv", table);
  }
};

/// One for all cases of a run: nearly all of its time is the definition's.
const random_mobilenet& plain() {
  static const random_mobilenet one;
  return one;
}

template <class Tensor> std::span<const float> all(const Tensor& x) { return {x.data(), std::size_t(x.count())}; }

}  // namespace

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
  REQUIRE(map.shape == std::vector<ogm::size_type>{2, 14, 14, 96});
  std::vector<float> expected(map.values.size());
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t p = 0; p < 196; ++p)
      for (std::size_t c = 0; c < 96; ++c) expected[(i * 96 + c) * 196 + p] = map.values[(i * 196 + p) * 96 + c];
  CHECK(test::apart_of_largest(all(out.maps), expected) <= 1e-4);
  CHECK(test::apart_of_largest(all(out.pooled), pooled.values) <= 1e-4);
}

TEST_CASE("mobilenet_v2 is its definition with any weights and limits, and counts its operations") {
  const mobilenet_v2 network(plain().folder.path());
  const auto out = network.maps_and_pooled(pictures(1));
  CHECK(test::apart_of_largest(all(out.maps), plain().map) <= 5e-5);
  CHECK(test::apart_of_largest(all(out.pooled), plain().pooled) <= 5e-5);
  CHECK(network.flop(true) == 2 * plain().map_terms);
  CHECK(network.flop(false) == 2 * plain().terms);
}

TEST_CASE("mobilenet_v2 has the same bits on any number of threads, whatever pictures come together, whichever outputs are asked for",
          "[threads]") {
  const mobilenet_v2 network(plain().folder.path());
  const auto x = pictures(3);
  const auto once = network.maps_and_pooled(x);
  CHECK_FALSE(ogm::test::same_bits(once.pooled.data(), once.pooled.data() + 1280, 1280));  // pictures differ
  const auto same = [](const auto& a, const auto& b) {
    return a.count() == b.count() && ogm::test::same_bits(a.data(), b.data(), std::size_t(a.count()));
  };
  for (const int threads : {2, 3}) {
    const ogm::use_threads pool(threads);
    CHECK(same(network.maps(x), once.maps));
    CHECK(same(network.pooled(x), once.pooled));
  }
  for (const long i : {0L, 2L}) {
    const mobilenet_v2::pictures one{x.data() + i * 224 * 224 * 3, ogm::extents<dyn, dyn, dyn, 3>(1, 224, 224)};
    const auto alone = network.maps_and_pooled(one);
    CHECK(ogm::test::same_bits(alone.maps.data(), once.maps.data() + i * 96 * 196, 96 * 196));
    CHECK(ogm::test::same_bits(alone.pooled.data(), once.pooled.data() + i * 1280, 1280));
  }
}

TEST_CASE("mobilenet_v2 refuses pictures of another size; no pictures give nothing") {
  const mobilenet_v2 network(plain().folder.path());
  CHECK_THROWS_WITH(network.maps(picture_tensor(1, 224, 223)), Catch::Contains("(1, 224, 223, 3); (time, 224, 224, 3) is needed"));
  CHECK_THROWS_AS(network.pooled(picture_tensor(2, 112, 224)), ogm::shape_error);
  CHECK(network.maps(picture_tensor(0, 224, 224)).shape().text() == "(0, 96, 14, 14)");
  CHECK(network.pooled(picture_tensor(0, 0, 0)).shape().text() == "(0, 1280)");
}

TEST_CASE("mobilenet_v2 says which file of its folder, and which line of its table, is not there or damaged") {
  const std::string folder = plain().folder.path();
  const auto read = [&] { mobilenet_v2{folder}; };
  CHECK(test::message_of(read) == "");
  CHECK(test::has(test::message_of([&] { mobilenet_v2{folder + "-nowhere"}; }), folder + "-nowhere: no folder is there"));
  for (const char* const name : {"op01_w.npy", "op02_b.npy", "op66_w.npy", "ops.tsv"}) {
    INFO(name);
    const std::string file = folder + '/' + name;
    CHECK(test::has(test::message_without(file, read), file));
    CHECK(test::has(test::message_with(file, "", read), file));
  }
  const std::string file = folder + "/ops.tsv", table = test::text_of(file);
  const auto with = [&](const std::string& part, const std::string& instead) {
    std::string other = table;
    REQUIRE(other.find(part) != std::string::npos);
    return test::message_with(file, other.replace(other.find(part), part.size(), instead), read);
  };
  const std::string operations = " expected (operation, type, stride and shape ";
  CHECK(test::has(with("clamp_lo", "low"), file + ": the first line is not op, type, inputs"));
  CHECK(test::has(with("\n1\tconv", "\n7\tconv"), file + ":3: '7'; '1'" + operations + "1, conv, 2, 1x112x112x32)."));
  CHECK(test::has(with("\n2\tdw", "\n2\tconv"), file + ":4: 'conv'; 'dw'" + operations));
  CHECK(test::has(with("\n6\tdw\t-\t2", "\n6\tdw\t-\t1"), file + ":8: '1'; '2'" + operations));
  CHECK(test::has(with("1x7x7x1280", "1x7x7x1281"), file + ":68: '1x7x7x1281'; '1x7x7x1280'" + operations));
  CHECK(test::has(with("0.125\t5", "0.125\t5x"), file + ":4: '5x'; a number expected"));
  CHECK(test::has(with("0.125\t5", "5\t5"), file + ":4: a lower limit that is not below the upper one"));
  CHECK(test::has(with("0.125\t5", "nan\t5"), file + ":4: a lower limit that is not below the upper one"));
  const std::string cut = table.substr(0, table.find("\n66\t"));
  CHECK(test::has(test::message_with(file, cut, read), file + ": it ends before operation 66, conv expected"));
  CHECK(test::has(test::message_with(file, table.substr(0, table.find("\n66\t") + 4), read), file + ":68: ''; 'conv'"));
  CHECK(test::message_of(read) == "");
}

}  // namespace mobilenet_v2_test
