#include <ogm/train/observers/event.hpp>

#include <catch2/catch.hpp>

#include "support.hpp"

using namespace ogm::observers;

namespace {

struct counts_steps {
  int steps = 0;
  void on_step(const step_end&) { ++steps; }
};
struct takes_anything {
  int events = 0;
  void on_run_begin(const auto&) { ++events; }
  void on_step(const auto&) { ++events; }
  void on_epoch_end(const auto&) { ++events; }
  void on_run_end(const auto&) { ++events; }
};
struct has_none {};
struct misspelt {
  void on_steps(const step_end&) {}
};

static_assert(observer<counts_steps> && observer<takes_anything>);
static_assert(!observer<has_none> && !observer<misspelt> && !observer<int>);
static_assert(!observer<const counts_steps>, "its on_step is not const");
static_assert(observes_steps<counts_steps> && !observes_epochs<counts_steps>);

}  // namespace

TEST_CASE("an observer gets the events that it has a function for") {
  counts_steps some;
  takes_anything all;
  support::play(some, 3, 4);
  support::play(all, 3, 4);
  CHECK(some.steps == 12);
  CHECK(all.events == 1 + 12 + 3 + 1);
}
