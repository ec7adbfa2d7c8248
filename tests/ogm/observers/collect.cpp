#include <ogm/train/observers/collect.hpp>

#include <catch2/catch.hpp>

#include "support.hpp"

using namespace ogm::observers;

TEST_CASE("collect keeps everything, and copies share it") {
  collect mine;
  auto given_away = mine;
  support::play(given_away, 3, 4);
  CHECK(mine.seen().begin.title == "a run");
  CHECK(mine.seen().begin.modalities.size() == 2);
  CHECK(mine.steps("loss").value.size() == 12);
  CHECK(mine.steps("ratio/audio").at == std::vector<long>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  CHECK(mine.steps("ratio/audio").value.back() == 12);
  CHECK(mine.epochs("train/accuracy").at == std::vector<long>{1, 2, 3});
  CHECK(mine.last("validation/accuracy/audio") == 3 / 20.0);
  CHECK(mine.seen().final_scalars.at("test/accuracy") == 0.875);
  CHECK(mine.seen().finished);
  CHECK(mine.seen().seconds == 6);
  CHECK_THROWS_WITH(mine.last("accuracy"), Catch::Contains("\"accuracy\"") && Catch::Contains("\"train/accuracy\""));

  given_away.on_run_begin({});
  CHECK(mine.seen().steps.empty());
  CHECK_FALSE(mine.seen().finished);
}
