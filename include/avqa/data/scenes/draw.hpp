#pragma once
// Scenes at random: scene i of a seed is the same on any machine.

#include <avqa/data/scenes/scene.hpp>
#include <avqa/question/answers.hpp>
#include <ogm/core/error.hpp>
#include <ogm/core/random.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace avqa {

/// What scenes may hold. Chances are probabilities.
struct scene_options {
  int fewest = 1, most = 4;                 // instruments, seen or only heard
  std::vector<std::uint8_t> classes{};      // of avqa::instruments; none: all 22
  float repeated = 0.2f;                    // that an instrument is of the class of the one before it
  float only_heard = 0.1f;                  // of each but the first; a fourth one finds no place and is only heard
  float foreign = 0.1f;                     // that the sound is not from the picture: what is seen is silent, something else is heard
  float silent = 0.1f, throughout = 0.35f;  // of each: never plays; plays from beginning to end; else in one or two stretches
  float outdoor = 0.4f, voiceover = 0.3f;
  float length_s = 60;
  int steps = 10;  // stretches begin and end at these steps
};

namespace detail {

/// What draws of scenes are for: the streams of one seed.
enum class scene_stream : std::uint32_t { events = 0x5CE0, questions, features, pictures, sounds, mixing };
inline ogm::random::generator scene_generator(std::uint64_t seed, scene_stream what, std::uint32_t index) {
  return ogm::random::generator({seed, ogm::random::stream_of(ogm::random::purpose::augment, std::uint64_t(what)), index});
}

/// Four steps of loudness, 4 dB apart, and as many of rhythm: players of one scene have different ones.
inline constexpr std::array<float, 4> loudness_levels{0.25f, 0.4f, 0.63f, 1.f};
inline constexpr std::array<float, 4> onset_rates_hz{0.75f, 1.5f, 3.f, 6.f};

template <class T, std::size_t N> std::array<T, N> shuffled(std::array<T, N> values, ogm::random::generator& g) {
  for (std::size_t i = N; i > 1; --i) std::swap(values[i - 1], values[std::size_t(g.below(i))]);
  return values;
}

inline void require_scene_options(const scene_options& how) {
  const auto fail = [](const std::string& what) { throw ogm::value_error("avqa: scenes " + what + "."); };
  if (how.fewest < 1 || how.most < how.fewest || how.most > int(loudness_levels.size()))
    fail("of " + std::to_string(how.fewest) + " to " + std::to_string(how.most) + " instruments; 1 <= fewest <= most <= 4 expected");
  for (const std::uint8_t c : how.classes)
    if (c >= instruments.size()) fail("with the instrument " + std::to_string(c) + "; a number below 22 expected");
  for (const float chance :
       {how.repeated, how.only_heard, how.foreign, how.silent, how.throughout, how.outdoor, how.voiceover, how.silent + how.throughout})
    if (!(chance >= 0 && chance <= 1)) fail("with a chance of " + std::to_string(chance) + "; one in [0, 1] expected");
  if (how.steps < 1 || !(how.length_s > 0))
    fail("of " + std::to_string(how.length_s) + " s in " + std::to_string(how.steps) + " steps; both must be positive");
}

/// One or two stretches that begin and end at steps and leave at least one step out, where there are steps enough.
inline std::vector<interval> drawn_stretches(const scene_options& how, ogm::random::generator& g) {
  const auto steps = std::uint64_t(how.steps);
  const auto at = [&](std::uint64_t step) { return how.length_s * float(step) / float(how.steps); };
  const auto stretch = [&](std::uint64_t first, std::uint64_t last) {  // inside [first, last), at least one step long
    const std::uint64_t begin = first + g.below(last - first), end = begin + 1 + g.below(last - begin);
    return interval{at(begin), at(end)};
  };
  if (steps >= 5 && g.below(3) == 0) {
    const std::uint64_t cut = 2 + g.below(steps - 4);
    return {stretch(0, cut), stretch(cut + 1, steps)};
  }
  const interval one = stretch(0, steps);
  if (one != interval{0, how.length_s} || steps < 2) return {one};
  return {{at(1 + g.below(steps - 1)), how.length_s}};
}

}  // namespace detail

/// Scene `index` of a seed.
///
/// Numerics   integers, and floats that no function of the C library has touched: the same bits everywhere
/// Errors     value_error for options that cannot be
/// Example    draw_scene(1, 0, {.fewest = 2, .most = 2})
inline scene draw_scene(std::uint64_t seed, std::uint32_t index, const scene_options& how = {}) {
  detail::require_scene_options(how);
  ogm::random::generator g = detail::scene_generator(seed, detail::scene_stream::events, index);
  const auto chance = [&](float p) { return g.uniform() < p; };
  scene out;
  out.length_s = how.length_s, out.steps = how.steps;
  out.where = chance(how.outdoor) ? setting::outdoor : setting::indoor;
  if (chance(how.voiceover)) out.voiceover = detail::drawn_stretches(how, g);
  const bool foreign = chance(how.foreign) && how.most > 1;
  const int fewest = std::max(how.fewest, foreign ? 2 : 1), count = fewest + int(g.below(std::uint64_t(how.most - fewest + 1)));
  const auto places = detail::shuffled(std::array{place::left, place::middle, place::right}, g);
  const auto loudness = detail::shuffled(detail::loudness_levels, g);
  const auto rates = detail::shuffled(detail::onset_rates_hz, g);
  std::size_t seen = 0;
  for (std::size_t i = 0; i < std::size_t(count); ++i) {
    player p;
    const bool again = chance(how.repeated) && i > 0;
    const std::uint64_t drawn = g.below(how.classes.empty() ? instruments.size() : how.classes.size());
    p.instrument = again ? out.players.back().instrument : how.classes.empty() ? std::uint8_t(drawn) : how.classes[drawn];
    const bool hidden = chance(how.only_heard);
    p.seen = i == 0 || (seen < places.size() && !(foreign ? i == 1 || hidden : hidden));
    if (p.seen) p.at = places[seen++];
    p.loudness = loudness[i], p.onsets_hz = rates[i];
    p.look = std::uint32_t(g.below(1u << 31));
    const float kind = g.uniform();
    std::vector<interval> stretches = detail::drawn_stretches(how, g);
    const bool silent = foreign ? p.seen : kind < how.silent && p.seen;
    if (!silent) p.on = kind < how.silent + how.throughout ? std::vector{interval{0, how.length_s}} : std::move(stretches);
    out.players.push_back(std::move(p));
  }
  return out;
}

}  // namespace avqa
