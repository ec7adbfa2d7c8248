#pragma once
// The launchers of modulation: the only host code that knows its kernels.

#include <ogm/cuda/launch.cuh>
#include <ogm/cuda/modulation/modulation_kernel.cuh>

#include <cmath>

namespace ogm::cuda {

namespace detail {
template <class T> status check_modulation(const char* who, const modulation_table<T>& t) {
  if (t.chunk_count < 0)
    return status(std::string("ogm: ") + who + " was given chunk_count = " + std::to_string(t.chunk_count) + "; 0 or more is needed.");
  if (t.chunk_count > 0 && !(t.segments && t.chunks && t.coefficients))
    return status(std::string("ogm: ") + who + " was given chunks and a table with a null pointer.");
  return {};
}
}  // namespace detail

template <storage T, class Tuning> status launch_modulation_moments(const modulation_moments_params<T>& p, cudaStream_t stream) {
  constexpr auto who = "modulation_moments";
  if (status s = detail::check_modulation(who, p.table); !s.ok()) return s;
  if (p.table.chunk_count > 0 && !p.moments) return status(std::string("ogm: ") + who + " was given chunks and no memory for moments.");
  return launch(who, {p.table.chunk_count, Tuning::threads}, stream, &modulation_moments<T, Tuning>, p);
}

template <storage T, class Tuning> status launch_modulation_deviations(const modulation_deviations_params<T>& p, cudaStream_t stream) {
  constexpr auto who = "modulation_deviations";
  if (status s = detail::check_modulation(who, p.table); !s.ok()) return s;
  if (p.table.chunk_count > 0 && !(p.moments && p.deviation))
    return status(std::string("ogm: ") + who + " was given chunks and no moments, or no memory for deviations.");
  return launch(who, {p.table.chunk_count, Tuning::threads}, stream, &modulation_deviations<T, Tuning>, p);
}

template <storage T, class Tuning> status launch_modulation_norm(const modulation_norm_params<T>& p, cudaStream_t stream) {
  constexpr auto who = "modulation_norm";
  if (status s = detail::check_modulation(who, p.table); !s.ok()) return s;
  if (!p.sum_of_squares || (p.table.chunk_count > 0 && !p.moments))
    return status(std::string("ogm: ") + who + " was given no moments, or no memory for their sum.");
  return launch(who, {1, Tuning::threads}, stream, &modulation_norm<T, Tuning>, p);
}

template <storage T, class Rule, class Tuning>
status launch_modulation_update(const modulation_update_params<T, Rule>& p, cudaStream_t stream) {
  constexpr auto who = "modulation_update";
  if (status s = detail::check_modulation(who, p.table); !s.ok()) return s;
  if (!std::isfinite(p.gradient_scale))
    return status(std::string("ogm: ") + who + " was given gradient_scale = " + std::to_string(p.gradient_scale) +
                  "; a finite number is needed.");
  const launch_shape shape{p.table.chunk_count, Tuning::threads};
  if (p.by_element) return launch(who, shape, stream, &modulation_update<T, Rule, Tuning, true>, p);
  return launch(who, shape, stream, &modulation_update<T, Rule, Tuning, false>, p);
}

}  // namespace ogm::cuda
