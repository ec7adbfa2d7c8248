// After the first steps an observer of steps allocates nothing.

#include <ogm/train/observers/csv.hpp>
#include <ogm/train/observers/plots.hpp>
#include <ogm/train/observers/progress.hpp>
#include <ogm/train/observers/tensorboard.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>

#include "support.hpp"

namespace {
std::atomic<long> allocations{0};
}

// g++ 12 sees through the pair after inlining and takes free() for a mismatch with operator new.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wunknown-warning-option"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(std::size_t n) {
  ++allocations;
  if (void* p = std::malloc(n ? n : 1)) return p;
  throw std::bad_alloc();
}
void* operator new(std::size_t n, const std::nothrow_t&) noexcept {  // Catch2 uses it
  ++allocations;
  return std::malloc(n ? n : 1);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
#pragma GCC diagnostic pop

using namespace ogm::observers;

namespace {
template <class Observer> long allocations_of_steps(Observer o) {
  o.on_run_begin({.title = "", .epochs = 10, .steps_per_epoch = 100000, .modalities = {}, .protocol = {}});
  const auto step = [&](long i) {
    const scalar scalars[]{{"ratio/a_name_longer_than_a_short_string", 1.0 / double(i)}, {"coefficient/audio", 0.5}};
    o.on_step({i, 1, i, 1.0 / double(i), 1e-3, 0.2, scalars});
  };
  long i = 0;
  while (i < 200) step(++i);
  const long before = allocations;
  while (i < 10000) step(++i);
  return allocations - before;
}
}  // namespace

TEST_CASE("observers allocate nothing in a step") {
  support::temporary_folder folder;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> screen(std::tmpfile(), std::fclose);
  const long before = allocations;
  ::operator delete(::operator new(1));  // not a new-expression: that may be left out
  const long after = allocations;
  CHECK(after == before + 1);
  CHECK(allocations_of_steps(csv(folder.path())) == 0);
  CHECK(allocations_of_steps(tensorboard(folder.path())) == 0);
  CHECK(allocations_of_steps(plots(folder.path())) == 0);
  CHECK(allocations_of_steps(progress({.stream = screen.get()})) == 0);
  CHECK(allocations_of_steps(progress({.stream = screen.get(), .style = progress_style::bar})) == 0);
}
