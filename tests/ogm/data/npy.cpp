#include <ogm/data/npy.hpp>

#include <catch2/catch.hpp>
#include <numeric>

#include "files.hpp"

namespace npy_test {

using namespace ogm::data;
namespace test = ogm::test;

namespace {
std::string file(const std::string& dict, const std::string& elements, int version = 1) {
  std::string out = "\x93NUMPY";
  out += char(version);
  out += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) out += char(dict.size() >> 8 * i & 255);
  return out + dict + elements;
}
std::string failure(const std::string& bytes) {
  return test::message_of([&] { npy::parse<float>(as_byte_span(bytes), "t.npy"); });
}
const std::string two_floats("\0\0\x80\x3F\0\0\0\x40", 8);  // 1 and 2
std::string dict(const std::string& descr, const std::string& order, const std::string& shape) {
  return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}
}  // namespace

TEMPLATE_TEST_CASE("what is written is read back, mapped and converted", "", float, double, std::int8_t, std::int16_t, std::int32_t,
                   std::int64_t, std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t) {
  const test::folder in;
  const std::string path = in / "a.npy";
  ogm::tensor<TestType, ogm::dyn, 3, 4> t(5);
  std::iota(t.flat().begin(), t.flat().end(), TestType(1));
  npy::write(path, t);
  const auto back = npy::read<TestType>(path);
  CHECK(back.shape == std::vector<ogm::size_type>{5, 3, 4});
  CHECK(std::equal(back.values.begin(), back.values.end(), t.flat().begin(), t.flat().end()));
  CHECK(back.template as<ogm::dyn, 3, 4>()(4, 2, 3) == TestType(60));
  CHECK(test::has(test::message_of<ogm::shape_error>([&] { back.template as<ogm::dyn, 4, 4>(); }), "(5, 3, 4)"));
  const auto mapped = npy::map<TestType>(path);
  CHECK(std::equal(mapped.values.begin(), mapped.values.end(), back.values.begin(), back.values.end()));
  const auto row = mapped.row(3);
  CHECK(std::equal(row.begin(), row.end(), back.values.begin() + 36, back.values.begin() + 48));
  for (const int outside : {-1, 5}) CHECK(test::has(test::message_of<ogm::value_error>([&] { mapped.row(outside); }), "shape (5, 3, 4)"));
  CHECK(npy::read_as<float>(path).values.back() == 60.f);
  CHECK(npy::header(path).data_offset % 64 == 0);
  CHECK(npy::header(path).type == dtype_of<TestType>);
}

TEST_CASE("rank 0, one axis, empty axes, versions 2 and 3, a dict in another order") {
  const std::string scalar = file(dict("'<f4'", "False", "()"), two_floats.substr(0, 4));
  CHECK(npy::parse<float>(as_byte_span(scalar), "t").values == std::vector<float>{1});
  const std::string empty = file(dict("'<f4'", "False", "(0, 5)"), "");
  CHECK(npy::parse<float>(as_byte_span(empty), "t").values.empty());
  for (const int version : {1, 2, 3}) {
    const std::string f = file("{\"shape\": (2,), 'fortran_order':False,'descr':\"<f4\"}", two_floats, version);
    CHECK(npy::parse<float>(as_byte_span(f), "t").values == std::vector<float>{1, 2});
  }
}

TEST_CASE("column-major elements are transposed, and not mapped") {
  const std::string elements("\1\2\3\4\5\6\7\x8\x9\xA\xB\xC\xD\xE\xF\x10\x11\x12\x13\x14\x15\x16\x17\x18", 24);
  const std::string f = file(dict("'|u1'", "True", "(2, 3, 4)"), elements);
  const auto a = npy::parse<std::uint8_t>(as_byte_span(f), "t");
  const auto v = a.as<2, 3, 4>();
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 4; ++k) CHECK(v(i, j, k) == 1 + i + 2 * j + 6 * k);
  const test::folder in;
  const std::string path = in.write("f.npy", f);
  CHECK(test::has(test::message_of([&] { npy::map<std::uint8_t>(path); }), "column-major"));
}

TEST_CASE("bool and half are converted") {
  const std::string flags = file(dict("'|b1'", "False", "(3,)"), std::string("\0\1\1", 3));
  CHECK(npy::parse_as<std::uint8_t>(as_byte_span(flags), "t").values == std::vector<std::uint8_t>{0, 1, 1});
  const std::string halves = file(dict("'<f2'", "False", "(2,)"), std::string("\x00\x3C\x00\xC0", 4));
  CHECK(npy::parse_as<float>(as_byte_span(halves), "t").values == std::vector<float>{1, -2});
}

TEST_CASE("errors say what is wrong and what was expected") {
  CHECK(test::has(failure(file(dict("'<f8'", "False", "(1,)"), two_floats)), "t.npy: elements of type f64, f32 expected"));
  CHECK(test::has(failure(file(dict("'>f4'", "False", "(2,)"), two_floats)), "big-endian"));
  CHECK(test::has(failure(file(dict("'<c8'", "False", "(1,)"), two_floats)), "'<c8' is not supported"));
  CHECK(test::has(failure(file(dict("'|O'", "False", "(1,)"), two_floats)), "'|O' is not supported"));
  CHECK(test::has(failure(file(dict("[('a', '<f4')]", "False", "(2,)"), two_floats)), "structured"));
  CHECK(test::has(failure(file(dict("'<f4'", "False", "(3,)"), two_floats)), "truncated: shape (3) of f32 takes 12 bytes, 8 follow"));
  CHECK(test::has(failure(file(dict("'<f4'", "False", "(1,)"), two_floats)), "bytes after the elements"));
  CHECK(test::has(failure(file(dict("'<f4'", "False", "(4611686018427387904, 4)"), two_floats)), "more elements than memory"));
  CHECK(test::has(failure(file(dict("'<f4'", "False", "(2305843009213693952,)"), two_floats)), "more elements than memory"));
  CHECK(test::has(failure(file(dict("'<f4'", "False", "(-2,)"), two_floats)), "a size in [0, 2^63)"));
  CHECK(test::has(failure(file(dict("'<f4'", "False", "(99999999999999999999,)"), two_floats)), "a size in [0, 2^63)"));
  CHECK(test::has(failure(file(dict("'<f4'", "Maybe", "(2,)"), two_floats)), "True or False"));
  CHECK(test::has(failure(file(dict("'<f4'", "False", "(2)"), two_floats)), "with a comma"));
  CHECK(test::has(failure(file(dict("'<f4'", "False", "(2 1)"), two_floats)), "',' or ')'"));
  CHECK(test::has(failure(file("{'descr': '<f4', 'fortran_order': False, }", two_floats)), "missing"));
  CHECK(test::has(failure(file("{'descr': '<f4', 'descr': '<f4'}", two_floats)), "twice"));
  CHECK(test::has(failure(file("{'x': '<f4'}", two_floats)), "a key other than"));
  CHECK(test::has(failure(file(dict("'<f4'", "False", "(2,)") + "x", two_floats)), "text after the dict"));
  CHECK(test::has(failure(file(dict("'<f4'", "False", "(2,)"), two_floats, 4)), "version 4.0"));
  CHECK(test::has(failure("\x93NUMPY\x01"), "no .npy file"));
  std::string axes;
  for (int i = 0; i < 40; ++i) axes += "1,";
  CHECK(test::has(failure(file(dict("'<f4'", "False", "(" + axes + ")"), two_floats)), "more than 32 axes"));
}

TEST_CASE("npy: every prefix is refused, and no flipped bit does harm") {
  const std::string whole = file(dict("'<f4'", "False", "(2, 1)"), two_floats);
  const auto parse = [](byte_span b) { npy::parse_as<float>(b, "t.npy"); };
  CHECK(test::accepted_prefixes(whole, parse) == 0);
  CHECK(test::accepted_flips(whole, parse) < 8 * whole.size() / 2);
}

TEST_CASE("a count that does not fill the shape is not written") {
  const test::folder in;
  const std::vector<float> values(5);
  const std::vector<ogm::size_type> shape{2, 3};
  CHECK(test::has(test::message_of<ogm::shape_error>([&] { npy::write<float>(in / "a.npy", values, shape); }),
                  "5 elements do not fill the shape (2, 3)"));
}

TEST_CASE("files that NumPy wrote") {
  const auto folder = test::shared("data/avmnist");
  if (!folder) return;
  CHECK(npy::header(*folder + "/images.npy").shape == std::vector<ogm::size_type>{10000, 28, 28});
  const auto labels = npy::read_as<std::int32_t>(*folder + "/image_labels.npy");
  CHECK(std::is_sorted(labels.values.begin(), labels.values.end()));
  CHECK(labels.values.back() == 9);
  CHECK(npy::map<std::int32_t>(*folder + "/pairs_test.npy").shape == std::vector<ogm::size_type>{2000, 3});
}

}  // namespace npy_test
