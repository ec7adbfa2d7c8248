#include <ogm/train/observers/csv.hpp>

#include <catch2/catch.hpp>

#include <cmath>

#include "support.hpp"

using namespace ogm::observers;

TEST_CASE("csv writes a table of steps and one of epochs") {
  support::temporary_folder folder;
  {
    csv o(folder.path() / "a" / "b");
    support::play(o, 2, 2);
  }
  const auto steps = support::lines(support::content(folder.path() / "a/b/steps.csv"));
  REQUIRE(steps.size() == 5);
  CHECK(steps[0] == "step,epoch,step_in_epoch,loss,learning_rate,seconds,ratio/audio,coefficient/audio");
  CHECK(steps[2] == "2,1,2,0.5,0.1,0.5,2,0.5");
  CHECK(steps[3] == "3,2,1,0.3333333333333333,0.1,0.5,3,0.3333333333333333");
  const auto epochs = support::lines(support::content(folder.path() / "a/b/epochs.csv"));
  REQUIRE(epochs.size() == 3);
  CHECK(epochs[0] == "epoch,train_loss,seconds,train/accuracy,validation/accuracy/audio");
  CHECK(epochs[2] == "2,0.5,1,0.2,0.1");
  const auto run = support::lines(support::content(folder.path() / "a/b/run.csv"));
  CHECK(run == std::vector<std::string>{"name,value", "title,a run", "modality,audio", "modality,image", "policy,ogm_ge", "alpha,0.8",
                                        "seconds,2", "test/accuracy,0.875"});
  CHECK_FALSE(std::filesystem::exists(folder.path() / "a/b/late.csv"));
}

TEST_CASE("csv keeps its columns: a name that is missing is empty, a late one goes to late.csv") {
  support::temporary_folder folder;
  csv o(folder.path());
  o.on_run_begin({});
  const scalar first[]{{"a", 1}, {"b", 2}}, second[]{{"new", 3}, {"b", 4}}, third[]{{"b", std::nan("")}, {"a", -INFINITY}};
  o.on_step({1, 1, 1, 0, 0, 0, first});
  o.on_step({2, 1, 2, 0, 0, 0, second});
  o.on_step({3, 1, 3, 0, 0, 0, third});
  o.on_epoch_end({1, 0, 0, {}});
  o.on_epoch_end({2, 0, 0, second});
  const auto steps = support::lines(support::content(folder.path() / "steps.csv"));
  REQUIRE(steps.size() == 4);
  CHECK(steps[1] == "1,1,1,0,0,0,1,2");
  CHECK(steps[2] == "2,1,2,0,0,0,,4");
  CHECK(steps[3] == "3,1,3,0,0,0,-inf,nan");
  const auto late = support::lines(support::content(folder.path() / "late.csv"));
  CHECK(late == std::vector<std::string>{"table,row,name,value", "steps,2,new,3", "epochs,2,new,3", "epochs,2,b,4"});
}

TEST_CASE("csv quotes names and flushes at the end of an epoch") {
  support::temporary_folder folder;
  csv o(folder.path());
  run_begin begin;
  begin.title = "one, \"two\"\nthree";
  o.on_run_begin(begin);
  const scalar odd[]{{"a,b", 1}, {"say \"hi\"", 2}};
  o.on_step({1, 1, 1, 0, 0, 0, odd});
  o.on_epoch_end({1, 0, 0, {}});
  CHECK(support::lines(support::content(folder.path() / "steps.csv")).at(0) ==
        "step,epoch,step_in_epoch,loss,learning_rate,seconds,\"a,b\",\"say \"\"hi\"\"\"");
  CHECK(support::content(folder.path() / "run.csv") == "name,value\ntitle,\"one, \"\"two\"\"\nthree\"\n");
}

TEST_CASE("csv appends to an earlier run under its columns and drops half a row") {
  support::temporary_folder folder;
  const scalar first[]{{"a,b", 1}, {"c", 2}}, other[]{{"c", 5}, {"a,b", 4}, {"d", 6}};
  {
    csv o(folder.path());
    o.on_step({1, 1, 1, 0, 0, 0, first});
  }
  std::ofstream(folder.path() / "steps.csv", std::ios::app) << "2,1,2,0.";
  {
    csv o(folder.path(), {.every = 1, .append = true});
    o.on_run_begin({});
    o.on_step({2, 1, 2, 0, 0, 0, other});
  }
  const auto steps = support::lines(support::content(folder.path() / "steps.csv"));
  REQUIRE(steps.size() == 3);
  CHECK(steps[2] == "2,1,2,0,0,0,4,5");
  CHECK(support::lines(support::content(folder.path() / "late.csv")).at(1) == "steps,2,d,6");
  {
    csv o(folder.path());
    o.on_run_begin({});
  }
  CHECK(support::content(folder.path() / "steps.csv").empty());
  CHECK_FALSE(std::filesystem::exists(folder.path() / "late.csv"));
}

TEST_CASE("csv says what is wrong") {
  support::temporary_folder folder;
  CHECK_THROWS_AS(csv(folder.path(), {.every = 0, .append = false}), ogm::value_error);
  std::filesystem::create_directories(folder.path());
  std::ofstream(folder.path() / "steps.csv") << "x,y\n1,2\n";
  csv foreign(folder.path(), {.every = 1, .append = true});
  CHECK_THROWS_WITH(foreign.on_step({1, 1, 1, 0, 0, 0, {}}), Catch::Contains("steps.csv") && Catch::Contains("no column \"step\""));
  csv blocked(folder.path() / "steps.csv" / "below");
  CHECK_THROWS_AS(blocked.on_run_begin({}), ogm::data_error);
}

TEST_CASE("a full disk is an error") {
  if (!std::filesystem::exists("/dev/full")) {
    WARN("no /dev/full here: skipped");
    return;
  }
  output_file full("/dev/full");
  CHECK_THROWS_WITH((full.write("x"), full.flush()), Catch::Contains("/dev/full"));
}

TEST_CASE("csv writes every n-th step") {
  support::temporary_folder folder;
  {
    csv o(folder.path(), {.every = 4, .append = false});
    support::play(o, 2, 5);
  }
  const auto steps = support::lines(support::content(folder.path() / "steps.csv"));
  REQUIRE(steps.size() == 3);
  CHECK(steps[2].substr(0, 6) == "8,2,3,");
}
