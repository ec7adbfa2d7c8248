#pragma once
// What sequences of tokens have in common at their beginnings, as plain data.

#include <algorithm>
#include <cstdint>

namespace avqa::op {

/// The tree of the prefixes of a batch of sequences: a node of step k stands for all rows whose first k + 1 tokens are the same. Nodes are
/// numbered step by step, those of a step in the order of their parents.
struct prefix_tree {
  const std::int32_t* tokens;  // (batch, time)
  long batch, time;
  std::int32_t* begin;     // out (time + 1): the first node of each step; the last is the number of nodes
  std::int32_t* position;  // out, room for batch * time: of each node, row * time + step of a token that it stands for
  std::int32_t* parent;    // out, room for batch * time: of each node, its place among the nodes of the step before; 0 in the first
  std::int32_t* leaf;      // out (batch): of each row, its place among the nodes of the last step
  std::int32_t* room;      // (3, batch), for the work

  void operator()() const {
    std::int32_t *const order = room, *const common = room + batch, *const place = room + 2 * batch;
    for (long r = 0; r < batch; ++r) order[r] = std::int32_t(r), place[r] = 0;
    const auto row = [&](std::int32_t r) { return tokens + r * time; };
    std::sort(order, order + batch, [&](std::int32_t a, std::int32_t b) {
      const auto [x, y] = std::mismatch(row(a), row(a) + time, row(b));
      return x == row(a) + time ? a < b : *x < *y;
    });
    for (long i = 0; i < batch; ++i)  // how many tokens it begins with as the one before it does
      common[i] = i == 0 ? -1 : std::int32_t(std::mismatch(row(order[i]), row(order[i]) + time, row(order[i - 1])).first - row(order[i]));
    std::int32_t node = 0;
    for (long k = 0; k < time; ++k) {
      begin[k] = node;
      for (long i = 0; i < batch; ++i) {
        if (common[i] <= k) {
          position[node] = std::int32_t(order[i] * time + k);
          parent[node] = place[i];
          ++node;
        }
        place[i] = node - 1 - begin[k];
      }
    }
    begin[time] = node;
    for (long i = 0; i < batch; ++i) leaf[order[i]] = place[i];
  }
};

}  // namespace avqa::op
