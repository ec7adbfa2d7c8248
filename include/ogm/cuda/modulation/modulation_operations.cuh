#pragma once
// The optimiser's pass on the device: op::deviations, op::materialise, op::sum_of_squares and op::update, whose tables lie in host memory
// and point to the device's.

#include <ogm/backend/op/update.hpp>
#include <ogm/cuda/context.hpp>
#include <ogm/cuda/modulation/modulation_launch.cuh>
#include <ogm/cuda/rows/rows_operations.cuh>

#include <algorithm>
#include <utility>
#include <vector>

namespace ogm::cuda::detail {

/// A table on the device until the next upload: of each segment what convert(segment) says, a segment and its coefficient.
template <class Convert>
status upload_modulation(const op::segment_table<float>& table, context& c, bool keeps_state, const Convert& convert,
                         modulation_table<float>& there) {
  std::vector<modulation_segment<float>> segments;
  std::vector<modulation_coefficient> coefficients;
  std::vector<modulation_chunk> chunks;
  segments.reserve(std::size_t(table.count)), coefficients.reserve(std::size_t(table.count));
  for (long i = 0; i < table.count; ++i) {
    auto [segment, coefficient] = convert(table.segments[i]);
    segment.coefficient = std::int32_t(i);
    segments.push_back(segment), coefficients.push_back(coefficient);
  }
  if (status s = cut_into_chunks<float>(segments, table.count, chunks, keeps_state); !s.ok()) return s;

  static_assert(sizeof(modulation_segment<float>) % alignof(modulation_coefficient) == 0);
  const std::size_t of_segments = segments.size() * sizeof segments[0],
                    of_both = of_segments + coefficients.size() * sizeof coefficients[0];
  const auto* const from = static_cast<const std::byte*>(c.upload(of_both + chunks.size() * sizeof chunks[0], [&](void* to) {
    auto* const bytes = static_cast<std::byte*>(to);
    std::copy(segments.begin(), segments.end(), reinterpret_cast<modulation_segment<float>*>(bytes));
    std::copy(coefficients.begin(), coefficients.end(), reinterpret_cast<modulation_coefficient*>(bytes + of_segments));
    std::copy(chunks.begin(), chunks.end(), reinterpret_cast<modulation_chunk*>(bytes + of_both));
  }));
  there = {reinterpret_cast<const modulation_segment<float>*>(from), reinterpret_cast<const modulation_chunk*>(from + of_both),
           reinterpret_cast<const modulation_coefficient*>(from + of_segments), long(chunks.size())};
  return {};
}

/// The table and the moments of all its gradients; coefficients have the segments' scales.
inline status find_moments(const op::segment_table<float>& table, context& c, bool about_zero, modulation_table<float>& there,
                           float2*& moments) {
  const auto plain = [](const op::segment<float>& s) {
    return std::pair{modulation_segment<float>{s.gradient, s.gradient, nullptr, s.count, s.count, 0, 0},
                     modulation_coefficient{.scale = float(s.scale), .noise = 1}};
  };
  if (status s = upload_modulation(table, c, false, plain, there); !s.ok()) return s;
  moments = c.workspace<float2>(there.chunk_count);
  return launch_modulation_moments<float>({there, moments, about_zero}, c.stream());
}

inline bool any_by_element(const op::segment_table<float>& table) {
  return std::any_of(table.segments, table.segments + table.count, [](const auto& s) { return s.deviation_by_element; });
}

}  // namespace ogm::cuda::detail

namespace ogm::op {

inline cuda::status run_on_device(const deviations<float>& o, cuda::context& c) {
  const auto* const segments = o.table.segments;
  if (std::any_of(segments, segments + o.table.count, [](const auto& s) { return s.count == 0; }))  // no block writes theirs
    if (cuda::status s = run_on_device(fill<float>{o.result, o.table.count, 1e-8f}, c); !s.ok()) return s;
  cuda::modulation_table<float> table{};
  float2* moments = nullptr;
  if (cuda::status s = cuda::detail::find_moments(o.table, c, false, table, moments); !s.ok()) return s;
  return cuda::launch_modulation_deviations<float>({table, moments, o.result}, c.stream());
}

inline cuda::status run_on_device(const sum_of_squares<float>& o, cuda::context& c) {
  cuda::modulation_table<float> table{};
  float2* moments = nullptr;
  if (cuda::status s = cuda::detail::find_moments(o.table, c, true, table, moments); !s.ok()) return s;
  return cuda::launch_modulation_norm<float>({table, moments, o.result}, c.stream());
}

template <class Rule> cuda::status run_on_device(const update<float, Rule>& o, cuda::context& c) {
  const auto whole = [](const segment<float>& s) {
    return std::pair{
        cuda::modulation_segment<float>{s.gradient, s.value, s.state, s.count, s.stride, 0, s.stream, s.deviation, s.deviation_by_element},
        cuda::modulation_coefficient{float(s.scale), float(s.noise), float(s.rate)}};
  };
  cuda::modulation_table<float> table{};
  if (cuda::status s = cuda::detail::upload_modulation(o.table, c, Rule::states > 0, whole, table); !s.ok()) return s;
  return cuda::launch_modulation_update<float, Rule>(
      {table, nullptr, o.rule, o.noise.seed, o.noise.step, float(o.gradient_scale), cuda::detail::any_by_element(o.table)}, c.stream());
}

inline cuda::status run_on_device(const materialise<float>& o, cuda::context& c) {
  const auto in_place = [](const segment<float>& s) {
    const bool changes = s.scale != 1 || s.noise != 0;
    return std::pair{cuda::modulation_segment<float>{s.gradient, s.gradient, nullptr, changes ? s.count : 0, s.count, 0, s.stream,
                                                     s.deviation, s.deviation_by_element},
                     cuda::modulation_coefficient{.scale = float(s.scale), .noise = float(s.noise)}};
  };
  cuda::modulation_table<float> table{};
  if (cuda::status s = cuda::detail::upload_modulation(o.table, c, false, in_place, table); !s.ok()) return s;
  return cuda::launch_modulation_update<float, cuda::assign_gradient>(
      {table, nullptr, {}, o.noise.seed, o.noise.step, 1, cuda::detail::any_by_element(o.table)}, c.stream());
}

}  // namespace ogm::op
