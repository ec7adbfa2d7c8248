#pragma once
// Made-up sounds of the 22 instruments, and of somebody who speaks: sums of partials under an envelope, and noise.

#include <avqa/data/scenes/score.hpp>
#include <avqa/question/answers.hpp>
#include <ogm/core/math.hpp>
#include <ogm/core/random.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace avqa::detail {

/// How an instrument sounds.
struct timbre {
  enum class partials : std::uint8_t { harmonic, membrane, wood };
  float low = 60, high = 72;             // notes, in MIDI numbers
  float tilt = 1;                        // partial n has the amplitude n^-tilt
  float even = 1;                        // times this where n is even
  float formant_hz = 1000, formant = 0;  // how many times more near that frequency, an octave wide
  float attack_s = 0.005f, decay_s = 0;  // 0: as long as the note lasts
  float vibrato = 0, tremolo = 0;        // relative depths
  float noise = 0;                       // amplitude beside the partials'
  float drone_hz = 0;                    // a second tone that stays
  partials kind = partials::harmonic;
};

/// In the order of avqa::instruments.
inline constexpr std::array<timbre, instruments.size()> timbres{{
    {.low = 60, .high = 79, .tilt = 0.7f, .formant_hz = 1800, .formant = 1, .attack_s = 0.04f, .tremolo = 0.35f},     // accordion
    {.low = 45, .high = 64, .tilt = 1.1f, .attack_s = 0.003f, .decay_s = 0.45f},                                      // guitar
    {.low = 69, .high = 81, .tilt = 0.35f, .formant_hz = 1100, .formant = 2, .attack_s = 0.01f, .drone_hz = 116},     // bagpipe
    {.low = 59, .high = 79, .tilt = 0.5f, .formant_hz = 2400, .formant = 3, .attack_s = 0.002f, .decay_s = 0.12f},    // banjo
    {.low = 36, .high = 55, .tilt = 1.2f, .formant_hz = 480, .formant = 5, .attack_s = 0.03f},                        // bassoon
    {.low = 38, .high = 57, .tilt = 0.9f, .formant_hz = 250, .formant = 1.5f, .attack_s = 0.09f, .vibrato = 0.008f},  // cello
    {.low = 55, .high = 76, .tilt = 1.f, .even = 0.05f, .attack_s = 0.03f},                                           // clarinet
    {.low = 52,
     .high = 60,
     .tilt = 1.6f,
     .attack_s = 0.002f,
     .decay_s = 0.10f,
     .noise = 0.15f,
     .kind = timbre::partials::membrane},  // congas
    {.low = 34, .high = 44, .tilt = 1.4f, .attack_s = 0.001f, .decay_s = 0.07f, .noise = 1.5f, .kind = timbre::partials::membrane},  // drum
    {.low = 28, .high = 43, .tilt = 1.7f, .attack_s = 0.005f, .decay_s = 0.6f},                                                      // bass
    {.low = 64, .high = 79, .tilt = 0.6f, .formant_hz = 1300, .formant = 3, .attack_s = 0.06f, .vibrato = 0.02f},                    // erhu
    {.low = 74, .high = 91, .tilt = 2.6f, .attack_s = 0.05f, .vibrato = 0.004f, .noise = 0.08f},                                  // flute
    {.low = 55, .high = 79, .tilt = 0.8f, .even = 0.5f, .formant_hz = 900, .formant = 1, .attack_s = 0.002f, .decay_s = 0.9f},    // guzheng
    {.low = 45, .high = 81, .tilt = 1.5f, .attack_s = 0.004f, .decay_s = 0.7f},                                                   // piano
    {.low = 57, .high = 76, .tilt = 0.4f, .even = 1.6f, .formant_hz = 1500, .formant = 2, .attack_s = 0.001f, .decay_s = 0.22f},  // pipa
    {.low = 50,
     .high = 69,
     .tilt = 0.7f,
     .formant_hz = 800,
     .formant = 3,
     .attack_s = 0.03f,
     .vibrato = 0.006f,
     .noise = 0.04f},                                                                                                  // saxophone
    {.low = 76, .high = 91, .tilt = 0.1f, .formant_hz = 2800, .formant = 3, .attack_s = 0.02f, .vibrato = 0.005f},     // suona
    {.low = 60, .high = 76, .tilt = 0.4f, .formant_hz = 1400, .formant = 1.5f, .attack_s = 0.025f},                    // trumpet
    {.low = 29, .high = 44, .tilt = 1.3f, .formant_hz = 230, .formant = 3, .attack_s = 0.05f, .noise = 0.02f},         // tuba
    {.low = 62, .high = 76, .tilt = 1.8f, .attack_s = 0.003f, .decay_s = 0.2f},                                        // ukulele
    {.low = 69, .high = 91, .tilt = 0.7f, .formant_hz = 3000, .formant = 1.5f, .attack_s = 0.07f, .vibrato = 0.009f},  // violin
    {.low = 79, .high = 96, .tilt = 1.2f, .attack_s = 0.001f, .decay_s = 0.10f, .kind = timbre::partials::wood},       // xylophone
}};

/// Adds amplitude * sin(2 pi turns), its frequency changed by `bend` in blocks of 4 ms.
template <class Bend> void add_tone(std::span<float> out, double frequency_hz, float amplitude, double turns, const Bend& bend) {
  constexpr std::size_t block = 64;
  for (std::size_t first = 0; first < out.size(); first += block) {
    const double step = frequency_hz * bend(float(first) / scene_rate_hz) / scene_rate_hz;
    const auto start = ogm::math::turn(float(turns - std::floor(turns))), turn = ogm::math::turn(float(step));
    float cosine = start.cosine, sine = start.sine;
    const std::size_t last = std::min(out.size(), first + block);
    for (std::size_t i = first; i < last; ++i) {
      out[i] += amplitude * sine;
      const float next = cosine * turn.cosine - sine * turn.sine;
      sine = sine * turn.cosine + cosine * turn.sine;
      cosine = next;
    }
    turns += step * double(last - first);
  }
}

/// How much more a frequency sounds that is near a formant.
inline float formant_gain(float frequency_hz, float formant_hz, float octaves) {
  const float away = std::log2(frequency_hz / formant_hz) / octaves;
  return std::exp(-0.5f * away * away);
}

/// One note. The look of the player says which of its kind it is, the number which note it plays.
inline void play_note(const player& p, std::uint32_t number, std::span<float> out) {
  const timbre& t = timbres[p.instrument];
  const auto stream = ogm::random::stream_of(ogm::random::purpose::augment, std::uint64_t(scene_stream::sounds));
  ogm::random::generator own({p.look, stream, p.instrument}), g({p.look, stream, 64 + number});
  const float bright = 0.3f * (own.uniform() - 0.5f), tuning = 0.6f * (own.uniform() - 0.5f), shift = 0.15f * (own.uniform() - 0.5f);
  const float key = t.low + std::floor(g.uniform() * (t.high - t.low + 1));
  const float base_hz = 440 * std::exp2((key + tuning - 69) / 12), phase = g.uniform();
  static constexpr std::array<float, 6> skin{1, 1.59f, 2.14f, 2.30f, 2.65f, 2.92f};
  static constexpr std::array<float, 4> plank{1, 3, 6.1f, 9.7f};
  const std::size_t count = t.kind == timbre::partials::membrane ? skin.size() : t.kind == timbre::partials::wood ? plank.size() : 24;
  const auto bend = [&](float time_s) { return 1 + t.vibrato * ogm::math::turn(5.5f * time_s + phase).sine; };
  for (std::size_t n = 1; n <= count; ++n) {
    const float ratio = t.kind == timbre::partials::membrane ? skin[n - 1] : t.kind == timbre::partials::wood ? plank[n - 1] : float(n);
    const float frequency_hz = base_hz * ratio, pitch = g.uniform();
    if (frequency_hz > 7600) break;
    const float near = t.formant > 0 ? t.formant * formant_gain(frequency_hz, t.formant_hz * std::exp2(shift), 0.5f) : 0.f;
    const float amplitude = std::exp2(-(t.tilt + bright) * std::log2(float(n))) * (n % 2 ? 1.f : t.even) * (1 + near);
    add_tone(out, frequency_hz, amplitude, pitch, bend);
    if (t.drone_hz > 0) add_tone(out, t.drone_hz * float(n), 0.5f * amplitude, pitch, [](float) { return 1.f; });
  }
  if (t.noise > 0)
    for (float& x : out) x += t.noise * 2 * (g.uniform() - 0.5f);
  const float fall = t.decay_s > 0 ? std::exp(-1 / (t.decay_s * scene_rate_hz)) : 1.f;
  float level = 1;
  for (std::size_t i = 0; i < out.size(); ++i, level *= fall) {
    const float time_s = float(i) / scene_rate_hz, beat = t.tremolo > 0 ? 1 - t.tremolo * ogm::math::turn(6 * time_s).sine : 1.f;
    out[i] *= level * beat * std::min(1.f, time_s / t.attack_s);
  }
}

/// One syllable: a hiss, then a vowel whose pitch falls. About every seventh is a pause.
inline void speak_syllable(const scene_take& take, std::uint32_t number, std::span<float> out) {
  constexpr auto stream = ogm::random::stream_of(ogm::random::purpose::augment, std::uint64_t(scene_stream::sounds));
  ogm::random::generator speaker({take.seed + 1, stream, take.index}), g({take.seed + 2, stream + number, take.index});
  static constexpr float vowels[][3]{{730, 1090, 2440}, {270, 2290, 3010}, {300, 870, 2240}, {530, 1840, 2480}, {570, 840, 2410}};
  const float size = 1 + 0.15f * (speaker.uniform() - 0.5f), voice_hz = 100 + 110 * speaker.uniform();
  if (g.below(7) == 0) return;
  const auto& vowel = vowels[g.below(5)];
  const float base_hz = voice_hz * (0.9f + 0.25f * g.uniform());
  const std::size_t hissing = g.below(2) ? out.size() / 4 : 0;
  const std::span<float> tone = out.subspan(hissing);
  for (int n = 1; float(n) * base_hz < 4000; ++n) {
    float amplitude = 0.02f;
    for (const float formant_hz : vowel) amplitude += formant_gain(float(n) * base_hz, formant_hz * size, 0.15f);
    add_tone(tone, double(n) * base_hz, amplitude / std::sqrt(float(n)), g.uniform(), [](float time_s) { return 1.05f - 0.5f * time_s; });
  }
  const auto swell = [](std::span<float> part) {
    for (std::size_t i = 0; i < part.size(); ++i) part[i] *= ogm::math::turn(0.5f * float(i) / float(part.size())).sine;
  };
  swell(tone);
  for (float& x : out.first(hissing)) x = g.uniform() - 0.5f;
  swell(out.first(hissing));
}

}  // namespace avqa::detail
