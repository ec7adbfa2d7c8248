#pragma once
// From the sound of a clip to its spectrogram: one small type for each way that the published data sets use. All numbers are fields,
// because published figures differ by them.

#include <ogm/core/random.hpp>
#include <ogm/core/tensor.hpp>
#include <ogm/data/mel.hpp>
#include <ogm/data/npy.hpp>
#include <ogm/data/resample.hpp>
#include <ogm/data/stft.hpp>
#include <ogm/data/wav.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace ogm::data {

namespace detail {

inline std::vector<float> mono_at(const std::string& path, int rate_hz) {
  const wav::sound s = wav::read(path);
  if (s.samples.empty()) damaged(path, "a sound without samples");
  return resample(wav::mono(s), s.rate_hz, rate_hz);
}

/// The clip again and again until there are so many samples, each in [-1, 1].
inline std::vector<float> tiled(const std::vector<float>& clip, std::size_t samples) {
  std::vector<float> out(samples);
  for (std::size_t i = 0; i < samples; ++i) out[i] = std::clamp(clip[i % clip.size()], -1.f, 1.f);
  return out;
}

}  // namespace detail

/// CREMA-D as released: repeated, cut to 3 s at 22.05 kHz, log magnitude; (257, 188). The hop of 353 is the overlap of the
/// older preprocessing, taken over as a hop; it is what the released figures use.
struct tiled_log_stft {
  int rate_hz = 22050;
  int samples = 66150;
  stft_options frames{.n_fft = 512, .hop = 353};
  float floor = 1e-7f;

  std::array<size_type, 2> shape() const { return {frames.bins(), stft(frames).frames(samples)}; }
  void operator()(const std::string& path, random::generator&, std::span<float> out) const {
    stft(frames).log_magnitude(detail::tiled(detail::mono_at(path, rate_hz), std::size_t(samples)), out, floor);
  }
};

/// VGGSound as released: repeated to at least 10 s at 16 kHz, 5 s from a random place, also in tests; log magnitude; (129, 626).
struct cropped_log_stft {
  int rate_hz = 16000;
  double at_least_s = 10, crop_s = 5;
  stft_options frames{.n_fft = 256, .hop = 128};
  float floor = 1e-7f;

  size_type samples() const { return size_type(crop_s * rate_hz); }
  std::array<size_type, 2> shape() const { return {frames.bins(), stft(frames).frames(samples())}; }
  void operator()(const std::string& path, random::generator& random, std::span<float> out) const {
    const std::vector<float> clip = detail::mono_at(path, rate_hz);
    std::size_t whole = clip.size();
    while (double(whole) / rate_hz < at_least_s) whole *= 2;
    const std::vector<float> all = detail::tiled(clip, whole);
    const std::size_t crop = std::min(all.size(), std::size_t(samples())), last = std::min(all.size() - crop, std::size_t(samples()));
    std::vector<float> part(std::size_t(samples()), 0.f);
    std::copy_n(all.begin() + std::ptrdiff_t(random.below(last + 1)), crop, part.begin());
    stft(frames).log_magnitude(part, out, floor);
  }
};

/// Kinetics-Sounds: the Kaldi filter bank of its script; (1024, 128). A path that ends in .npy is such a spectrogram, ready-made.
struct kaldi_spectrogram {
  std::array<size_type, 2> shape() const { return {kaldi_fbank::frames, kaldi_fbank::bands}; }
  void operator()(const std::string& path, random::generator&, std::span<float> out) const {
    if (path.size() > 4 && path.compare(path.size() - 4, 4, ".npy") == 0) {
      const array<float> ready = npy::read_as<float>(path);
      const auto whole = ready.as<kaldi_fbank::frames, kaldi_fbank::bands>();
      std::copy_n(whole.data(), whole.count(), out.data());
      return;
    }
    const wav::sound s = wav::read(path);
    kaldi_fbank(s.rate_hz)(wav::mono(s), out);
  }
};

/// The spectrogram of the paper's time, as scipy.signal.spectrogram makes it: Tukey window (0.25), the mean of each frame removed, power
/// density; then log(x + 1e-7), and mean 0 and deviation 1 over the clip; 10 s at 16 kHz are (257, 1004). A path that ends in .npy is
/// such a spectrogram, ready-made. Published archives keep them as pickles: convert those with numpy.save.
struct tukey_spectrogram {
  int rate_hz = 16000;
  int samples = 160000;
  int n_fft = 512, overlap = 353;
  float floor = 1e-7f;

  std::array<size_type, 2> shape() const { return {n_fft / 2 + 1, (samples - n_fft) / (n_fft - overlap) + 1}; }
  void operator()(const std::string& path, random::generator&, std::span<float> out) const {
    if (path.size() > 4 && path.compare(path.size() - 4, 4, ".npy") == 0) {
      const array<float> ready = npy::read_as<float>(path);
      if (ready.values.size() != out.size())
        detail::damaged(path, "a spectrogram of shape " + shape_text(ready.shape) + ", " + shape_text(shape()) + " expected");
      std::copy(ready.values.begin(), ready.values.end(), out.begin());
      return;
    }
    transform(detail::tiled(detail::mono_at(path, rate_hz), std::size_t(samples)), out);
  }

 private:
  void transform(const std::vector<float>& clip, std::span<float> out) const {
    const auto [bins, times] = shape();
    std::vector<float> window(std::size_t(n_fft), 1.f), frame(window.size());
    double squares = 0;
    for (int i = 0; i < n_fft; ++i) {  // periodic: a quarter of the frame is tapered, half of it at each end
      const double x = double(i) / n_fft, distance = std::min(x, 1 - x);
      if (distance < 0.125) window[std::size_t(i)] = float(0.5 * (1 - std::cos(8 * 3.14159265358979323846 * distance)));
      squares += double(window[std::size_t(i)]) * window[std::size_t(i)];
    }
    std::vector<std::complex<float>> spectrum(window.size());
    double sum = 0, sum_of_squares = 0;
    for (size_type t = 0; t < times; ++t) {
      const float* from = clip.data() + t * (n_fft - overlap);
      double mean = 0;
      for (int i = 0; i < n_fft; ++i) mean += from[i];
      for (std::size_t i = 0; i < frame.size(); ++i) frame[i] = (from[i] - float(mean / n_fft)) * window[i];
      detail::real_fft(frame.data(), spectrum.data(), n_fft);
      for (size_type k = 0; k < bins; ++k) {
        const double once = double(std::norm(spectrum[std::size_t(k)])) / (rate_hz * squares);
        const double v = std::log((k == 0 || k == bins - 1 ? once : 2 * once) + double(floor));
        out[std::size_t(k * times + t)] = float(v);
        sum += v, sum_of_squares += v * v;
      }
    }
    const double count = double(out.size()), mean = sum / count, deviation = std::sqrt(std::max(0.0, sum_of_squares / count - mean * mean));
    for (float& v : out) v = float((v - mean) / (deviation + 1e-9));
  }
};

using clip_audio = std::variant<tiled_log_stft, cropped_log_stft, kaldi_spectrogram, tukey_spectrogram>;

}  // namespace ogm::data
