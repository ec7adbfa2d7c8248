#pragma once
// Features of sound that need no weights: how loud each band is, and how much that changes.

#include <avqa/features/vggish_log_mel.hpp>
#include <ogm/core/error.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace avqa {

/// Of the log-mel of a second the mean over time of each band, then the deviation of each.
///
/// Shapes     samples (at most 16,000 at 16 kHz; silence follows where there are fewer) -> (128)
/// Units      means: quarters of log (x + 0.01), silence 0; deviations: log (x + 0.01)
/// Errors     shape_error where the caller's memory has another size; as vggish_log_mel::second
/// Cost       96 short Fourier transforms; it tells far less than a trained network
class mel_statistics {
 public:
  static constexpr int bands = vggish_log_mel::bands, width = 2 * bands;

  void second(std::span<const float> samples, std::span<float> out) const {
    if (out.size() != std::size_t(width))
      throw ogm::shape_error("avqa: mel_statistics was given " + std::to_string(out.size()) + " floats for a second; " +
                             std::to_string(width) + " expected.");
    std::vector<float> mel(std::size_t(vggish_log_mel::frames * bands));
    log_mel_.second(samples, mel);  // (frame, band)
    for (std::size_t b = 0; b < std::size_t(bands); ++b) {
      double sum = 0, squares = 0;
      for (std::size_t f = b; f < mel.size(); f += std::size_t(bands)) sum += mel[f], squares += double(mel[f]) * mel[f];
      const double mean = sum / vggish_log_mel::frames, variance = squares / vggish_log_mel::frames - mean * mean;
      out[b] = (float(mean) - silence) / 4;
      out[b + std::size_t(bands)] = float(std::sqrt(std::max(0.0, variance)));
    }
  }

 private:
  static constexpr float silence = -4.6051702f;  // log 0.01
  vggish_log_mel log_mel_;
};

}  // namespace avqa
