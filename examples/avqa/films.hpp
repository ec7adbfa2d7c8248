#pragma once
// Films as the networks see them, and their features.

#include <avqa/features/source.hpp>
#include <ogm/core/tensor.hpp>
#include <ogm/data/image.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace program {

/// The moments of a film that a network sees: the middle of the first second of each of `steps` equal parts of a minute, and that second's
/// sound.
struct seen_clip {
  ogm::tensor<std::uint8_t, ogm::dyn, ogm::dyn, ogm::dyn, 3> frames;  // (step, 224, 224, colour); none without a picture
  std::vector<float> sound;                                           // a minute at 16 kHz; none without sound
  std::vector<double> seconds;                                        // of the frames in the film

  std::vector<ogm::data::image::picture> pictures() const;
};
/// Errors     value_error for a program without FFmpeg, or where the film lacks the sound or the picture that is needed;
///            data_error where it cannot be read
seen_clip read_film(const std::string& path, int steps, bool needs_sound, bool needs_picture);
/// The file of a video in a folder, empty where there is none.
std::string film_of(const std::string& folder, const std::string& video);

/// Whether a file is a film, or a sound, by the ending of its name.
bool named_as_film(const std::string& path);

/// Makes the features of a film.
class feature_extractor {
 public:
  virtual ~feature_extractor() = default;
  virtual avqa::feature_shape shape() const = 0;
  /// Fills sound (steps, sound) and maps (steps, channels, height, width); what a film lacks is left as it is.
  virtual void operator()(const seen_clip& film, std::span<float> sound, std::span<float> maps) const = 0;
};

/// Files of weights; empty for features that need none.
struct feature_weights {
  std::string vggish, resnet;
};
/// Whether features of so many channels are made of films: those that are composed are not.
bool made_of_films(ogm::size_type channels);
/// Features of as many channels as a network takes: 48 without weights, 512 by VGGish and ResNet-18.
///
/// Errors     value_error for other channels, or where weights are missing or are not needed
std::unique_ptr<feature_extractor> extractor_for(ogm::size_type channels, const feature_weights& weights);

}  // namespace program
