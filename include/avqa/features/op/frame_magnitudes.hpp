#pragma once
// Magnitudes of the spectra of short frames, several frames at a time.

#include <ogm/core/platform.hpp>

#include <array>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace avqa::op {

/// |DFT| of frames of real numbers under a window, zeros behind them: 512 numbers, so 257 bins.
///
/// Numerics   double inside: a float transform's errors, relative to the loudest bin, would show in the logarithm of the quiet ones. The
///            same bits whatever frames come together
/// Cost       a real transform as a complex one of half the length; four frames in the lanes of the compiler's vectors
class frame_magnitudes {
 public:
  static constexpr long length = 512, bins = length / 2 + 1;

  /// At most 512 weights; a frame has as many samples.
  explicit frame_magnitudes(std::span<const float> window) : window_(window.begin(), window.end()) {
    for (long k = 0; k < half; ++k) {
      const auto turn = std::polar(1.0, -2 * M_PI * double(k) / double(length));
      turn_[std::size_t(k)] = {turn.real(), turn.imag()};
      long from = 0;
      for (long bit = 1; bit < half; bit *= 2) from = from * 2 + (k / bit & 1);
      order_[std::size_t(k)] = from;
    }
  }

  /// out (frame, 257) of `frames` frames, which begin at samples, samples + hop, ...
  void operator()(const float* samples, long hop, long frames, float* out) const {
    for (long first = 0; first < frames; first += lanes)
      some(samples + first * hop, hop, std::min(lanes, frames - first), out + first * bins);
  }

 private:
  static constexpr long half = length / 2, lanes = 4;
  typedef double V __attribute__((vector_size(8 * lanes)));
  struct value {
    V real, imaginary;
  };

  void some(const float* samples, long hop, long frames, float* out) const {
    std::array<value, std::size_t(half)> z{};  // z_n = x_2n + i x_(2n+1), in the order that the butterflies want
    const long given = long(window_.size());
    for (long n = 0; n < half; ++n) {
      value& to = z[std::size_t(order_[std::size_t(n)])];
      for (long f = 0; f < frames; ++f) {
        const auto sample = [&](long i) { return i < given ? double(samples[f * hop + i] * window_[std::size_t(i)]) : 0.0; };
        to.real[f] = sample(2 * n);
        to.imaginary[f] = sample(2 * n + 1);
      }
    }
    for (long size = 1; size < half; size *= 2)
      for (long j = 0; j < size; ++j) {
        const auto [c, s] = turn_[std::size_t(j * (half / size))];  // e^(-i pi j / size)
        for (long at = j; at < half; at += 2 * size) {
          value &a = z[std::size_t(at)], &b = z[std::size_t(at + size)];
          const V real = b.real * c - b.imaginary * s, imaginary = b.real * s + b.imaginary * c;
          b = {a.real - real, a.imaginary - imaginary};
          a = {a.real + real, a.imaginary + imaginary};
        }
      }
    for (long k = 0; k <= half; ++k) {  // X_k = (Z_k + conj Z_-k) / 2 - i e^(-2 pi i k / 512) (Z_k - conj Z_-k) / 2
      const value &a = z[std::size_t(k % half)], &b = z[std::size_t((half - k) % half)];
      const V even_real = (a.real + b.real) * 0.5, even_imaginary = (a.imaginary - b.imaginary) * 0.5;
      const V odd_real = (a.imaginary + b.imaginary) * 0.5, odd_imaginary = (b.real - a.real) * 0.5;
      const auto [c, s] = k < half ? turn_[std::size_t(k)] : std::pair{-1.0, 0.0};
      const V real = even_real + odd_real * c - odd_imaginary * s, imaginary = even_imaginary + odd_real * s + odd_imaginary * c;
      const V power = real * real + imaginary * imaginary;
      for (long f = 0; f < frames; ++f) out[f * bins + k] = float(std::sqrt(power[f]));
    }
  }

  std::vector<float> window_;
  std::array<std::pair<double, double>, std::size_t(half)> turn_;  // cosine and sine of -2 pi k / 512
  std::array<long, std::size_t(half)> order_;
};

}  // namespace avqa::op
