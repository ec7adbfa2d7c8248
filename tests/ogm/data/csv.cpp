#include <ogm/data/csv.hpp>

#include <catch2/catch.hpp>

#include "files.hpp"

namespace csv_test {

using namespace ogm::data;
namespace test = ogm::test;

namespace {
std::vector<csv::row> rows(const std::string& text, const csv::options& how = {}) { return csv::parse(as_byte_span(text), "t.csv", how); }
std::string failure(const std::string& text, const csv::options& how = {}) {
  return test::message_of([&] { rows(text, how); });
}
using fields = std::vector<std::string>;
}  // namespace

TEST_CASE("fields, quotes, line ends, empty lines and a byte-order mark") {
  const auto r = rows(
      "\xEF\xBB\xBF"
      "a,b\r\n\r\n\"c,\"\"d\"\"\n2\",e\n,\n\"\"");
  REQUIRE(r.size() == 4);
  CHECK(r[0].fields == fields{"a", "b"});
  CHECK(r[1].fields == fields{"c,\"d\"\n2", "e"});
  CHECK(r[2].fields == fields{"", ""});
  CHECK(r[3].fields == fields{""});
  CHECK(r[0].line == 1);
  CHECK(r[1].line == 3);
  CHECK(r[2].line == 5);
  CHECK(rows("").empty());
  CHECK(rows("a").size() == 1);
  CHECK(rows("a,").at(0).fields == fields{"a", ""});
  CHECK(rows("a b", {.delimiter = ' '}).at(0).fields == fields{"a", "b"});
}

TEST_CASE("what is wrong comes with its line and column") {
  CHECK(test::has(failure("a,b\nc,d\"e"), "t.csv: a quote inside a field that does not begin with one (line 2, column 4)"));
  CHECK(test::has(failure("a\n\"b\"c"), "text after a closing quote (line 2, column 4)"));
  CHECK(test::has(failure("a\nx,\"b\n\nc"), "never closed (line 2, column 3)"));
  CHECK(test::has(failure("a\rb"), "CR without LF (line 1, column 2)"));
  CHECK(test::has(failure("a\r"), "CR without LF"));
  CHECK(test::has(failure(std::string("a\0b", 3)), "NUL"));
  CHECK(test::has(failure(std::string("\"a\0b\"", 5)), "NUL"));
  CHECK(test::has(failure("a,b\nc\n", {.columns = 2}), "line 2 has 1 fields, 2 expected"));
}

TEST_CASE("numbers are whole fields") {
  const auto r = rows("12,-3,1x,,99999999999")[0];
  CHECK(csv::number<int>(r, 0, "t.csv") == 12);
  CHECK(csv::number<int>(r, 1, "t.csv") == -3);
  for (const std::size_t bad : {2, 3, 4, 5})
    CHECK(test::has(test::message_of([&] { csv::number<int>(r, bad, "t.csv"); }), "t.csv: line 1, field " + std::to_string(bad + 1)));
}

}  // namespace csv_test
