#include <ogm/train/metrics/table.hpp>

#include <catch2/catch.hpp>

using ogm::metrics::table;

TEST_CASE("a table aligns its columns, also with characters of several bytes") {
  table t({"method", "accuracy", "s"});
  t.row({"joint", "91.20 ± 0.31", "7"}).row({"ogm_ge", "9.1", "12"});
  CHECK(t.rows() == 2);
  CHECK(t.text() ==
        "method      accuracy   s\n"
        "------------------------\n"
        "joint   91.20 ± 0.31   7\n"
        "ogm_ge           9.1  12\n");
  CHECK(t.markdown() ==
        "| method |     accuracy |   s |\n"
        "| :----- | -----------: | --: |\n"
        "| joint  | 91.20 ± 0.31 |   7 |\n"
        "| ogm_ge |          9.1 |  12 |\n");
}

TEST_CASE("cells stay in their place whatever they hold") {
  table t({"a|b", ""});
  t.row({"two\nlines", ""});
  CHECK(t.text() == "a|b\n-----------\ntwo lines\n");
  CHECK(t.markdown() == "| a\\|b      |     |\n| :-------- | --: |\n| two lines |     |\n");
}

TEST_CASE("a row of another length is refused") {
  table t({"a", "b"});
  CHECK_THROWS_WITH(t.row({"1"}), Catch::Contains("1 cells in a table of 2 columns"));
  CHECK_THROWS_AS(table({}), ogm::value_error);
  CHECK(t.text() == "a  b\n----\n");
}
