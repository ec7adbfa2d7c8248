#pragma once
// The spectrograms that VGGish hears: a log-mel of 96 x 64 for each second of sound.

#include <ogm/core/error.hpp>
#include <ogm/core/math.hpp>
#include <ogm/core/pack.hpp>
#include <ogm/core/parallel.hpp>
#include <ogm/core/tensor.hpp>
#include <ogm/data/mel.hpp>
#include <ogm/data/resample.hpp>
#include <ogm/data/stft.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace avqa {

/// What a sound that ends early has in place of the seconds it lacks.
enum class short_sound {
  repeat_last,  ///< its last second again
  zero_signal,  ///< silence, whose log-mel is log 0.01 everywhere (some later code has zeros in the log-mel instead)
  error         ///< a shape_error
};

/// Samples and what they are.
template <class Sample> struct sound_view {
  std::span<const Sample> samples;  // frame by frame: samples[frame * channels + channel]
  int channels = 1;
  int rate_hz = 16000;
};

/// The seconds of a sound as log-mels, each by itself: the mean of the channels, 16 kHz, magnitudes of frames of 25 ms every 10 ms under a
/// periodic Hann window (FFT of 512), 64 mel bands from 125 to 7500 Hz with sides that are straight over mel, log(x + 0.01), the first 96
/// of the 98 frames.
///
/// Shapes     sound -> (second, 96, 64): `seconds` of them. What comes later is left out
/// Units      samples of floats in [-1, 1], those of 16 bits are divided by 32768; natural logarithms
/// Short      a second is there where it has 96 frames: 15,600 samples at 16 kHz. Of what a shorter rest holds, repeat_last makes nothing
///            and zero_signal a second that ends in silence. repeat_last, with no second to repeat, completes the first with silence
/// Numerics   float; within 1e-4 of the published front-end's doubles for a sine and for noise. The same bits on any number of threads
/// Errors     value_error for `seconds`, channels or a rate below 1; shape_error for samples that are no whole frames, for no samples, and
///            under `error` for a sound that is too short
/// Source     Hershey et al., ICASSP 2017 (VGGish), as MUSIC-AVQA's released code calls it. Differs: a rate other than 16 kHz is resampled
///            with ogm's window; the released code says nothing of short sounds and fails on them
class vggish_log_mel {
 public:
  static constexpr int rate_hz = 16000, frames = 96, bands = 64;

  struct options {
    int seconds = 60;
    short_sound when_short = short_sound::repeat_last;
  };

  vggish_log_mel() : vggish_log_mel(options{}) {}
  explicit vggish_log_mel(const options& how) : how_(how) {
    if (how.seconds < 1) throw ogm::value_error("avqa: log-mels of " + std::to_string(how.seconds) + " seconds; at least 1 expected.");
  }

  /// (second, 96, 64)
  template <class Sample> ogm::tensor<float, ogm::dyn, frames, bands> operator()(const sound_view<Sample>& sound) const {
    const long given = check(long(sound.samples.size()), sound.channels, sound.rate_hz);
    const long present = std::max(1L, std::min<long>(how_.seconds, whole_seconds(given, sound.rate_hz)));
    const long heard = how_.when_short == short_sound::zero_signal ? how_.seconds : present;
    ogm::tensor<float, ogm::dyn, frames, bands> out(how_.seconds);
    ogm::parallel_for(heard, [&](long i) {
      const std::vector<float> mono = second_of(sound, i * sound.rate_hz, given);
      second(mono, {out.data() + i * frames * bands, std::size_t(frames * bands)});
    });
    for (long i = heard; i < how_.seconds; ++i)
      std::copy_n(out.data() + (heard - 1) * frames * bands, frames * bands, out.data() + i * frames * bands);
    return out;
  }
  /// One channel at 16 kHz.
  ogm::tensor<float, ogm::dyn, frames, bands> operator()(std::span<const float> samples) const {
    return operator()(sound_view<float>{samples});
  }

  /// The log-mel of one second of one channel.
  ///
  /// Shapes     samples (at most 16,000 at 16 kHz; silence follows where there are fewer) -> (96, 64)
  void second(std::span<const float> samples, std::span<float> out) const {
    if (samples.size() > std::size_t(rate_hz) || out.size() != std::size_t(frames * bands))
      throw ogm::shape_error("avqa: the log-mel of a second takes at most 16000 samples and gives (96, 64); " +
                             std::to_string(samples.size()) + " samples and " + std::to_string(out.size()) + " elements were given.");
    // The window of 400 stands in the middle of an FFT's 512 samples: 56 zeros before the sound let frame t begin at sample 160 t. Where
    // in the 512 the window stands makes no difference to a magnitude.
    std::vector<float> padded(std::size_t((frames - 1) * hop + n_fft), 0.f);
    std::copy_n(samples.begin(), std::min(samples.size(), padded.size() - before), padded.begin() + before);
    constexpr long bins = n_fft / 2 + 1;
    std::vector<float> spectrum(std::size_t(bins * frames)), mel(std::size_t(bands * frames));
    spectrum_.power(padded, spectrum);  // (bin, frame)
    ogm::each_pack<float>(bins * frames, [&](long i, auto at) {
      ogm::store(spectrum.data() + i, ogm::math::sqrt(ogm::load<ogm::float_pack>(spectrum.data() + i, at)), at);
    });
    bank_.apply(spectrum, mel, frames);  // (band, frame)
    ogm::each_pack<float>(bands * frames, [&](long i, auto at) {
      ogm::store(mel.data() + i, ogm::math::log(ogm::load<ogm::float_pack>(mel.data() + i, at) + 0.01f), at);
    });
    for (long t = 0; t < frames; ++t)
      for (long b = 0; b < bands; ++b) out[std::size_t(t * bands + b)] = mel[std::size_t(b * frames + t)];  // (frame, band)
  }

 private:
  static constexpr long n_fft = 512, window = 400, hop = 160, before = (n_fft - window) / 2;
  static constexpr long least = (frames - 1) * hop + window;  // samples that make 96 frames

  /// The frames of the sound.
  long check(long samples, int channels, int rate) const {
    if (channels < 1 || rate < 1)
      throw ogm::value_error("avqa: a sound of " + std::to_string(channels) + " channels at " + std::to_string(rate) +
                             " Hz; at least 1 of both expected.");
    if (samples == 0 || samples % channels)
      throw ogm::shape_error("avqa: a sound of " + std::to_string(samples) + " samples in " + std::to_string(channels) +
                             " channels; a positive multiple of the channels expected.");
    const long given = samples / channels, seconds = whole_seconds(given, rate);
    if (how_.when_short == short_sound::error && seconds < how_.seconds)
      throw ogm::shape_error("avqa: a sound of " + std::to_string(given) + " frames at " + std::to_string(rate) + " Hz has " +
                             std::to_string(seconds) + " seconds; " + std::to_string(how_.seconds) + " expected.");
    return given;
  }
  /// Seconds with 96 frames, the last one perhaps cut.
  static long whole_seconds(long given, long rate) {
    const long rest = given % rate;
    return given / rate + ((rest * rate_hz + rate - 1) / rate >= least);
  }
  /// The mean of the channels from frame `first` on, at 16 kHz; empty after the end.
  template <class Sample> static std::vector<float> second_of(const sound_view<Sample>& sound, long first, long given) {
    static_assert(std::same_as<Sample, float> || std::same_as<Sample, std::int16_t>,
                  "avqa: the samples of a sound are float or std::int16_t. Convert them.");
    const long count = std::clamp(given - first, 0L, long(sound.rate_hz));
    const float scale = (std::same_as<Sample, float> ? 1.f : 1 / 32768.f) / float(sound.channels);
    std::vector<float> mono(static_cast<std::size_t>(count));
    for (long i = 0; i < count; ++i) {
      float sum = 0;
      for (long c = 0; c < sound.channels; ++c) sum += float(sound.samples[std::size_t((first + i) * sound.channels + c)]);
      mono[std::size_t(i)] = sum * scale;
    }
    if (sound.rate_hz == rate_hz) return mono;
    return ogm::data::resample(mono, sound.rate_hz, rate_hz);
  }

  options how_;
  ogm::data::stft spectrum_{{.n_fft = n_fft, .hop = hop, .win_length = window, .edges = ogm::data::edge::none}};
  ogm::data::mel_filterbank bank_{{.bands = bands, .low_hz = 125, .high_hz = 7500, .linear_in_mel = true}, n_fft, rate_hz};
};

}  // namespace avqa
