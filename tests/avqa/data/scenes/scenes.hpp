#pragma once
// Scenes made by hand, for the tests of what asks about them, mixes them and shows them.

#include <avqa/data/scenes/scene.hpp>
#include <avqa/question/answers.hpp>

#include <algorithm>
#include <stdexcept>
#include <string_view>

namespace ogm::test {

inline std::uint8_t instrument(std::string_view name) {
  const auto at = std::find(avqa::instruments.begin(), avqa::instruments.end(), name);
  if (at == avqa::instruments.end()) throw std::logic_error("no such instrument");
  return std::uint8_t(at - avqa::instruments.begin());
}
inline avqa::player seen(std::string_view name, avqa::place at, std::vector<avqa::interval> on = {{0, 60}}, float loudness = 1,
                         float onsets_hz = 2) {
  return {.instrument = instrument(name), .at = at, .on = std::move(on), .loudness = loudness, .onsets_hz = onsets_hz};
}
inline avqa::player heard(std::string_view name, std::vector<avqa::interval> on = {{0, 60}}, float loudness = 1, float onsets_hz = 2) {
  avqa::player out = seen(name, avqa::place::left, std::move(on), loudness, onsets_hz);
  out.seen = false;
  return out;
}

/// A violin on the left, a piano on the right, and a flute that nobody sees; outdoors.
inline avqa::scene trio() {
  using avqa::place;
  return {.players = {seen("violin", place::left, {{0, 60}}, 1.f, 1), seen("piano", place::right, {{12, 36}}, 0.5f, 4),
                      heard("flute", {{30, 60}}, 0.25f, 2)},
          .where = avqa::setting::outdoor};
}
/// Two violins, left and middle, and on the right a drum that never sounds; somebody speaks.
inline avqa::scene two_violins() {
  using avqa::place;
  return {.players = {seen("violin", place::left, {{6, 30}}, 1.f, 3), seen("violin", place::middle, {{12, 60}}, 0.5f, 3),
                      seen("drum", place::right, {})},
          .voiceover = {{6, 12}}};
}
/// A pipa on the right, and nothing else.
inline avqa::scene solo() { return {.players = {seen("pipa", avqa::place::right)}}; }
/// A cello is seen and a tuba is heard.
inline avqa::scene foreign() { return {.players = {seen("cello", avqa::place::middle, {}), heard("tuba", {{0, 30}, {36, 60}})}}; }

}  // namespace ogm::test
