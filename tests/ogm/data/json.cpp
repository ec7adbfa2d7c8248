#include <ogm/data/json.hpp>

#include <catch2/catch.hpp>
#include <functional>

#include "files.hpp"

namespace json_test {

using namespace ogm::data;
namespace test = ogm::test;

namespace {
std::string read_string(const std::string& text) {
  json::reader in(text, "t.json");
  std::string out = in.string();
  in.end();
  return out;
}
std::string failure(const std::string& text) {
  return test::message_of([&] { read_string(text); });
}
}  // namespace

TEST_CASE("values are read in the order of the text") {
  json::reader in(R"( { "a" : [1, 20,300] , "b":{"x":true,"y":-2.5e1}, "c": "d" , "e":[], "f":{} } )", "t.json");
  std::vector<std::uint64_t> numbers;
  double y = 0;
  bool x = false;
  std::string seen;
  in.object([&](const std::string& key) {
    seen += key;
    if (key == "a" || key == "e")
      in.array([&] { numbers.push_back(in.unsigned_integer()); });
    else if (key == "c")
      CHECK(in.string() == "d");
    else
      in.object([&](const std::string& k) {
        if (k == "x")
          x = in.boolean();
        else
          y = in.number();
      });
  });
  in.end();
  CHECK(seen == "abcef");
  CHECK(numbers == std::vector<std::uint64_t>{1, 20, 300});
  CHECK(x);
  CHECK(y == -25.0);
}

TEST_CASE("a value that nobody wants is skipped, and checked all the same") {
  json::reader in(R"([{"a":[1,-2.5e3,"x\n",true,false,null,{}],"b":[]} , 7])", "t.json");
  std::uint64_t last = 0;
  int values = 0;
  in.array([&] { ++values == 1 ? in.skip() : void(last = in.unsigned_integer()); });
  in.end();
  CHECK(values == 2);
  CHECK(last == 7);
  const auto skipped = [](const std::string& text) {
    return test::message_of([&] {
      json::reader value(text, "t.json");
      value.skip();
      value.end();
    });
  };
  for (const char* good : {"null", " [1, [2]] ", "\"a\"", "-0.5", "{\"a\":null}"}) CHECK(skipped(good) == "");
  for (const char* bad : {"", "nul", "[1,]", "01", "{\"a\":1,\"a\":2}", "\"\\x\"", "+1", "]", "nullnull"}) CHECK(skipped(bad) != "");
  CHECK(test::has(skipped(std::string(100000, '[')), "deeper than 32"));
}

TEST_CASE("escapes and UTF-8 come out as UTF-8") {
  CHECK(read_string(R"("a\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00")") == "a\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  CHECK(read_string("\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"") == "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST_CASE("what quoted() writes, string() reads") {
  std::string all;
  for (char c = 1; c < 127; ++c) all += c;
  all += "\xC3\xA9";
  CHECK(read_string(json::quoted(all)) == all);
}

TEST_CASE("bad strings are refused with the byte") {
  for (const char* bad : {"\"\\ud800\"", "\"\\ude00\"", "\"\\ud800\\u0041\""}) CHECK(test::has(failure(bad), "surrogate"));
  for (const char* bad : {"\"\xC0\x80\"", "\"\xE0\x80\x80\"", "\"\xED\xA0\x80\"", "\"\xF5\x80\x80\x80\"", "\"\xF4\x90\x80\x80\"",
                          "\"\x80\"", "\"\xC3\"", "\"\xE2\x82\""})
    CHECK(test::has(failure(bad), "bad UTF-8"));
  CHECK(test::has(failure("\"a\nb\""), "control character in a string (JSON, byte 2)"));
  CHECK(test::has(failure("\"a"), "without its end"));
  CHECK(test::has(failure("\"\\x\""), "unknown escape"));
  CHECK(test::has(failure("\"\\u12g4\""), "hexadecimal"));
  CHECK(test::has(failure("\"a\" b"), "after the end"));
  CHECK(test::has(failure("a"), "t.json: a string expected"));
}

TEST_CASE("bad numbers are refused") {
  const auto number = [](const std::string& text) {
    return test::message_of([&] {
      json::reader in(text, "t.json");
      in.number();
      in.end();
    });
  };
  for (const char* good : {"0", "-0.5", "1e5", "10.25E-2"}) CHECK(number(good) == "");
  for (const char* bad : {"", "01", "-", "1.", ".5", "+1", "1e", "1e400", "NaN", "0x1", "1 2"}) CHECK(number(bad) != "");
  const auto integer = [](const std::string& text) { return test::message_of([&] { json::reader(text, "t.json").unsigned_integer(); }); };
  CHECK(integer("18446744073709551615") == "");
  for (const char* bad : {"18446744073709551616", "-1", "1.0", "1e2", "true"}) CHECK(integer(bad) != "");
}

TEST_CASE("duplicate keys, missing signs and depth are refused") {
  const auto object = [](const std::string& text) {
    return test::message_of([&] {
      json::reader in(text, "t.json");
      in.object([&](const std::string&) { in.unsigned_integer(); });
      in.end();
    });
  };
  CHECK(object("{\"a\":1,\"b\":2}") == "");
  CHECK(test::has(object("{\"a\":1,\"\\u0061\":2}"), "\"a\" occurs twice (JSON, byte 7)"));
  for (const char* bad : {"{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{a:1}", "{\"a\":1}}"}) CHECK(object(bad) != "");
  const std::string deep(100000, '[');
  json::reader in(deep, "t.json");
  const std::function<void()> descend = [&] { in.array(descend); };
  CHECK(test::has(test::message_of(descend), "deeper than 32"));
}

}  // namespace json_test
