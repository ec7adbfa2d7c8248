#pragma once
// Scenes as pictures with photographs of instruments, and as sums of notes of sampled instruments.

#include <avqa/data/scenes/canvas.hpp>
#include <avqa/data/scenes/draw.hpp>
#include <avqa/data/scenes/instrument_features.hpp>
#include <avqa/data/scenes/procedural.hpp>
#include <avqa/data/scenes/scene.hpp>
#include <avqa/data/scenes/score.hpp>
#include <avqa/data/scenes/timbres.hpp>
#include <ogm/core/error.hpp>
#include <ogm/core/random.hpp>
#include <ogm/data/npy.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace avqa {

/// Shows scenes with what a folder of instruments holds: photos_rgb64.npy (photograph, 64, 64, 3) with photo_class.npy and photo_split.npy;
/// notes_pcm16k_fluidr3.npy (22, note, samples at 16 kHz), whose splits are those of the rows of source 0 in sound_class.npy,
/// sound_split.npy and sound_source.npy. Rooms, meadows and voices are procedural_scenes'.
///
/// Parts      no photograph and no note of one part is ever in a scene of another
/// Threads    any number of them may call
/// Errors     data_error with the file where one is missing, of another shape, or names no instrument; value_error for a scene of an
///            instrument without photographs or notes; shape_error where pixels are not (side, side, 3)
/// Example    instrument_scenes("av_instruments").frame(s, {.which = part::test}, 0.5f, 224, pixels)
class instrument_scenes {
 public:
  explicit instrument_scenes(const std::string& folder)
      : pixels_(read<std::uint8_t>(folder + "/photos_rgb64.npy", {-1, photo_side, photo_side, 3})),
        samples_(read<std::int16_t>(folder + "/notes_pcm16k_fluidr3.npy", {ogm::size_type(instruments.size()), -1, -1})),
        photos_(detail::small_numbers(folder + "/photo_class.npy", std::size_t(pixels_.shape[0]), instruments.size()),
                detail::small_numbers(folder + "/photo_split.npy", std::size_t(pixels_.shape[0]), 2), {}),
        notes_(note_rows(folder, std::size_t(samples_.shape[1]))) {
    for (std::uint8_t i = 0; i < instruments.size(); ++i)
      if (photos_.has_all_parts(i) && notes_.has_all_parts(i)) classes_.push_back(i);
  }

  /// The instruments that have photographs and notes for every part: of these, scenes can be shown.
  const std::vector<std::uint8_t>& classes() const { return classes_; }
  const instrument_rows& photos() const { return photos_; }
  /// Row instrument * notes + note.
  const instrument_rows& notes() const { return notes_; }

  /// The picture at a moment: (side, side, 3), red first. A photograph sways while its instrument plays.
  void frame(const scene& s, const scene_take& take, float time_s, int side, std::span<std::uint8_t> pixels) const {
    detail::canvas on(side, pixels);
    detail::draw_surroundings(on, s, take);
    for (const player& p : s.players)
      if (p.seen) {
        const auto rows = photos_.of(p.instrument, take.which, 0);
        paste(on, rows[p.look % rows.size()], detail::stand_of(p, time_s, side));
      }
  }

  /// Samples from `first` on, one channel at 16 kHz, in [-1, 1]: a window holds what the whole holds there.
  void sound(const scene& s, const scene_take& take, long first, std::span<float> out) const {
    const auto length = std::size_t(samples_.shape[2]);
    const auto play = [&](const player& p, std::uint32_t number, std::span<float> note) {
      const auto rows = notes_.of(p.instrument, take.which, 0);
      ogm::random::generator g(
          {p.look, ogm::random::stream_of(ogm::random::purpose::augment, std::uint64_t(detail::scene_stream::sounds)), number});
      const std::int16_t* const from = samples_.values.data() + std::size_t(rows[std::size_t(g.below(rows.size()))]) * length;
      std::copy_n(from, std::min(length, note.size()), note.begin());
    };
    detail::perform(s, take, first, out, play,
                    [&](std::uint32_t number, std::span<float> syllable) { detail::speak_syllable(take, number, syllable); });
  }

 private:
  static constexpr int photo_side = 64;

  /// An array of that shape; -1: any.
  template <class T> static ogm::data::array<T> read(const std::string& path, const std::vector<ogm::size_type>& shape) {
    auto out = ogm::data::npy::read<T>(path);
    bool fits = out.shape.size() == shape.size();
    for (std::size_t i = 0; fits && i < shape.size(); ++i) fits = shape[i] < 0 ? out.shape[i] > 0 : out.shape[i] == shape[i];
    if (!fits)
      throw ogm::data_error("avqa: " + path + ": shape " + ogm::shape_text(out.shape) + "; " + ogm::shape_text(shape) +
                            " expected, where dyn is any size from 1 on.");
    return out;
  }
  /// The notes of each instrument are its rows of source 0, in their order.
  static instrument_rows note_rows(const std::string& folder, std::size_t notes) {
    const std::string path = folder + "/sound_class.npy";
    const std::size_t count = ogm::data::npy::read<std::uint8_t>(path).values.size();
    const auto classes = detail::small_numbers(path, count, instruments.size()),
               splits = detail::small_numbers(folder + "/sound_split.npy", count, 2),
               sources = detail::small_numbers(folder + "/sound_source.npy", count, 256);
    std::vector<std::uint8_t> of_notes, held_out;
    for (std::uint8_t i = 0; i < instruments.size(); ++i) {
      for (std::size_t row = 0; row < count; ++row)
        if (classes[row] == i && sources[row] == 0) held_out.push_back(splits[row]);
      of_notes.resize(of_notes.size() + notes, i);
      if (held_out.size() != of_notes.size())
        throw ogm::data_error("avqa: " + path + ": " + std::to_string(held_out.size() + notes - of_notes.size()) +
                              " rows of source 0 for \"" + std::string(instruments[i]) + "\"; one for each of its " +
                              std::to_string(notes) + " notes expected.");
    }
    return {of_notes, held_out, {}};
  }

  void paste(detail::canvas& on, std::size_t photo, const detail::placement& at) const {
    const std::uint8_t* const from = pixels_.values.data() + photo * photo_side * photo_side * 3;
    const float half = 0.62f * at.scale, cosine = std::cos(at.turn), sine = std::sin(at.turn), reach = half * 1.42f + 1;
    const auto inside = [&](float x) { return std::clamp(int(std::floor(x)), 0, on.side()); };
    for (int y = inside(at.y - reach); y < inside(at.y + reach); ++y)
      for (int x = inside(at.x - reach); x < inside(at.x + reach); ++x) {
        const float dx = float(x) + 0.5f - at.x, dy = float(y) + 0.5f - at.y;
        const float across = cosine * dx + sine * dy, down = cosine * dy - sine * dx;
        const float share = std::min(1.f, half + 0.5f - std::max(std::abs(across), std::abs(down)));
        if (share > 0)
          on.blend(x, y, sampled(from, (down / half + 1) / 2 * photo_side - 0.5f, (across / half + 1) / 2 * photo_side - 0.5f), share);
      }
  }
  /// Between the four nearest pixels.
  static detail::colour sampled(const std::uint8_t* from, float row, float column) {
    const float y = std::clamp(row, 0.f, photo_side - 1.f), x = std::clamp(column, 0.f, photo_side - 1.f);
    const int y0 = std::min(int(y), photo_side - 2), x0 = std::min(int(x), photo_side - 2);
    const auto pixel = [&](int r, int c) {
      const std::uint8_t* const p = from + (r * photo_side + c) * 3;
      return detail::colour{float(p[0]), float(p[1]), float(p[2])};
    };
    const float right = x - float(x0);
    return mix(mix(pixel(y0, x0), pixel(y0, x0 + 1), right), mix(pixel(y0 + 1, x0), pixel(y0 + 1, x0 + 1), right), y - float(y0));
  }

  ogm::data::array<std::uint8_t> pixels_;   // (photograph, 64, 64, 3)
  ogm::data::array<std::int16_t> samples_;  // (instrument, note, sample)
  instrument_rows photos_, notes_;
  std::vector<std::uint8_t> classes_;
};

}  // namespace avqa
