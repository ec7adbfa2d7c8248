#pragma once
// Data that needs no download: two imbalanced clusters of points, and drawn digits with patterns in the place of speech.

#include <ogm/core/random.hpp>
#include <ogm/core/tensor.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

namespace ogm::data {

/// Sizes and signal-to-noise ratios of the generated set.
struct imbalanced_options {
  size_type items = 2000;
  int classes = 8;  // even
  int audio_width = 16, visual_width = 16;
  float strong = 2.f, weak = 0.7f;  // distance of a class from the centre, in deviations of the noise
  std::uint64_t part = 0;           // other items of the same clusters: 0 to train, 1 to test
};

/// Two modalities and the labels.
struct imbalanced_set {
  ogm::tensor<float, dyn, dyn> audio, visual;  // (item, width)
  std::vector<std::int32_t> labels;
};

/// Two modalities of Gaussian clusters, audio strong and visual weak. Audio cannot tell the classes 0 and 1 apart, nor visual 1 and 2,
/// 3 and 4, ...: audio has one centre for 2c and 2c + 1, and visual one for 2c + 1 and 2c + 2 (cyclic), on top of a smaller class part
/// in both, so that only together they are certain, and audio, being strong, is learnt first.
///
/// Numerics   element by element from (seed, part): the same on any machine and any number of threads
inline imbalanced_set imbalanced(std::uint64_t seed, const imbalanced_options& how = {}) {
  if (how.items < 0 || how.classes < 2 || how.classes % 2 || how.audio_width < 1 || how.visual_width < 1)
    throw value_error("ogm: an imbalanced set of " + std::to_string(how.items) + " items and " + std::to_string(how.classes) +
                      " classes; an even number of classes expected.");
  imbalanced_set out{
      ogm::tensor<float, dyn, dyn>(how.items, how.audio_width), ogm::tensor<float, dyn, dyn>(how.items, how.visual_width), {}};
  out.labels.resize(std::size_t(how.items));
  constexpr float private_part = 0.4f;  // of the distance, for what both classes of a pair do not share
  const auto centres = [&](int width, std::uint32_t stream, float distance, int offset) {
    std::vector<float> at(std::size_t(how.classes * width));
    const auto direction = [&](std::uint32_t which, float length, float* to) {
      random::generator g({seed, random::stream_of(random::purpose::initialise, stream), which});
      std::vector<float> v(static_cast<std::size_t>(width));
      float squares = 0;
      for (float& x : v) x = g.normal(), squares += x * x;
      for (std::size_t i = 0; i < v.size(); ++i) to[i] += v[i] * (length / std::sqrt(squares));
    };
    for (int c = 0; c < how.classes; ++c) {
      float* const centre = at.data() + c * width;
      direction(std::uint32_t((c + offset) % how.classes / 2), distance, centre);
      direction(std::uint32_t(1000 + c), private_part * distance, centre);
    }
    return at;
  };
  const auto audio = centres(how.audio_width, 1, how.strong, 0), visual = centres(how.visual_width, 2, how.weak, 1);
  for (size_type i = 0; i < how.items; ++i) {
    random::generator g({seed, random::stream_of(random::purpose::augment, std::uint64_t(i)), std::uint32_t(how.part)});
    const auto label = std::int32_t(g.below(std::uint64_t(how.classes)));
    out.labels[std::size_t(i)] = label;
    for (int k = 0; k < how.audio_width; ++k) out.audio(i, k) = audio[std::size_t(label * how.audio_width + k)] + g.normal();
    for (int k = 0; k < how.visual_width; ++k) out.visual(i, k) = visual[std::size_t(label * how.visual_width + k)] + g.normal();
  }
  return out;
}

/// How hard generated digits are.
struct synthetic_digits_options {
  std::uint64_t part = 0;     // 0 to train, 1 to test
  float image_noise = 0.15f;  // deviation of the pixels' noise, of the full scale
  float audio_noise = 0.15f;
  float image_strength = 1.f;  // contrast of the strokes; small makes the image the weak modality
  float audio_strength = 1.f;
};

/// Pictures, sounds and labels, as bytes.
struct synthetic_digit_set {
  ogm::tensor<std::uint8_t, dyn, 28, 28> images;  // (item, row, column)
  ogm::tensor<std::uint8_t, dyn, 40, 64> audio;   // (item, band, frame)
  std::vector<std::int32_t> labels;
};

namespace detail {

struct point {
  float x, y;
};

/// The strokes of a digit as chains of points in a unit square, y downwards; {-1, -1} lifts the pen.
inline const std::vector<point>& digit_strokes(std::int32_t digit) {
  static const std::array<std::vector<point>, 10> all{{
      {{.5f, 0}, {.15f, .2f}, {.1f, .5f}, {.15f, .8f}, {.5f, 1}, {.85f, .8f}, {.9f, .5f}, {.85f, .2f}, {.5f, 0}},
      {{.3f, .2f}, {.55f, 0}, {.55f, 1}},
      {{.1f, .2f}, {.4f, 0}, {.8f, .1f}, {.85f, .35f}, {.1f, 1}, {.9f, 1}},
      {{.1f, .1f}, {.5f, 0}, {.85f, .2f}, {.4f, .48f}, {.9f, .7f}, {.6f, 1}, {.1f, .9f}},
      {{.75f, 1}, {.7f, 0}, {.1f, .65f}, {.95f, .65f}},
      {{.85f, 0}, {.2f, 0}, {.15f, .45f}, {.6f, .4f}, {.9f, .7f}, {.6f, 1}, {.1f, .95f}},
      {{.75f, 0}, {.3f, .3f}, {.1f, .7f}, {.4f, 1}, {.85f, .85f}, {.75f, .55f}, {.15f, .65f}},
      {{.1f, 0}, {.9f, 0}, {.4f, 1}, {-1, -1}, {.3f, .5f}, {.8f, .5f}},
      {{.5f, .47f}, {.15f, .25f}, {.5f, 0}, {.85f, .25f}, {.5f, .47f}, {.1f, .75f}, {.5f, 1}, {.9f, .75f}, {.5f, .47f}},
      {{.85f, .4f}, {.3f, .5f}, {.15f, .2f}, {.5f, 0}, {.85f, .15f}, {.85f, .4f}, {.65f, 1}},
  }};
  return all[std::size_t(digit)];
}

inline float distance_to_segment(point p, point a, point b) {
  const float dx = b.x - a.x, dy = b.y - a.y, squares = dx * dx + dy * dy;
  const float t = squares > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / squares, 0.f, 1.f) : 0.f;
  return std::sqrt((p.x - a.x - t * dx) * (p.x - a.x - t * dx) + (p.y - a.y - t * dy) * (p.y - a.y - t * dy));
}
inline std::uint8_t to_byte(float v) { return std::uint8_t(std::clamp(v, 0.f, 1.f) * 255.f + 0.5f); }

inline void draw_digit(std::int32_t digit, random::generator& g, const synthetic_digits_options& how, std::uint8_t* out) {
  const auto around = [&](float centre, float spread) { return centre + spread * (2 * g.uniform() - 1); };
  const float height = around(18, 2.5f), width = around(13, 2.5f), slant = around(0, 0.25f), turn = around(0, 0.2f),
              thickness = around(1.3f, 0.4f);
  const float middle_x = around(14, 2), middle_y = around(14, 2);
  std::vector<point> chain = digit_strokes(digit);
  for (point& p : chain) {
    if (p.x < 0) continue;
    const float x = (p.x - 0.5f + around(0, 0.05f)) * width + slant * (0.5f - p.y) * height, y = (p.y - 0.5f + around(0, 0.05f)) * height;
    p = {middle_x + x * std::cos(turn) - y * std::sin(turn), middle_y + x * std::sin(turn) + y * std::cos(turn)};
    p = {std::max(p.x, 0.f), std::max(p.y, 0.f)};  // negative x is the lifted pen
  }
  for (int row = 0; row < 28; ++row)
    for (int column = 0; column < 28; ++column) {
      float nearest = 100;
      for (std::size_t i = 1; i < chain.size(); ++i)
        if (chain[i - 1].x >= 0 && chain[i].x >= 0)
          nearest = std::min(nearest, distance_to_segment({float(column) + 0.5f, float(row) + 0.5f}, chain[i - 1], chain[i]));
      const float ink = std::clamp(thickness + 0.5f - nearest, 0.f, 1.f);
      out[row * 28 + column] = to_byte(how.image_strength * ink + how.image_noise * g.normal());
    }
}

/// Two formants that move from one place to another, as wide as a vowel's, an onset of noise for half of the classes, silence around.
inline void speak_digit(std::int32_t digit, random::generator& g, const synthetic_digits_options& how, std::uint8_t* out) {
  struct track {
    float first_from, first_to, second_from, second_to, length;
    bool fricative;
  };
  static constexpr track tracks[10]{{8, 11, 28, 18, 30, true},  {14, 9, 15, 24, 24, false}, {7, 7, 25, 16, 20, false},
                                    {8, 6, 22, 29, 26, true},   {12, 10, 17, 20, 26, true}, {15, 9, 18, 28, 32, true},
                                    {9, 9, 27, 27, 22, true},   {11, 8, 26, 21, 34, true},  {8, 14, 30, 26, 22, false},
                                    {15, 12, 22, 30, 32, false}};
  const track& t = tracks[digit];
  const auto around = [&](float centre, float spread) { return centre + spread * (2 * g.uniform() - 1); };
  const float speaker = around(0, 2.5f), length = t.length * around(1, 0.2f), begin = around(32, 5) - length / 2,
              loudness = around(0.8f, 0.15f);
  for (int band = 0; band < 40; ++band)
    for (int frame = 0; frame < 64; ++frame) {
      const float at = (float(frame) - begin) / length;
      float level = 0;
      if (at >= 0 && at <= 1) {
        const float first = t.first_from + (t.first_to - t.first_from) * at + speaker * 0.6f;
        const float second = t.second_from + (t.second_to - t.second_from) * at + speaker;
        const auto hill = [&](float centre, float wide) {
          return std::exp(-(float(band) - centre) * (float(band) - centre) / (2 * wide * wide));
        };
        level = std::max(hill(first, 2.2f), 0.8f * hill(second, 2.6f));
        if (t.fricative && at < 0.2f) level = 0.6f * hill(36, 5);
        level *= loudness * std::min(1.f, 8 * std::min(at + 0.05f, 1.05f - at));
      }
      out[band * 64 + frame] = to_byte(how.audio_strength * level + how.audio_noise * std::fabs(g.normal()));
    }
}

}  // namespace detail

/// Digits drawn with a pen that shakes, and a picture of "speech" for each: ten classes, enough to show a model learning.
///
/// Numerics   item i depends on (seed, part, i) alone; sines and exponentials are the C library's
inline synthetic_digit_set synthetic_digits(size_type items, std::uint64_t seed, const synthetic_digits_options& how = {}) {
  synthetic_digit_set out{ogm::tensor<std::uint8_t, dyn, 28, 28>(items), ogm::tensor<std::uint8_t, dyn, 40, 64>(items), {}};
  out.labels.resize(std::size_t(items));
  for (size_type i = 0; i < items; ++i) {
    random::generator g({seed, random::stream_of(random::purpose::augment, std::uint64_t(i)), std::uint32_t(how.part)});
    const auto digit = std::int32_t(g.below(10));
    out.labels[std::size_t(i)] = digit;
    detail::draw_digit(digit, g, how, out.images.data() + i * 28 * 28);
    detail::speak_digit(digit, g, how, out.audio.data() + i * 40 * 64);
  }
  return out;
}

}  // namespace ogm::data
