#include <ogm/core/error.hpp>
#include <ogm/core/parallel.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <mutex>
#include <numeric>
#include <set>

using namespace ogm;

TEST_CASE("without a pool everything runs in the caller, in order") {
  std::vector<long> seen;
  parallel_for(5, [&](long i) { seen.push_back(i); });
  CHECK(seen == std::vector<long>{0, 1, 2, 3, 4});
  parallel_for(0, [&](long) { seen.push_back(-1); });
  CHECK(seen.size() == 5);
}

TEST_CASE("every chunk runs once, over many rounds", "[threads]") {
  for (const int threads : {1, 2, 4}) {
    const use_threads pool(threads);
    for (int round = 0; round < 300; ++round) {
      std::vector<int> visits(std::size_t(round % 37));
      parallel_for(long(visits.size()), [&](long i) { ++visits[std::size_t(i)]; });
      CHECK(std::count(visits.begin(), visits.end(), 1) == long(visits.size()));
    }
  }
}

TEST_CASE("several threads take part, and a nested call stays in the thread of its chunk", "[threads]") {
  const use_threads pool(4);
  std::mutex lock;
  std::set<std::thread::id> outer;
  std::atomic<int> strangers{0}, arrived{0};
  parallel_for(4, [&](long) {
    {
      const std::lock_guard hold(lock);
      outer.insert(std::this_thread::get_id());
    }
    ++arrived;
    while (arrived < 4) std::this_thread::yield();  // all four chunks at once: only four threads can do that
    const auto me = std::this_thread::get_id();
    parallel_for(8, [&](long) { strangers += std::this_thread::get_id() != me; });
  });
  CHECK(outer.size() == 4);
  CHECK(strangers == 0);
}

TEST_CASE("an exception comes out once, of all chunks the rest is done, and the pool is good for another round", "[threads]") {
  for (const int threads : {1, 2, 4}) {
    const use_threads pool(threads);
    std::atomic<int> done{0};
    CHECK_THROWS_WITH(parallel_for(50,
                                   [&](long i) {
                                     if (i == 13) throw value_error("chunk 13");
                                     ++done;
                                   }),
                      "chunk 13");
    CHECK(done == (threads == 1 ? 13 : 49));
    CHECK_THROWS_AS(parallel_for(40, [](long) { throw shape_error("all of them"); }), shape_error);
    CHECK_THROWS_AS(parallel_for(3, [](long) { parallel_for(3, [](long) { throw data_error("nested"); }); }), data_error);
    std::atomic<int> after{0};
    parallel_for(50, [&](long) { ++after; });
    CHECK(after == 50);
  }
}

TEST_CASE("pools nest: the inner one goes with its scope, and another thread has none", "[threads]") {
  const use_threads outer(2);
  thread_pool* const first = current_pool();
  REQUIRE(first);
  {
    const use_threads inner(3);
    CHECK(current_pool() != first);
    CHECK(current_pool()->threads() == 3);
    const use_threads one(1);
    CHECK(current_pool() == nullptr);
  }
  CHECK(current_pool() == first);
  std::thread([] { CHECK(current_pool() == nullptr); }).join();
}
