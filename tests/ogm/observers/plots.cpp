#include <ogm/train/observers/plots.hpp>

#include <catch2/catch.hpp>

#include <cmath>

#include "support.hpp"

using namespace ogm::observers;

TEST_CASE("plots sorts scalars into panels") {
  support::temporary_folder folder;
  plots o(folder.path());
  support::play(o, 3, 4);
  const auto f = o.drawing();
  REQUIRE(f.panels.size() == 5);
  CHECK(f.title == "a run");
  CHECK(f.panels[0].title == "loss");
  REQUIRE(f.panels[0].lines.size() == 2);
  CHECK(f.panels[0].lines[0].name == "each step");
  CHECK(f.panels[0].lines[0].y.size() == 12);
  CHECK(f.panels[0].lines[1].name == "mean of epoch");
  CHECK(f.panels[0].lines[1].x == std::vector<double>{4, 8, 12});
  CHECK(f.panels[1].title == "accuracy");
  REQUIRE(f.panels[1].lines.size() == 2);
  CHECK(f.panels[1].lines[0].name == "train");
  CHECK(f.panels[1].lines[1].name == "validation audio");
  CHECK(f.panels[2].title == "ratio");
  CHECK(f.panels[2].log_y);
  CHECK(f.panels[3].title == "coefficient");
  CHECK(f.panels[4].title == "learning rate");
  const auto drawn = support::content(folder.path() / "training.svg");
  CHECK(drawn == svg::render(f));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "training.svg.part"));
}

TEST_CASE("a long run keeps a bounded number of points, evenly") {
  thinned_series s(100);
  for (int i = 0; i < 100000; ++i) s.add(i, i);
  const auto x = s.x(), y = s.y();
  CHECK(x.size() <= 101);
  CHECK(x.size() >= 49);
  CHECK(x == y);  // merging keeps points on a straight line
  for (std::size_t i = 2; i + 1 < x.size(); ++i) CHECK(x[i] - x[i - 1] == x[1] - x[0]);

  thinned_series gaps(4);
  for (int i = 0; i < 8; ++i) gaps.add(i, i < 4 ? std::nan("") : i == 6 ? INFINITY : i);
  const auto merged = gaps.y();
  REQUIRE(merged.size() == 2);
  CHECK(std::isnan(merged[0]));
  CHECK(std::isfinite(merged[1]));
}

TEST_CASE("a noisy line gets a smoothed one in its colour") {
  plots o("unused");
  o.on_run_begin({});
  for (long i = 1; i <= 400; ++i) o.on_step({i, 1, i, i == 200 ? std::nan("") : double(i % 2), 0, 1, {}});
  const auto f = o.drawing();
  REQUIRE(f.panels.at(0).lines.size() == 2);
  const auto &raw = f.panels[0].lines[0], &smooth = f.panels[0].lines[1];
  CHECK(raw.faint);
  CHECK(raw.name.empty());
  CHECK(raw.colour == smooth.colour);
  CHECK(std::isnan(smooth.y[199]));
  CHECK(!(std::abs(smooth.y[100] - 0.5) > 0.06));
}

TEST_CASE("plots cannot be written below a file") {
  support::temporary_folder folder;
  std::filesystem::create_directories(folder.path());
  std::ofstream(folder.path() / "file") << "x";
  plots o(folder.path() / "file");
  CHECK_THROWS_AS(o.on_run_end({}), ogm::data_error);
  CHECK_THROWS_AS(plots("x", {.file = "a.svg", .every_epochs = 0, .points = 10, .log_panels = {}}), ogm::value_error);
}
