#pragma once
// Scenes put together from two others, in the three ways in which the made-up videos of MUSIC-AVQA were.

#include <avqa/data/scenes/draw.hpp>
#include <avqa/data/scenes/scene.hpp>
#include <ogm/core/error.hpp>
#include <ogm/core/random.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace avqa {

/// The ways to put two scenes together.
enum class mixing : std::uint8_t {
  overlay,    // the picture of the first, the sounds of both
  stitching,  // the pictures side by side, the sound of one
  matching    // the picture of the first, the sound of the second
};

/// How ids of such videos begin; "e" stands for ensembles.
///
/// Source     see origin_of
constexpr std::string_view prefix_of(mixing how, bool ensemble) {
  constexpr std::string_view names[]{"eva", "evv", "esa"};
  return names[std::size_t(how)].substr(ensemble ? 0 : 1);
}

namespace detail {

inline void require_same_times(const scene& a, const scene& b) {
  if (a.length_s != b.length_s || a.steps != b.steps)
    throw ogm::value_error("avqa: a scene of " + std::to_string(a.length_s) + " s in " + std::to_string(a.steps) +
                           " steps cannot be mixed with one of " + std::to_string(b.length_s) + " s in " + std::to_string(b.steps) + ".");
}
/// When either of two is on.
inline std::vector<interval> either(std::vector<interval> a, const std::vector<interval>& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::sort(a.begin(), a.end(), [](const interval& x, const interval& y) { return x.begin_s < y.begin_s; });
  std::vector<interval> out;
  for (const interval& i : a)
    if (!out.empty() && i.begin_s <= out.back().end_s)
      out.back().end_s = std::max(out.back().end_s, i.end_s);
    else
      out.push_back(i);
  return out;
}
/// A scene that nobody hears any more.
inline scene muted(scene s) {
  for (player& p : s.players) p.on.clear();
  s.players.erase(std::remove_if(s.players.begin(), s.players.end(), [](const player& p) { return !p.seen; }), s.players.end());
  s.voiceover.clear();
  return s;
}

}  // namespace detail

/// The picture and the sound of one scene, and the sound of another.
///
/// Errors     value_error for scenes of different lengths or steps
inline scene overlaid(scene seen, const scene& heard) {
  detail::require_same_times(seen, heard);
  for (player p : heard.players)
    if (p.sounds()) {
      p.seen = false;
      seen.players.push_back(std::move(p));
    }
  seen.voiceover = detail::either(std::move(seen.voiceover), heard.voiceover);
  return seen;
}

/// The picture of one scene with the sound of another.
///
/// Errors     value_error for scenes of different lengths or steps
inline scene matched(const scene& seen, const scene& heard) { return overlaid(detail::muted(seen), heard); }

/// Two pictures side by side with the sound of one. Those who are seen stand in the order in which they stood; two share the picture in
/// halves, of three each has a third.
///
/// Errors     value_error for scenes of different lengths or steps, or in which more than three, or in one of which nobody is seen
inline scene stitched(const scene& left, const scene& right, bool left_sounds) {
  detail::require_same_times(left, right);
  scene first = left_sounds ? left : detail::muted(left), second = left_sounds ? detail::muted(right) : right;
  const auto seen_of = [](scene& s) {
    std::vector<player*> out;
    for (player& p : s.players)
      if (p.seen) out.push_back(&p);
    std::stable_sort(out.begin(), out.end(), [](const player* a, const player* b) { return a->at < b->at; });
    return out;
  };
  const auto on_left = seen_of(first), on_right = seen_of(second);
  if (on_left.empty() || on_right.empty() || on_left.size() + on_right.size() > std::size_t(place_count))
    throw ogm::value_error("avqa: scenes with " + std::to_string(on_left.size()) + " and " + std::to_string(on_right.size()) +
                           " instruments to be seen cannot be stitched; one in each and three in both at most expected.");
  for (std::size_t i = 0; i < on_left.size(); ++i) on_left[i]->at = place(i);
  for (std::size_t i = 0; i < on_right.size(); ++i) on_right[i]->at = place(std::size_t(place_count) - on_right.size() + i);
  if (first.where != second.where) first.where = setting::both;
  first.seam = on_left.size() == on_right.size() ? 0.5f : float(on_left.size()) / float(place_count);
  first.players.insert(first.players.end(), second.players.begin(), second.players.end());
  first.voiceover.insert(first.voiceover.end(), second.voiceover.begin(), second.voiceover.end());  // one of them is silent
  return first;
}

/// Mixture `index` of a seed, of two scenes that are no others of the seed below 2^30: of two solos, or for an ensemble of two duets, and
/// for a stitching of a duet and a solo. What is heard of a mixture sounds.
///
/// Errors     value_error for options that cannot be, and for an index of 2^30 and more
inline scene draw_mixture(std::uint64_t seed, std::uint32_t index, mixing how, bool ensemble, const scene_options& options = {}) {
  constexpr std::uint32_t scenes = 1u << 30;
  if (index >= scenes) throw ogm::value_error("avqa: the mixture " + std::to_string(index) + "; a number below 2^30 expected.");
  const auto draw = [&](std::uint32_t which, int players, bool sounds) {
    scene_options one = options;
    one.fewest = one.most = players;
    one.only_heard = one.foreign = 0;
    if (sounds) one.silent = 0;
    return draw_scene(seed, scenes + 2 * index + which, one);
  };
  const scene first = draw(0, ensemble ? 2 : 1, how == mixing::stitching),
              second = draw(1, ensemble && how != mixing::stitching ? 2 : 1, true);
  switch (how) {
    case mixing::overlay:
      return overlaid(first, second);
    case mixing::matching:
      return matched(first, second);
    case mixing::stitching:
      break;
  }
  const bool swapped = second.players[0].look % 2, first_sounds = second.players[0].look / 2 % 2;  // as good as any other random bits
  return swapped ? stitched(second, first, !first_sounds) : stitched(first, second, first_sounds);
}

/// A way to mix, and whether of ensembles, as often as in the published set.
///
/// Source     1,866 mixed videos by prefix: va 488, vv 236, sa 488, eva 264, evv 127, esa 263
inline std::pair<mixing, bool> draw_recipe(ogm::random::generator& g) {
  constexpr std::array<std::uint64_t, 6> counts{488, 236, 488, 264, 127, 263};
  std::uint64_t at = g.below(1866);
  std::size_t i = 0;
  while (at >= counts[i]) at -= counts[i++];
  return {mixing(i % 3), i >= 3};
}

}  // namespace avqa
