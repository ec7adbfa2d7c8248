#pragma once
// Short-time Fourier transforms on Eigen's FFT: magnitude, power and log spectrograms.

#include <ogm/core/error.hpp>
#include <ogm/core/extents.hpp>

#include <unsupported/Eigen/FFT>

#include <algorithm>
#include <cmath>
#include <complex>
#include <span>
#include <string>
#include <vector>

namespace ogm::data {

/// The window of a transform.
enum class window_shape { hann_periodic, hann_symmetric };
/// What lies beyond the ends of a signal.
enum class edge { none, zero, reflect };  // what a frame sees before the first and after the last sample

/// librosa's defaults are centred frames and a periodic Hann window; `edges` zero or reflect centres frame t at sample t * hop.
struct stft_options {
  int n_fft = 512;
  int hop = 128;
  int win_length = 0;  // 0: n_fft; a shorter window stands in the middle
  edge edges = edge::reflect;
  window_shape window = window_shape::hann_periodic;

  int bins() const { return n_fft / 2 + 1; }
};

namespace detail {

inline std::vector<float> make_window(window_shape shape, int length) {
  std::vector<float> w(std::size_t(length), 1.f);
  const double period = shape == window_shape::hann_periodic ? length : length - 1;
  for (int i = 0; i < length && period > 0; ++i) w[std::size_t(i)] = float(0.5 - 0.5 * std::cos(2 * 3.14159265358979323846 * i / period));
  return w;
}

/// The bins 0 to n/2 of the transform of n real samples. The plans belong to the thread: Eigen keeps them in the object.
inline void real_fft(const float* in, std::complex<float>* out, int n) {
  static thread_local Eigen::FFT<float> transform = [] {
    Eigen::FFT<float> f;
    f.SetFlag(Eigen::FFT<float>::HalfSpectrum);
    return f;
  }();
  transform.fwd(out, in, n);
}

}  // namespace detail

/// Spectrogram of one channel.
///
/// Shapes     samples (sample) -> (frequency, time), frequency n_fft / 2 + 1
/// Errors     value_error for sizes out of range; shape_error where the output is of another size, or reflection has too few samples
/// Threads    const calls from many threads are safe
class stft {
 public:
  explicit stft(const stft_options& how) : how_(how), window_(std::size_t(std::max(how.n_fft, 0)), 0.f) {
    if (how_.win_length == 0) how_.win_length = how_.n_fft;
    if (how_.n_fft < 2 || how_.n_fft % 2 || how_.n_fft > 1 << 20 || how_.hop < 1 || how_.win_length < 1 || how_.win_length > how_.n_fft)
      throw value_error("ogm: an STFT with n_fft " + std::to_string(how.n_fft) + ", hop " + std::to_string(how.hop) + ", win_length " +
                        std::to_string(how.win_length) + "; an even n_fft up to 2^20, hop > 0 and win_length <= n_fft expected.");
    const auto w = detail::make_window(how_.window, how_.win_length);
    std::copy(w.begin(), w.end(), window_.begin() + (how_.n_fft - how_.win_length) / 2);
  }
  const stft_options& options() const { return how_; }
  size_type frames(size_type samples) const {
    const size_type length = samples + (how_.edges == edge::none ? 0 : how_.n_fft / 2 * 2);
    return length < how_.n_fft ? 0 : (length - how_.n_fft) / how_.hop + 1;
  }
  void magnitude(std::span<const float> samples, std::span<float> out) const {
    run(samples, out, [](std::complex<float> c) { return std::hypot(c.real(), c.imag()); });
  }
  void power(std::span<const float> samples, std::span<float> out) const {
    run(samples, out, [](std::complex<float> c) { return c.real() * c.real() + c.imag() * c.imag(); });
  }
  /// log(magnitude + floor), natural.
  void log_magnitude(std::span<const float> samples, std::span<float> out, float floor = 1e-7f) const {
    run(samples, out, [floor](std::complex<float> c) { return std::log(std::hypot(c.real(), c.imag()) + floor); });
  }

 private:
  template <class F> void run(std::span<const float> samples, std::span<float> out, const F& value) const {
    const auto count = size_type(samples.size());
    const size_type frames_out = frames(count), bins = how_.bins(), left = how_.edges == edge::none ? 0 : how_.n_fft / 2;
    if (out.size() != std::size_t(frames_out * bins))
      throw shape_error("ogm: a spectrogram of " + shape_text(std::vector{bins, frames_out}) + " does not fit " +
                        std::to_string(out.size()) + " elements.");
    if (how_.edges == edge::reflect && count <= left)
      throw shape_error("ogm: reflection at the edges of an STFT with n_fft " + std::to_string(how_.n_fft) + " needs more than " +
                        std::to_string(left) + " samples, " + std::to_string(count) + " given.");
    std::vector<float> frame(std::size_t(how_.n_fft));
    std::vector<std::complex<float>> spectrum(std::size_t(how_.n_fft));
    for (size_type t = 0; t < frames_out; ++t) {
      for (int i = 0; i < how_.n_fft; ++i) {
        size_type at = t * how_.hop + i - left;
        if (how_.edges == edge::reflect) at = at < 0 ? -at : at >= count ? 2 * (count - 1) - at : at;
        frame[std::size_t(i)] = at < 0 || at >= count ? 0.f : samples[std::size_t(at)] * window_[std::size_t(i)];
      }
      detail::real_fft(frame.data(), spectrum.data(), how_.n_fft);
      for (size_type k = 0; k < bins; ++k) out[std::size_t(k * frames_out + t)] = value(spectrum[std::size_t(k)]);
    }
  }

  stft_options how_;
  std::vector<float> window_;
};

}  // namespace ogm::data
