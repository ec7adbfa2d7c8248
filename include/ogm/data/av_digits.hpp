#pragma once
// The compact audio-visual MNIST: real handwriting paired with real spoken digits, clean and hard.

#include <ogm/core/tensor.hpp>
#include <ogm/data/clips.hpp>
#include <ogm/data/dataset.hpp>
#include <ogm/data/mel.hpp>
#include <ogm/data/npy.hpp>

#include <string>
#include <utility>
#include <vector>

namespace ogm::data {

/// Which version of the digits is read.
struct av_digits_options {
  bool hard = false;      // images with a quarter of their variance, speech in noise
  bool from_pcm = false;  // log-mel by digit_log_mel from the recordings instead of the stored 8-bit one; clean only
};

/// Audio (1, 40, 64) and image (1, 28, 28), both v / 255; the stored log-mel is -14 + 20 v / 255.
using av_digits_set = in_memory<ogm::tensor<float, dyn, 1, 40, 64>, ogm::tensor<float, dyn, 1, 28, 28>>;

namespace detail {

template <int... E> ogm::tensor<float, dyn, 1, E...> scaled_bytes(const std::string& path) {
  const mapped_file file(path);
  const array<std::uint8_t> stored = npy::parse<std::uint8_t>(file.bytes(), path);
  const auto from = stored.as<dyn, E...>();
  ogm::tensor<float, dyn, 1, E...> out(from.size(0));
  for (std::size_t i = 0; i < stored.values.size(); ++i) out.data()[i] = float(stored.values[i]) / 255.f;
  return out;
}

inline ogm::tensor<float, dyn, 1, 40, 64> log_mel_of_recordings(const std::string& folder) {
  const std::string path = folder + "/audio_offsets.npy";
  const array<std::int32_t> offsets = npy::read<std::int32_t>(path);
  const auto pcm = npy::map<std::int16_t>(folder + "/audio_pcm.npy");
  if (offsets.values.empty()) damaged(path, "no offsets");
  ogm::tensor<float, dyn, 1, 40, 64> out(size_type(offsets.values.size()) - 1);
  const digit_log_mel spectrum;
  std::vector<float> clip;
  for (std::size_t j = 0; j + 1 < offsets.values.size(); ++j) {
    const std::int64_t begin = offsets.values[j], end = offsets.values[j + 1];
    if (begin < 0 || begin > end || end > std::int64_t(pcm.values.size()))
      damaged(path, "recording " + std::to_string(j) + " from " + std::to_string(begin) + " to " + std::to_string(end) + " of " +
                        std::to_string(pcm.values.size()));
    clip.assign(pcm.values.begin() + begin, pcm.values.begin() + end);
    const std::span<float> row = out.flat().subspan(j * 40 * 64, 40 * 64);
    spectrum(clip, row);
    for (float& v : row) v = std::clamp((v + 14.f) / 20.f, 0.f, 1.f);
  }
  return out;
}

}  // namespace detail

/// Errors     data_error with the path; value_error for hard recordings, which are not there
inline av_digits_set av_digits(const std::string& folder, part which, const av_digits_options& how = {}) {
  if (how.hard && how.from_pcm) throw value_error("ogm: the hard digits have no recordings. Use the stored log-mel.");
  const std::string path = folder + (which == part::train ? "/pairs_train.npy" : "/pairs_test.npy");
  const array<std::int32_t> stored = npy::read<std::int32_t>(path);
  const auto pairs = stored.as<dyn, 3>();  // (image, recording, digit)
  std::vector<std::int32_t> images, recordings, labels;
  for (size_type i = 0; i < pairs.size(0); ++i) {
    images.push_back(pairs(i, 0)), recordings.push_back(pairs(i, 1)), labels.push_back(pairs(i, 2));
    if (labels.back() < 0 || labels.back() > 9)
      detail::damaged(path, "pair " + std::to_string(i) + " is of the digit " + std::to_string(labels.back()));
  }
  auto audio = how.from_pcm ? detail::log_mel_of_recordings(folder + "/optional_pcm")
                            : detail::scaled_bytes<40, 64>(folder + (how.hard ? "/hard/audio_logmel_noisy.npy" : "/audio_logmel.npy"));
  auto image = detail::scaled_bytes<28, 28>(folder + (how.hard ? "/hard/images_pca25.npy" : "/images.npy"));
  return av_digits_set(std::move(labels), {std::move(recordings), std::move(images)}, std::move(audio), std::move(image));
}

}  // namespace ogm::data
