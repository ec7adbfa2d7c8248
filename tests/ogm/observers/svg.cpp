#include <ogm/train/observers/svg.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

#include "support.hpp"

namespace svg = ogm::observers::svg;

namespace {
constexpr double gap_value = std::numeric_limits<double>::quiet_NaN();

/// Every element is closed, every quote is paired, nothing is written as a number that is none.
void check_well_formed(const std::string& s) {
  std::vector<std::string> open;
  for (auto at = s.find('<'); at != s.npos; at = s.find('<', at + 1)) {
    const auto end = s.find('>', at);
    REQUIRE(end != s.npos);
    const auto tag = s.substr(at + 1, end - at - 1);
    CHECK(std::count(tag.begin(), tag.end(), '"') % 2 == 0);
    CHECK(tag.find('<') == tag.npos);
    const auto name = tag.substr(0, tag.find_first_of(" /", 1));
    if (tag.back() == '/') continue;
    if (tag[0] != '/') {
      open.push_back(name);
      continue;
    }
    REQUIRE(!open.empty());
    CHECK("/" + open.back() == tag);
    open.pop_back();
  }
  CHECK(open.empty());
  CHECK(s.find("nan") == s.npos);
  CHECK(s.find("inf") == s.npos);
}
svg::figure one(svg::panel p) {
  svg::figure f;
  f.panels.push_back(std::move(p));
  return f;
}
svg::series line(std::string name, std::vector<double> x, std::vector<double> y) {
  svg::series s;
  s.name = std::move(name);
  s.x = std::move(x);
  s.y = std::move(y);
  return s;
}
std::string draw(std::vector<double> x, std::vector<double> y, bool log = false) {
  svg::panel p;
  p.log_y = log;
  p.lines.push_back(line("", std::move(x), std::move(y)));
  auto s = svg::render(one(p));
  check_well_formed(s);
  return s;
}
/// The path of the only line.
std::string path_of(const std::string& s) {
  const auto at = s.find(" d=\"", s.find("stroke-linejoin")) + 4;
  return s.substr(at, s.find('"', at) - at);
}
}  // namespace

TEST_CASE("nice ticks are multiples of 1, 2, 5 inside the range") {
  CHECK(svg::nice_ticks(0, 10) == std::vector<double>{0, 2, 4, 6, 8, 10});
  CHECK(svg::nice_ticks(0, 100) == std::vector<double>{0, 20, 40, 60, 80, 100});
  CHECK(svg::nice_ticks(-1, 1).size() == 5);
  for (const auto& [from, to] : {std::pair(0.0, 1.0), {1e-12, 3e-12}, {-7.3, 1e6}, {1e300, 1.7e300}, {5.0, 5.0001}, {-3e-5, 1e-5}}) {
    const auto ticks = svg::nice_ticks(from, to);
    CHECK(ticks.size() >= 2);
    CHECK(ticks.size() <= 11);
    for (const double t : ticks) {
      CHECK(t >= from - 1e-9 * (to - from));
      CHECK(t <= to + 1e-9 * (to - from));
    }
  }
  CHECK(svg::nice_ticks(1, 1).empty());
  CHECK(svg::nice_ticks(2, 1).empty());
  CHECK(svg::nice_ticks(gap_value, 1).empty());
  CHECK(svg::nice_ticks(0, INFINITY).empty());
  CHECK(svg::nice_ticks(1, std::nextafter(1, 2)).size() <= 2);
}

TEST_CASE("logarithmic ticks are decades, or finer below two decades") {
  CHECK(svg::log_ticks(1, 1000) == std::vector<double>{1, 10, 100, 1000});
  const auto fine = svg::log_ticks(1, 20);
  REQUIRE(fine.size() == 5);
  CHECK(fine[1] == 2);
  CHECK(fine[2] == 5);
  CHECK(svg::log_ticks(1.1, 1.4).size() >= 2);
  CHECK(svg::log_ticks(1e-300, 1e300).size() <= 9);
  CHECK(svg::log_ticks(0, 1).empty());
  CHECK(svg::log_ticks(-1, 1).empty());
}

TEST_CASE("tick labels tell neighbours apart and are short") {
  CHECK(svg::tick_label(0.5, {0, 0.5, 1}) == "0.5");
  CHECK(svg::tick_label(0, {0, 0.5, 1}) == "0");
  CHECK(svg::tick_label(1, {0, 0.5, 1}) == "1.0");
  CHECK(svg::tick_label(20000, {0, 20000, 40000}) == "20k");
  CHECK(svg::tick_label(2e6, {0, 2e6}) == "2M");
  CHECK(svg::tick_label(5.0002, {5, 5.0002, 5.0004}) == "5.0002");
  CHECK(svg::tick_label(1e12, {0, 1e12}) == "1e+12");
  CHECK(svg::tick_label(2e-5, {0, 2e-5}) == "2e-05");
}

TEST_CASE("points that are not finite are gaps, and a lone point is a dot") {
  CHECK(support::occurrences(path_of(draw({0, 1, 2, 3}, {1, 2, 3, 4})), "M") == 1);
  const auto gap = draw({0, 1, 2, 3, 4}, {1, 2, gap_value, 4, 5});
  CHECK(support::occurrences(path_of(gap), "M") == 2);
  CHECK(support::occurrences(path_of(gap), "L") == 2);
  CHECK(support::occurrences(gap, "<circle") == 0);
  const auto alone = draw({0, 1, 2, 3, 4}, {1, gap_value, 3, INFINITY, 5});
  CHECK(support::occurrences(alone, "<circle") == 3);
  CHECK(path_of(alone).empty());
  CHECK(support::occurrences(draw({0, gap_value, 2}, {1, 2, 3}), "<circle") == 2);
  CHECK(support::occurrences(draw({0, 1, 2, 3}, {0, -1, 3, 30}, true), "M") > 0);
  CHECK(support::occurrences(path_of(draw({0, 1, 2, 3}, {0, -1, 3, 30}, true)), "L") == 1);
}

TEST_CASE("degenerate ranges are drawn, empty ones say so") {
  CHECK(support::occurrences(draw({5}, {3}), "<circle") == 1);
  draw({1, 2}, {0, 0});
  draw({1, 2}, {-4, -4});
  draw({1, 2}, {7, 7}, true);
  draw({1, 2}, {-1e300, 1e300});
  draw({1, 2}, {1e-300, 1e300}, true);
  CHECK(draw({1, 2}, {-1.7e308, 1.7e308}).find("no data") != std::string::npos);
  CHECK(draw({1, 2}, {5e-324, 1.7e308}, true).find("no data") != std::string::npos);
  CHECK(draw({}, {}).find("no data") != std::string::npos);
  CHECK(draw({1, 2}, {gap_value, gap_value}).find("no data") != std::string::npos);
  CHECK(draw({1, 2}, {0, -1}, true).find("no data") != std::string::npos);
  check_well_formed(svg::render({}));
  CHECK_THROWS_WITH(draw({1, 2}, {1}), Catch::Contains("2 x and 1 y"));
}

TEST_CASE("higher values are drawn higher, and within the panel") {
  const auto path = path_of(draw({0, 10}, {0, 1}));
  double x0, y0, x1, y1;
  REQUIRE(std::sscanf(path.c_str(), "M%lf %lfL%lf %lf", &x0, &y0, &x1, &y1) == 4);
  CHECK(x0 < x1);
  CHECK(y0 > y1);
  for (const double v : {x0, x1}) CHECK((v > 0 && v < 496));
  for (const double v : {y0, y1}) CHECK((v > 0 && v < 316));
}

TEST_CASE("names are escaped") {
  svg::panel p;
  p.title = "<script>&\"'";
  p.lines.push_back(line("a\x01\xff</text>", {1, 2}, {1, 2}));
  auto f = one(p);
  f.title = "x < y";
  const auto s = svg::render(f);
  check_well_formed(s);
  CHECK(s.find("&lt;script&gt;&amp;&quot;&#39;") != s.npos);
  CHECK(s.find("a??&lt;/text&gt;") != s.npos);
  CHECK(s.find("<script>") == s.npos);
}
