#include <ogm/data/safetensors.hpp>

#include <catch2/catch.hpp>

#include "files.hpp"

namespace safetensors_test {

using namespace ogm::data;
namespace test = ogm::test;

namespace {
std::string file(const std::string& json, std::size_t elements) {
  const std::uint64_t n = json.size();
  return std::string(reinterpret_cast<const char*>(&n), 8) + json + std::string(elements, '\1');
}
std::string failure(const std::string& bytes, const safetensors::options& how = {}) {
  return test::message_of([&] { safetensors::archive(as_byte_span(bytes), "t.safetensors", how); });
}
std::string tensor(const std::string& name, const std::string& type, const std::string& shape, const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}
using sizes = std::vector<ogm::size_type>;
}  // namespace

TEST_CASE("tensors and metadata come back, aligned, largest elements first") {
  const test::folder in;
  const std::vector<std::uint8_t> flags{1, 2, 3};
  const std::vector<float> weights{1, 2, 3, 4, 5, 6};
  const std::vector<double> steps{0.5};
  const std::vector<bfloat16> halves{bfloat16(1.f), bfloat16(-2.f)};
  safetensors::writer w;
  w.add<std::uint8_t>("flags", flags, sizes{3});
  w.add<float>("model.weight\"\n\xC3\xA9", weights, sizes{2, 3});
  w.add<double>("step", steps, sizes{});
  w.add<bfloat16>("half", halves, sizes{2, 1});
  w.add("empty", dtype::i64, sizes{0, 7}, {});
  w.add("mask", dtype::boolean, sizes{3}, as_byte_span(flags.data(), 3));
  w.metadata("epoch", "3");
  w.metadata("note", "a \"b\" \\ \t");
  w.save(in / "a.safetensors");

  const safetensors::file f(in / "a.safetensors");
  CHECK(f.entries().size() == 6);
  CHECK(f.metadata().at("epoch") == "3");
  CHECK(f.metadata().at("note") == "a \"b\" \\ \t");
  const auto& weight = f.find("model.weight\"\n\xC3\xA9");
  CHECK(weight.shape == sizes{2, 3});
  CHECK(weight.type == dtype::f32);
  CHECK(std::equal(weights.begin(), weights.end(), weight.as<float>().begin(), weight.as<float>().end()));
  CHECK(f.find("step").as<double>()[0] == 0.5);
  CHECK(float(f.find("half").as<bfloat16>()[1]) == -2.f);
  CHECK(f.find("empty").count() == 0);
  CHECK(f.find("flags").bytes.data() > f.find("half").bytes.data());
  CHECK(reinterpret_cast<std::uintptr_t>(f.find("step").bytes.data()) % 64 == 0);
  CHECK(test::has(test::message_of([&] { f.find("x"); }), "a.safetensors: has no tensor x"));
  CHECK(test::has(test::message_of([&] { weight.as<double>(); }), "elements of type f32, f64 expected"));
  CHECK(f.contains("mask"));
}

TEST_CASE("an empty file of tensors is a file") {
  const test::folder in;
  safetensors::writer().save(in / "none");
  CHECK(safetensors::file(in / "none").entries().empty());
}

TEST_CASE("the writer refuses doubled names and bytes that do not fill the shape") {
  safetensors::writer w;
  w.add("a", dtype::f32, sizes{0}, {});
  CHECK(test::has(test::message_of<ogm::value_error>([&] { w.add("a", dtype::f32, sizes{0}, {}); }), "second tensor a"));
  CHECK(test::has(test::message_of<ogm::shape_error>([&] { w.add("b", dtype::f32, sizes{2}, {}); }),
                  "0 bytes do not fill the shape (2) of f32"));
}

TEST_CASE("each rule of the format has its sentence") {
  const std::string good = tensor("a", "F32", "[2]", "[0,8]");
  CHECK(failure(file("{" + good + "}", 8)) == "");
  CHECK(failure(file("{" + good + "}   ", 8)) == "");
  CHECK(test::has(failure("1234"), "t.safetensors: truncated"));
  CHECK(test::has(failure(std::string(8, '\xFF') + "{}"), "at most 100 MB"));
  CHECK(test::has(failure(file("{" + good + "}", 8).substr(0, 30)), "truncated: a header"));
  CHECK(test::has(failure(file("{" + good + "}", 7)), "outside the 7 bytes"));
  CHECK(test::has(failure(file(" {}", 0)), "does not begin with '{'"));
  CHECK(test::has(failure(file("", 0)), "does not begin with '{'"));
  CHECK(test::has(failure(file("{} x", 0)), "text after the end"));
  CHECK(test::has(failure(file("{" + good + "}", 9)), "1 bytes after the last tensor"));
  CHECK(failure(file("{" + good + "}", 9), {.allow_trailing = true}) == "");
  CHECK(test::has(failure(file("{" + good + "," + good + "}", 8)), "occurs twice"));
  CHECK(test::has(failure(file("{" + good + "," + tensor("b", "F32", "[1]", "[4,8]") + "}", 8)), "overlap at byte 4"));
  CHECK(test::has(failure(file("{" + good + "," + tensor("b", "F32", "[1]", "[12,16]") + "}", 16)), "a hole at byte 12"));
  CHECK(test::has(failure(file("{" + tensor("a", "F32", "[2]", "[4,12]") + "}", 12)), "a hole at byte 4"));
  CHECK(test::has(failure(file("{" + tensor("a", "F32", "[3]", "[0,8]") + "}", 8)), "does not take the 8 bytes"));
  CHECK(test::has(failure(file("{" + tensor("a", "F32", "[4611686018427387904,4]", "[0,0]") + "}", 0)), "does not take the 0 bytes"));
  CHECK(test::has(failure(file("{" + tensor("a", "F32", "[18446744073709551615]", "[0,8]") + "}", 8)), "a size over 2^63"));
  CHECK(test::has(failure(file("{" + tensor("a", "F32", "[-1]", "[0,8]") + "}", 8)), "an integer in [0, 2^64) expected"));
  CHECK(test::has(failure(file("{" + tensor("a", "F32", "[2]", "[8,0]") + "}", 8)), "outside"));
  CHECK(test::has(failure(file("{" + tensor("a", "F32", "[2]", "[0,8,8]") + "}", 8)), "more than two offsets"));
  CHECK(test::has(failure(file("{" + tensor("a", "F32", "[2]", "[8]") + "}", 8)), "two data_offsets expected"));
  CHECK(test::has(failure(file("{" + tensor("a", "F4", "[2]", "[0,8]") + "}", 8)), "the dtype F4 is not supported"));
  CHECK(test::has(failure(file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8)), "two data_offsets expected"));
  CHECK(test::has(failure(file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"x\":1}}", 8)), "an unknown key x"));
  CHECK(test::has(failure(file("{\"__metadata__\":{\"a\":1}}", 0)), "a string expected"));
  CHECK(test::has(failure(file("{\"a\":3}", 0)), "an object expected"));
  std::string axes = "[1";
  for (int i = 0; i < 40; ++i) axes += ",1";
  CHECK(test::has(failure(file("{" + tensor("a", "F32", axes + "]", "[0,4]") + "}", 4)), "more than 32 axes"));
}

TEST_CASE("safetensors: every prefix is refused, and no flipped bit does harm") {
  const std::string whole =
      file("{\"__metadata__\":{\"k\":\"v\"}," + tensor("a", "F32", "[2]", "[0,8]") + "," + tensor("b", "U8", "[3]", "[8,11]") + "}", 11);
  const auto parse = [](byte_span b) { safetensors::archive(b, "t.safetensors"); };
  CHECK(test::accepted_prefixes(whole, parse) == 0);
  CHECK(test::accepted_flips(whole, parse) < 8 * whole.size() / 2);
}

}  // namespace safetensors_test
