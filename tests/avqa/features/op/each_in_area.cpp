#include <avqa/features/op/each_in_area.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

using namespace avqa;

TEST_CASE("every item is given once, with an area that no other one has meanwhile, on any number of threads", "[threads]") {
  struct area {
    std::atomic<bool> taken{false};
  };
  for (const int threads : {1, 2, 5, 70})  // 70: more than there are areas
    for (const long count : {0L, 1L, 3L, 64L, 65L, 200L}) {
      const ogm::use_threads pool(threads);
      std::vector<std::atomic<int>> times(static_cast<std::size_t>(count));
      std::atomic<int> now = 0, most = 0;
      std::atomic<bool> shared = false;
      op::each_in_area<area>(count, [&](long i, area& mine) {
        const int running = ++now;
        for (int seen = most; seen < running && !most.compare_exchange_weak(seen, running);) {
        }
        if (mine.taken.exchange(true)) shared = true;
        ++times[std::size_t(i)];
        if (threads > 64) std::this_thread::sleep_for(std::chrono::milliseconds(2));  // until the others have begun
        mine.taken = false;
        --now;
      });
      CHECK(!shared);
      CHECK(most <= 64);
      for (const auto& t : times) REQUIRE(t == 1);
    }
}
