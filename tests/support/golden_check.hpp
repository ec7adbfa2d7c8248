#pragma once
// Golden cases as checks of a test.

#include <support/golden.hpp>

#include <catch2/catch.hpp>

#include <initializer_list>

namespace ogm::test {

/// CHECKs that `run`, a function (case, report) that says whether it knows the case, agrees with each case of a list of layers.json.
template <class T, class Run>
void check_golden_cases(const Run& run, std::initializer_list<const char*> names, const std::string& list = "layers") {
  for (const char* name : names) {
    golden_report report;
    REQUIRE(run(golden_case(name, list), report));
    INFO(name << ": " << report.where() << " is off by " << report.worst());
    CHECK(report.worst() <= golden_tolerance<T>);
  }
}

}  // namespace ogm::test
