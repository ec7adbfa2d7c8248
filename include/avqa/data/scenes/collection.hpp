#pragma once
// Data sets of scenes: three parts that share no video, with their annotations in the official schema.

#include <avqa/data/music_avqa.hpp>
#include <avqa/data/music_avqa_writer.hpp>
#include <avqa/data/scenes/draw.hpp>
#include <avqa/data/scenes/mixing.hpp>
#include <avqa/data/scenes/questions.hpp>
#include <avqa/data/scenes/scene.hpp>
#include <ogm/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace avqa {

/// The parts of a data set.
enum class part : std::uint8_t { train, val, test };

/// As files are called: "train", "val", "test".
constexpr std::string_view name_of(part p) { return p == part::train ? "train" : p == part::val ? "val" : "test"; }

/// A scene that is one video of a data set, and what is asked about it.
struct scene_clip {
  std::string video_id;
  std::uint32_t index = 0;  // of the scene, and of everything else that is drawn for it
  scene what;
  std::vector<annotation> questions;
};

/// How many scenes a data set has, and of what kind.
struct collection_options {
  std::uint64_t seed = 1;
  std::uint32_t train = 900, val = 100, test = 200;  // scenes
  std::size_t questions = 5;                         // a scene; fewer where it has no more
  float mixed = 0;                                   // the chance of each scene to be a mixture of two; a fifth of the published videos are
  scene_options scenes{};
  asking_options asking{};

  std::uint32_t size(part p) const { return p == part::train ? train : p == part::val ? val : test; }
};

namespace detail {

/// Eight digits, as real videos are called.
inline std::string video_id_of(std::uint32_t number, std::string_view prefix = "") {
  const std::string digits = std::to_string(number);
  if (digits.size() > 8) throw ogm::value_error("avqa: the video number " + digits + " has more than eight digits.");
  return std::string(prefix) + std::string(8 - digits.size(), '0') + digits;
}

}  // namespace detail

/// The scenes of one part, in order. Scenes are numbered through train, val and test, so that no two parts share one; the shares of answers
/// are kept in each part.
///
/// Errors     value_error for options that cannot be
inline std::vector<scene_clip> draw_part(part which, const collection_options& how) {
  if (!(how.mixed >= 0 && how.mixed <= 1))
    throw ogm::value_error("avqa: scenes that are mixed with a chance of " + std::to_string(how.mixed) + "; one in [0, 1] expected.");
  std::uint32_t first = 0;
  for (const part before : {part::train, part::val})
    if (before < which) first += how.size(before);
  question_drawer questions(how.seed, how.asking);
  std::vector<scene_clip> out(how.size(which));
  for (std::uint32_t i = 0; i < out.size(); ++i) {
    scene_clip& clip = out[i];
    clip.index = first + i;
    ogm::random::generator g = detail::scene_generator(how.seed, detail::scene_stream::mixing, clip.index);
    if (g.uniform() < how.mixed) {
      const auto [recipe, ensemble] = draw_recipe(g);
      clip.video_id = detail::video_id_of(clip.index, prefix_of(recipe, ensemble));
      clip.what = draw_mixture(how.seed, clip.index, recipe, ensemble, how.scenes);
    } else {
      clip.video_id = detail::video_id_of(clip.index);
      clip.what = draw_scene(how.seed, clip.index, how.scenes);
    }
    for (const scene_question& q : questions.draw(clip.what, clip.index, how.questions))
      clip.questions.push_back(annotation_of(q, clip.video_id, std::uint64_t(clip.index) * how.questions + clip.questions.size()));
  }
  return out;
}

/// The questions of all clips, in their order.
inline std::vector<annotation> annotations_of(const std::vector<scene_clip>& clips) {
  std::vector<annotation> out;
  for (const scene_clip& clip : clips) out.insert(out.end(), clip.questions.begin(), clip.questions.end());
  return out;
}

/// Writes avqa-train.json, avqa-val.json and avqa-test.json into a folder, which is made where it is not there.
///
/// Errors     value_error for options that cannot be, data_error where a file cannot be written
inline void write_annotations(const std::string& folder, const collection_options& how) {
  std::error_code ignored;  // the file that cannot be written says more
  std::filesystem::create_directories(folder, ignored);
  for (const part p : {part::train, part::val, part::test})
    write_music_avqa((std::filesystem::path(folder) / ("avqa-" + std::string(name_of(p)) + ".json")).string(),
                     annotations_of(draw_part(p, how)));
}

}  // namespace avqa
