#pragma once
// Items in parallel, each with memory that no other one uses meanwhile.

#include <ogm/core/parallel.hpp>

#include <algorithm>
#include <array>

namespace avqa::op {

/// f(i, area) for i in [0, count), some at a time. At most 64 areas are made, one for each thread that works; what f computes must not
/// depend on what an area held before.
template <class Area, class F> void each_in_area(long count, const F& f) {
  constexpr long most = 64;  // as scratch_areas has
  std::array<Area, std::size_t(most)> areas;
  ogm::scratch_areas free;
  const long chunks = std::min(count, most);
  ogm::parallel_for(chunks, [&](long chunk) {
    const ogm::scratch_areas::lease mine(free);
    for (long i = chunk * count / chunks; i < (chunk + 1) * count / chunks; ++i) f(i, areas[std::size_t(mine.index())]);
  });
}

}  // namespace avqa::op
