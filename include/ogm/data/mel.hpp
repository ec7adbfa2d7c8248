#pragma once
// Mel filter banks and log-mel spectrograms, with the two conventions that the data sets here need.

#include <ogm/core/error.hpp>
#include <ogm/core/extents.hpp>
#include <ogm/data/stft.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace ogm::data {

/// A bank of mel filters.
struct mel_options {
  int bands = 40;
  double low_hz = 0;
  double high_hz = 0;          // 0: half the rate
  bool linear_in_mel = false;  // triangles whose sides are straight over mel (Kaldi) and not over frequency (HTK's plots, librosa)
};

/// HTK's scale: 2595 log10(1 + f / 700), without normalisation by area.
///
/// Shapes     apply: (frequency, time) -> (band, time)
class mel_filterbank {
 public:
  mel_filterbank(const mel_options& how, int n_fft, int rate_hz) : bands_(how.bands), bins_(n_fft / 2 + 1) {
    const double high = how.high_hz > 0 ? how.high_hz : rate_hz / 2.0;
    if (how.bands < 1 || n_fft < 2 || rate_hz < 1 || !(how.low_hz >= 0) || !(how.low_hz < high) || !(high <= rate_hz / 2.0))
      throw value_error("ogm: " + std::to_string(how.bands) + " mel bands from " + std::to_string(how.low_hz) + " to " +
                        std::to_string(high) + " Hz at a rate of " + std::to_string(rate_hz) + ".");
    const auto mel = [](double f) { return 2595 * std::log10(1 + f / 700); };
    const double first = mel(how.low_hz), step = (mel(high) - first) / (how.bands + 1);
    const auto scale = [&](double m) { return how.linear_in_mel ? m : 700 * (std::pow(10, m / 2595) - 1); };
    weights_.assign(std::size_t(bands_) * std::size_t(bins_), 0.f);
    for (int b = 0; b < bands_; ++b) {
      const double left = scale(first + b * step), centre = scale(first + (b + 1) * step), right = scale(first + (b + 2) * step);
      for (int k = 0; k < bins_; ++k) {
        const double f = double(k) * rate_hz / n_fft, x = how.linear_in_mel ? mel(f) : f;
        weights_[std::size_t(b * bins_ + k)] = float(std::max(0.0, std::min((x - left) / (centre - left), (right - x) / (right - centre))));
      }
    }
  }
  int bands() const { return bands_; }
  int bins() const { return bins_; }
  float weight(int band, int bin) const { return weights_[std::size_t(band * bins_ + bin)]; }

  void apply(std::span<const float> power, std::span<float> out, size_type frames) const {
    if (power.size() != std::size_t(bins_ * frames) || out.size() != std::size_t(bands_ * frames))
      throw shape_error("ogm: mel bands of (" + std::to_string(bins_) + ", " + std::to_string(frames) + ") from " +
                        std::to_string(power.size()) + " elements into " + std::to_string(out.size()) + ".");
    std::fill(out.begin(), out.end(), 0.f);
    for (int b = 0; b < bands_; ++b)
      for (int k = 0; k < bins_; ++k)
        if (const float w = weight(b, k); w != 0)
          for (size_type t = 0; t < frames; ++t) out[std::size_t(b * frames + t)] += w * power[std::size_t(k * frames + t)];
  }

 private:
  int bands_, bins_;
  std::vector<float> weights_;
};

/// log(mel(power) + floor), natural.
///
/// Shapes     (sample) -> (band, time)
struct log_mel {
  log_mel(const stft_options& frames, const mel_options& mel, int rate_hz, float floor)
      : transform(frames), bank(mel, frames.n_fft, rate_hz), floor_(floor) {}

  size_type frames(size_type samples) const { return transform.frames(samples); }
  void operator()(std::span<const float> samples, std::span<float> out) const {
    const size_type t = frames(size_type(samples.size()));
    std::vector<float> power(std::size_t(t * transform.options().bins()));
    transform.power(samples, power);
    bank.apply(power, out, t);
    for (float& v : out) v = std::log(v + floor_);
  }
  stft transform;
  mel_filterbank bank;

 private:
  float floor_;
};

/// The middle `length` samples; a shorter clip stands in the middle of zeros.
inline std::vector<float> centre_clip(std::span<const float> samples, std::size_t length) {
  std::vector<float> out(length, 0.f);
  const std::size_t skip = samples.size() > length ? (samples.size() - length) / 2 : 0;
  const std::size_t before = samples.size() < length ? (length - samples.size()) / 2 : 0;
  std::copy_n(samples.begin() + std::ptrdiff_t(skip), std::min(samples.size(), length), out.begin() + std::ptrdiff_t(before));
  return out;
}

/// Spoken digits at 8 kHz as a (40, 64) log-mel: the loudest sample scaled to 1, 1.04 s from the middle, 32 ms Hann frames every 16 ms
/// without padding, 40 HTK bands of power from 60 to 3900 Hz, log(x + 1e-6). Silence stays silence.
class digit_log_mel {
 public:
  static constexpr int bands = 40, frames = 64, samples = 8320;

  void operator()(std::span<const float> clip, std::span<float> out) const {
    std::vector<float> middle = scaled(clip);
    middle = centre_clip(middle, samples);
    spectrum_(middle, out);
  }
  /// The 8-bit form that the compact AV-MNIST stores: v = 255 (x + 14) / 20, rounded and clamped.
  static std::uint8_t quantise(float x) { return std::uint8_t(std::lround(std::clamp((x + 14.f) / 20.f * 255.f, 0.f, 255.f))); }
  static float restore(std::uint8_t v) { return -14.f + 20.f * float(v) / 255.f; }

 private:
  static std::vector<float> scaled(std::span<const float> clip) {
    float peak = 0;
    for (const float x : clip) peak = std::max(peak, std::fabs(x));
    std::vector<float> out(clip.begin(), clip.end());
    if (peak > 0)
      for (float& x : out) x /= peak;
    return out;
  }
  log_mel spectrum_{{.n_fft = 256, .hop = 128, .edges = edge::none}, {.bands = bands, .low_hz = 60, .high_hz = 3900}, 8000, 1e-6f};
};

/// The filter-bank features of Kaldi with the settings of the published Kinetics-Sounds script: the mean of the wave removed, frames of 25
/// ms every 10 ms, mean of each frame removed, pre-emphasis 0.97, symmetric Hann, power of an FFT of the next power of two, 128 mel bands
/// from 20 Hz to half the rate, log; then cut or zero-padded to 1024 frames and (x + 4.503877) / (2 * 5.141276).
///
/// Shapes     (sample) -> (time 1024, band 128)
/// Errors     value_error below 1 kHz; shape_error where the output is of another size
class kaldi_fbank {
 public:
  static constexpr int bands = 128, frames = 1024;
  explicit kaldi_fbank(int rate_hz)
      : length_(frame_length(rate_hz)),
        hop_(rate_hz / 100),
        n_fft_(power_of_two(length_)),
        window_(detail::make_window(window_shape::hann_symmetric, length_)),
        bank_({.bands = bands, .low_hz = 20, .linear_in_mel = true}, n_fft_, rate_hz) {}

  void operator()(std::span<const float> samples, std::span<float> out) const {
    if (out.size() != std::size_t(frames * bands))
      throw shape_error("ogm: a filter bank of (1024, 128) does not fit " + std::to_string(out.size()) + " elements.");
    double mean = 0;
    for (const float x : samples) mean += x;
    mean /= std::max<double>(1, double(samples.size()));
    const std::size_t present = samples.size() < std::size_t(length_) ? 0 : (samples.size() - std::size_t(length_)) / std::size_t(hop_) + 1;
    std::vector<float> frame(static_cast<std::size_t>(n_fft_)), power(static_cast<std::size_t>(bank_.bins()));
    std::vector<std::complex<float>> spectrum(static_cast<std::size_t>(n_fft_));
    for (std::size_t t = 0; t < std::size_t(frames); ++t) {
      const std::span<float> row = out.subspan(t * bands, bands);
      std::fill(row.begin(), row.end(), 0.f);
      if (t < present) {
        prepare(samples.subspan(t * std::size_t(hop_), std::size_t(length_)), float(mean), frame);
        detail::real_fft(frame.data(), spectrum.data(), n_fft_);
        for (std::size_t k = 0; k < power.size(); ++k) power[k] = std::norm(spectrum[k]);
        bank_.apply(power, row, 1);
        for (float& v : row) v = std::log(std::max(v, std::numeric_limits<float>::epsilon()));
      }
      for (float& v : row) v = (v + 4.503877f) / (2 * 5.141276f);
    }
  }

 private:
  static int frame_length(int rate_hz) {
    if (rate_hz < 1000) throw value_error("ogm: a filter bank at " + std::to_string(rate_hz) + " Hz; at least 1000 expected.");
    return rate_hz / 40;
  }
  static int power_of_two(int n) {
    int p = 2;
    while (p < n) p *= 2;
    return p;
  }
  void prepare(std::span<const float> from, float wave_mean, std::vector<float>& frame) const {
    double mean = 0;
    for (const float x : from) mean += x - wave_mean;
    mean /= length_;
    const auto centred = [&](int i) { return from[std::size_t(i)] - wave_mean - float(mean); };
    for (int i = 0; i < length_; ++i)  // before the first sample stands the first sample
      frame[std::size_t(i)] = (centred(i) - 0.97f * centred(std::max(i - 1, 0))) * window_[std::size_t(i)];
    std::fill(frame.begin() + length_, frame.end(), 0.f);
  }

  int length_, hop_, n_fft_;
  std::vector<float> window_;
  mel_filterbank bank_;
};

}  // namespace ogm::data
