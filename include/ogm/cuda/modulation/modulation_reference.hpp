#pragma once
// What modulation on the device has to give: plain loops over host memory, in double, with the host's normals.

#include <ogm/cuda/modulation/modulation.hpp>

#include <cmath>
#include <vector>

namespace ogm::cuda {

/// What becomes of one segment.
struct modulated_segment {
  double mean = 0, deviation = 1e-8;       // of the gradient; the deviation unbiased, plus 1e-8
  std::vector<double> value;               // (count)
  std::vector<std::vector<double>> state;  // (states of the rule, count)
};

namespace detail {
/// Deviations that are no number count as 0, as on the host.
inline void find_statistics(const std::vector<double>& gradient, modulated_segment& result) {
  const double count = double(gradient.size());
  double sum = 0, squares = 0;
  for (const double g : gradient) sum += g;
  result.mean = sum / count;
  for (const double g : gradient) squares += (g - result.mean) * (g - result.mean);
  result.deviation = (squares > 0 && count > 1 ? std::sqrt(squares / (count - 1)) : 0) + 1e-8;
}
}  // namespace detail

/// Pointers to host memory, values and states as they were before; a rule of double. key.stream is not looked at: segments have their own.
template <storage T, class Rule>
modulated_segment modulation_reference(const modulation_segment<T>& s, const modulation_coefficient& k, const Rule& rule,
                                       const random::key& key, double gradient_scale) {
  modulated_segment result;
  result.state.resize(std::size_t(Rule::states));
  if (s.count == 0) return result;
  std::vector<double> gradient;
  for (long i = 0; i < s.count; ++i) gradient.push_back(to_float(s.gradient[i]));
  detail::find_statistics(gradient, result);

  for (long i = 0; i < s.count; ++i) {
    double g = gradient[std::size_t(i)] * double(k.scale);
    if (k.noise != 0) {
      float normal[random::normals_at_once];
      random::normals({key.seed, s.stream, key.step}, std::uint64_t(i / random::normals_at_once), normal);
      const double deviation = s.deviation ? double(s.deviation[s.deviation_by_element ? i : 0]) : result.deviation;
      g += double(k.noise) * deviation * double(normal[i % random::normals_at_once]);
    }
    double value = s.value[i], state[2] = {Rule::states > 0 ? double(s.state[i]) : 0, 0};
    if constexpr (Rule::states == 0) {
      rule.step(value, g * gradient_scale, double(k.rate));
    } else if constexpr (Rule::states == 1) {
      rule.step(value, g * gradient_scale, state[0], double(k.rate));
    } else {
      state[1] = s.state[s.stride + i];
      rule.step(value, g * gradient_scale, state[0], state[1], double(k.rate));
    }
    result.value.push_back(value);
    for (std::size_t j = 0; j < result.state.size(); ++j) result.state[j].push_back(state[j]);
  }
  return result;
}

}  // namespace ogm::cuda
