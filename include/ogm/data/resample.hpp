#pragma once
// Another sampling rate by a windowed sinc: what a list of recordings needs before its spectrogram.

#include <ogm/core/extents.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace ogm::data {

/// Band-limited interpolation with a Kaiser window: 64 zero crossings, beta 14.77, cut at 0.9476 of the lower Nyquist frequency.
///
/// Output     ceil(samples * to / from) samples; zeros are assumed outside
/// Errors     value_error for a rate below 1
/// Source     Smith, "Digital audio resampling", CCRMA. The parameters are those that librosa's kaiser_best documents; sums are in double
inline std::vector<float> resample(std::span<const float> in, int from_hz, int to_hz) {
  if (from_hz < 1 || to_hz < 1)
    throw value_error("ogm: resample from " + std::to_string(from_hz) + " to " + std::to_string(to_hz) + " Hz.");
  if (from_hz == to_hz) return {in.begin(), in.end()};
  constexpr int crossings = 64, steps = 512;  // of the window's table per crossing
  constexpr double beta = 14.769656459379492, rolloff = 0.9475937167399596, pi = 3.14159265358979323846;
  static const std::vector<double> table = [] {
    const auto bessel = [](double x) {
      double sum = 1, term = 1;
      for (int k = 1; term > sum * 1e-17; ++k) sum += term *= x * x / (4.0 * k * k);
      return sum;
    };
    std::vector<double> t(crossings * steps + 2, 0.0);
    for (int i = 0; i <= crossings * steps; ++i) {
      const double x = double(i) / steps, inside = x / crossings, angle = pi * rolloff * x;
      t[std::size_t(i)] = rolloff * (i ? std::sin(angle) / angle : 1.0) * bessel(beta * std::sqrt(1 - inside * inside)) / bessel(beta);
    }
    return t;
  }();
  const double scale = std::min(1.0, double(to_hz) / from_hz);
  const auto count = size_type(in.size());
  std::vector<float> out(std::size_t((std::uint64_t(count) * std::uint64_t(to_hz) + std::uint64_t(from_hz) - 1) / std::uint64_t(from_hz)));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::uint64_t position = std::uint64_t(i) * std::uint64_t(from_hz);
    const auto whole = size_type(position / std::uint64_t(to_hz));
    const double fraction = double(position % std::uint64_t(to_hz)) / to_hz;
    const auto reach = size_type(std::floor(crossings / scale));
    double sum = 0;
    for (size_type k = std::max<size_type>(0, whole - reach); k <= std::min(count - 1, whole + 1 + reach); ++k) {
      const double at = std::fabs(double(k - whole) - fraction) * scale * steps;
      const auto cell = std::size_t(at);
      if (cell >= std::size_t(crossings * steps)) continue;
      const double part = at - double(cell);
      sum += double(in[std::size_t(k)]) * (table[cell] * (1 - part) + table[cell + 1] * part);
    }
    out[i] = float(sum * scale);
  }
  return out;
}

}  // namespace ogm::data
