#include <ogm/train/observers/plots.hpp>

#include <ogm/train/observers/csv.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <fstream>

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

namespace {
/// Sends a part of a run to plots and csv: steps and epochs from 1, four steps an epoch.
void send(plots& drawn, csv& kept, long first, long last) {
  const auto all = [&](const auto& e) { notify(drawn, e), notify(kept, e); };
  all(run_begin{.title = "a run", .epochs = 3, .steps_per_epoch = 4, .modalities = {}, .protocol = {}});
  for (long i = first; i <= last; ++i) {
    const std::array<scalar, 2> scalars{{{"ratio/audio", 1. / double(i)}, {"coefficient/audio", std::sqrt(double(i))}}};
    const auto shown = std::span(scalars).first(i < 6 ? 1 : 2);  // the second comes late
    const int epoch = int((i + 3) / 4);
    all(step_end{.step = i,
                 .epoch = epoch,
                 .step_in_epoch = (i - 1) % 4 + 1,
                 .loss = 1 / (0.1 + double(i)),
                 .learning_rate = 0.1,
                 .seconds = 1,
                 .scalars = shown});
    const std::array<scalar, 1> accuracy{{{"validation/accuracy", double(epoch) / 7}}};
    if (i % 4 == 0) all(epoch_end{.epoch = epoch, .train_loss = 1. / epoch, .seconds = 4, .scalars = accuracy});
  }
  all(run_end{});
}
std::string drawn_after(const std::filesystem::path& folder, std::initializer_list<std::pair<long, long>> parts) {
  for (const auto& [first, last] : parts) {
    const bool append = first > 1 || last == 0;
    plots drawn(folder, {.append = append});
    csv kept(folder, {.append = append});
    send(drawn, kept, first, last);
  }
  return support::content(folder / "training.svg");
}
}  // namespace

TEST_CASE("a run that goes on is drawn from its beginning, and a finished one as it was") {
  support::temporary_folder whole, finished, resumed, again, anew;
  const std::string expected = drawn_after(whole.path(), {{1, 12}});
  CHECK(support::occurrences(expected, "no data") == 0);
  CHECK(drawn_after(finished.path(), {{1, 12}, {13, 0}}) == expected);       // nothing is left to do
  CHECK(drawn_after(resumed.path(), {{1, 6}, {7, 12}}) == expected);         // within an epoch
  CHECK(drawn_after(again.path(), {{1, 10}, {6, 9}, {9, 12}}) == expected);  // steps done again after a resume
  support::temporary_folder fresh;
  CHECK(drawn_after(anew.path(), {{1, 12}, {1, 5}}) == drawn_after(fresh.path(), {{1, 5}}));  // begun anew: the earlier run is gone
}

TEST_CASE("half a row of a killed run is passed over, and a damaged table is refused") {
  support::temporary_folder folder;
  std::filesystem::create_directories(folder.path());
  const auto path = folder.path() / "steps.csv";
  const auto table = [&](const std::string& text) {
    std::ofstream(path) << text;
    return read_earlier_table(path);
  };
  const auto cut = table("step,loss\n1,0.5\n2,nan\n3,\n4,0.2");
  REQUIRE(cut.rows.size() == 3);
  CHECK(cut.column("loss").size() == 2);
  CHECK(std::isnan(cut.column("loss")[1]));
  CHECK(cut.column("other").empty());
  CHECK(table("step,loss\n1,0.5\n2,0.4\n2,0.3\n").column("loss") == std::vector{0.5, 0.3});
  CHECK(table("").rows.empty());
  CHECK_THROWS_WITH(table("step,loss\n1,0.5\n2\n"), Catch::Contains("steps.csv, line 3: 1 fields; the first line has 2."));
  CHECK_THROWS_WITH(table("step,loss\n1,x\n"), Catch::Contains("line 2: \"x\" is no number."));
  CHECK_THROWS_WITH(table("step,loss\n,1\n"), Catch::Contains("line 2: the row has no number."));

  const auto run = [&](const std::string& text) {
    table(text);
    return earlier_run(folder.path());
  };
  CHECK(!run("step,epoch,step_in_epoch,loss\n1,1,1,0.5\n").empty());
  CHECK_THROWS_WITH(run("epoch,step\n1,1\n"), Catch::Contains("steps.csv: the first column is \"epoch\"; \"step\" expected."));
  CHECK_THROWS_WITH(run("step,epoch\n1,1\n"), Catch::Contains("steps.csv: no column \"step_in_epoch\""));
  for (const char* wrong : {"1e300", "nan", "0.5", ""})
    CHECK_THROWS_WITH(run(std::string("step,epoch,step_in_epoch\n1,") + wrong + ",1\n"),
                      Catch::Contains("steps.csv: a \"epoch\" is no whole number."));
  table("step,epoch,step_in_epoch\n1,1,1\n");
  const auto late = [&](const std::string& text) {
    std::ofstream(folder.path() / "late.csv") << "table,row,name,value\n" << text;
    return earlier_run(folder.path());
  };
  CHECK(!late("steps,1,ratio,0.5\nst").empty());  // half a row
  CHECK_THROWS_WITH(late("ststeps,1,ratio,0.5\n"), Catch::Contains("late.csv, line 2: no row of late values"));
  CHECK_THROWS_WITH(late("steps,1,ratio,0.5\nsteps,1,ratio,x\n"), Catch::Contains("late.csv, line 3: \"x\" is no number."));
}
