#pragma once
// Features of a scene without pictures or sounds: put together from features of photographs and notes.

#include <avqa/data/scenes/add_scenes.hpp>
#include <avqa/data/scenes/collection.hpp>
#include <avqa/data/scenes/draw.hpp>
#include <avqa/data/scenes/instrument_features.hpp>
#include <avqa/data/scenes/scene.hpp>
#include <avqa/features/source.hpp>
#include <avqa/features/store_writer.hpp>
#include <ogm/core/error.hpp>
#include <ogm/core/random.hpp>
#include <ogm/data/dtype.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace avqa {

/// How scenes become features. Strengths are in deviations of an element of the features.
struct composition_options {
  ogm::size_type height = 7, width = 7;
  float noise = 0.2f;       // in every element of maps and sound
  float background = 0.5f;  // of the two vectors that fill cells indoors and outdoors
  float rhythm = 0.4f;      // added to a note for each doubling of its rate, in a direction of its instrument
  float voice = 1.f;        // of the vector that stands for a voiceover
};

/// Composes scenes. An instrument's photograph fills a box of cells in its third of the map, the surroundings fill the others; a step's
/// sound is the mean of the notes that sound at it, weighted by their energies, times the fourth root of the energies' sum.
///
/// Threads    compose() may be called from many threads
/// Errors     value_error for a scene of an instrument without photographs or sounds, or of other steps than others;
///            shape_error where the caller's memory has another size
/// Cost       one pass over the maps
class scene_composer {
 public:
  /// The features must outlive the composer.
  explicit scene_composer(const instrument_features& from, const composition_options& how = {}, int steps = 10)
      : from_(&from), how_(how), steps_(steps), normals_(normal_count) {
    if (how.height < 1 || how.width < place_count || how.height > most_cells / how.width || steps < 1 || from.width() > most_cells)
      throw ogm::value_error("avqa: scenes of " + std::to_string(steps) + " steps on maps of " + std::to_string(how.height) + " by " +
                             std::to_string(how.width) +
                             " cells; a step, a row and three columns at least and 16384 cells at most expected.");
    // What is the same in all scenes of all parts belongs to no seed.
    const ogm::random::key fixed{0, ogm::random::stream_of(ogm::random::purpose::augment, std::uint64_t(detail::scene_stream::features)),
                                 0};
    ogm::random::generator g(fixed);
    const auto drawn = [&](float strength) {
      std::vector<float> out(std::size_t(from.width()));
      for (float& x : out) x = strength * g.normal();
      return out;
    };
    indoor_ = drawn(how.background), outdoor_ = drawn(how.background), voice_ = drawn(how.voice);
    for (auto& direction : rhythm_) direction = drawn(how.rhythm);
    for (std::size_t i = 0; i < normal_count; i += std::size_t(ogm::random::normals_at_once))
      ogm::random::normals({1, fixed.stream, 0}, i / std::size_t(ogm::random::normals_at_once), &normals_[i]);
    for (float& x : normals_) x *= how.noise;
  }

  feature_shape shape() const {
    return {.steps = steps_, .sound = from_->width(), .channels = from_->width(), .height = how_.height, .width = how_.width};
  }

  /// Fills sound (steps, sound) and maps (steps, channels, height, width). The part says which photographs and notes may be used; what is
  /// drawn depends on seed and index alone.
  void compose(const scene& s, part which, std::uint64_t seed, std::uint32_t index, std::span<float> sound, std::span<float> maps) const {
    detail::require_floats("a composed scene", "its sound", sound.size(), shape().sound_count(), shape());
    detail::require_floats("a composed scene", "its maps", maps.size(), shape().maps_count(), shape());
    if (s.steps != steps_)
      throw ogm::value_error("avqa: a scene of " + std::to_string(s.steps) + " steps for features of " + std::to_string(steps_) + ".");
    ogm::random::generator g = detail::scene_generator(seed, detail::scene_stream::features, index);
    compose_maps(s, which, g, maps);
    compose_sound(s, which, g, sound);
  }

 private:
  static constexpr std::size_t normal_count = 1 << 16;
  static constexpr ogm::size_type most_cells = 1 << 14;

  /// As many normals as asked for, times the noise, from a random place of the table.
  const float* noise(ogm::random::generator& g, std::size_t count) const {
    return &normals_[std::size_t(g.below(normal_count - count + 1))];
  }

  void compose_maps(const scene& s, part which, ogm::random::generator& g, std::span<float> maps) const {
    const auto height = std::size_t(how_.height), width = std::size_t(how_.width), cells = height * width;
    const auto channels = std::size_t(from_->width());
    std::vector<const float*> vectors{indoor_.data(), outdoor_.data()};
    std::vector<std::uint8_t> label(cells);  // of each cell: which vector fills it
    for (std::size_t i = 0; i < cells; ++i)
      label[i] = s.where == setting::both ? float(i % width) + 0.5f >= s.seam * float(width) : s.where == setting::outdoor;
    for (const player& p : s.players)
      if (p.seen) {
        const auto photos = from_->photos().of(p.instrument, which, 0);
        vectors.push_back(from_->photo(photos[p.look % photos.size()]).data());
        const auto third = [&](std::size_t k) { return (2 * k * width + 3) / 6; };
        const auto [left, right] = box(third(std::size_t(p.at)), third(std::size_t(p.at) + 1), g);
        const auto [top, bottom] = box(0, height, g);
        for (std::size_t y = top; y < bottom; ++y)
          std::fill(label.begin() + std::ptrdiff_t(y * width + left), label.begin() + std::ptrdiff_t(y * width + right),
                    std::uint8_t(vectors.size() - 1));
      }
    std::vector<float> values(vectors.size());
    float* out = maps.data();
    for (int t = 0; t < steps_; ++t)
      for (std::size_t c = 0; c < channels; ++c) {
        for (std::size_t v = 0; v < vectors.size(); ++v) values[v] = vectors[v][c];
        const float* const more = noise(g, cells);
        for (std::size_t i = 0; i < cells; ++i) *out++ = values[label[i]] + more[i];
      }
  }
  /// At least half of the cells from `first` on.
  static std::array<std::size_t, 2> box(std::size_t first, std::size_t last, ogm::random::generator& g) {
    const std::size_t all = last - first, least = (all + 1) / 2, size = least + std::size_t(g.below(all - least + 1));
    const std::size_t begin = first + std::size_t(g.below(all - size + 1));
    return {begin, begin + size};
  }

  void compose_sound(const scene& s, part which, ogm::random::generator& g, std::span<float> sound) const {
    const auto width = std::size_t(from_->width());
    for (int t = 0; t < steps_; ++t) {
      const std::span<float> out = sound.subspan(std::size_t(t) * width, width);
      std::fill(out.begin(), out.end(), 0.f);
      float energy = 0;
      const auto add = [&](std::span<const float> vector, float weight) {
        for (std::size_t i = 0; i < width; ++i) out[i] += weight * vector[i];
      };
      const float time_s = s.step_s() * float(t);
      for (const player& p : s.players)
        if (p.sounds_at(time_s)) {
          const float own = p.loudness * p.loudness;
          energy += own;
          const auto notes = from_->sounds().of(p.instrument, which, p.look);
          add(from_->sound(notes[std::size_t(g.below(notes.size()))]), own);
          add(rhythm_[p.instrument], own * std::log2(p.onsets_hz / 2));
        }
      for (const interval& i : s.voiceover)
        if (i.begin_s <= time_s && time_s < i.end_s) energy += voice_energy, add(voice_, voice_energy);
      const float scale = energy > 0 ? std::pow(energy, 0.25f) / energy : 0.f;
      const float* const more = noise(g, width);
      for (std::size_t i = 0; i < width; ++i) out[i] = out[i] * scale + more[i];
    }
  }
  static constexpr float voice_energy = 0.25f;

  const instrument_features* from_;
  composition_options how_;
  int steps_;
  std::vector<float> normals_, indoor_, outdoor_, voice_;
  std::array<std::vector<float>, instruments.size()> rhythm_;
};

/// Adds the features of a part's clips to a store, under their ids; done(count) is told how many are stored, after every few.
///
/// Errors     what compose() and the store throw
template <class Done>
void add_scenes(store_writer& to, const scene_composer& composer, const std::vector<scene_clip>& clips, part which, std::uint64_t seed,
                const Done& done) {
  add_scenes(
      to, clips,
      [&](const scene_clip& clip, std::span<float> sound, std::span<float> maps) {
        composer.compose(clip.what, which, seed, clip.index, sound, maps);
      },
      done);
}

}  // namespace avqa
