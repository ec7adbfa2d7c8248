// The subcommand scenes.

#include "commands.hpp"
#include "json_file.hpp"
#include "outputs.hpp"
#include "progress_line.hpp"

#include <avqa/data/scenes/collection.hpp>
#include <avqa/data/scenes/composer.hpp>
#include <avqa/data/scenes/instrument_features.hpp>
#include <avqa/data/scenes/instrument_scenes.hpp>
#include <avqa/data/scenes/procedural.hpp>
#include <avqa/data/scenes/rendered_features.hpp>
#include <avqa/data/scenes/renderer.hpp>
#include <ogm/core/parallel.hpp>

#include <array>
#include <cstdio>
#include <filesystem>
#include <vector>

#ifdef OGM_WITH_FFMPEG
#include <avqa/media/writer.hpp>
#endif

namespace program {

void scenes_command::add(CLI::App& to) {
  to.add_option("--source", source, "procedural: drawn and synthesised; instruments: photographs and sampled notes")
      ->check(CLI::IsMember({"procedural", "instruments"}));
  to.add_option("--instruments", instruments, "folder of the photographs and notes");
  to.add_flag("--composed", composed, "of instruments: features composed of those of photographs and notes, 128 and 128 channels wide");
  to.add_option("--out", out, "folder for avqa-train.json, avqa-val.json, avqa-test.json, features.store and films");
  to.add_option("--train", train, "scenes to train on")->check(at_least_one);
  to.add_option("--validation", validation, "scenes that choose the epoch")->check(at_least_one);
  to.add_option("--test", test, "scenes to be asked about at the end")->check(at_least_one);
  to.add_option("--questions", questions, "a scene")->check(CLI::Range(1, 100));
  to.add_option("--mixed", mixed, "chance of each scene to be a mixture of two")->check(CLI::Range(0.0, 1.0));
  to.add_option("--films", films, "so many scenes of each part also as .mp4 files");
  to.add_option("--type", type, "of the stored features")->check(CLI::IsMember(stored_types));
  to.add_option("--seed", seed, "of everything that is drawn");
  to.add_option("--threads", threads, "of the processor")->check(CLI::Range(1, 64));
  to.add_option("--json", json, "file for what was made");
  to.add_flag("--quiet", quiet, "no progress");
}

namespace {

constexpr std::array parts{avqa::part::train, avqa::part::val, avqa::part::test};

template <class Renderer>
void write_films(const Renderer& from, const std::vector<avqa::scene_clip>& clips, avqa::part which, std::uint64_t seed, std::size_t count,
                 const std::string& folder, bool quiet) {
  count = std::min(count, clips.size());
  for (std::size_t i = count; i < clips.size(); ++i)  // of another run with the same ids
    std::filesystem::remove(folder + "/" + clips[i].video_id + ".mp4");
  if (count == 0) return;
#ifdef OGM_WITH_FFMPEG
  std::filesystem::create_directories(folder);
  const progress_line progress(std::string(name_of(which)) + " film", count, quiet);
  for (std::size_t i = 0; i < count; ++i) {
    const avqa::scene_film film = avqa::render_film(from, clips[i].what, {which, seed, clips[i].index});
    avqa::media::write_mp4(folder + "/" + clips[i].video_id + ".mp4",
                           {.frames = film.frames, .frames_per_second = film.frames_per_second, .sound = film.sound});
    progress.at(i + 1);
  }
#else
  (void)from, (void)which, (void)seed, (void)quiet;
#endif
}

}  // namespace

int scenes_command::run() {
  const ogm::use_threads pool(threads);
  if (source == "instruments" && instruments.empty())
    throw ogm::value_error("avqa: scenes of instruments need their photographs and notes. Give --instruments DIR.");
  if (composed && (source != "instruments" || films > 0))
    throw ogm::value_error(
        "avqa: features are composed of those of instruments, and have no films. Give --source instruments and no --films.");
#ifndef OGM_WITH_FFMPEG
  if (films > 0) throw ogm::value_error("avqa: this program was built without FFmpeg, which writes films. See OGM_WITH_FFMPEG.");
#endif
  if (source != "instruments" && !instruments.empty()) throw ogm::value_error("avqa: --instruments is for --source instruments.");
  avqa::collection_options how{
      .seed = seed, .train = train, .val = validation, .test = test, .questions = questions, .mixed = mixed, .scenes = {}, .asking = {}};
  require_folder("--out", out);
  require_writable({{"--json", json}});
  const std::string path = out + "/features.store";

  // add(store, clips, part, done) stores the features of a part's clips, films_of(clips, part) writes its films.
  const auto make = [&](const avqa::feature_shape& shape, const auto& add, const auto& films_of) {
    avqa::store_writer store(path, shape, stored_types.at(type));
    std::size_t scenes = 0, asked = 0;
    for (const avqa::part which : parts) {
      const std::vector<avqa::scene_clip> clips = avqa::draw_part(which, how);
      {
        const progress_line progress(std::string(name_of(which)) + " scene", clips.size(), quiet);
        add(store, clips, which, [&](std::size_t done) { progress.at(done); });
      }
      films_of(clips, which);
      scenes += clips.size(), asked += avqa::annotations_of(clips).size();
    }
    store.finish();
    avqa::write_annotations(out, how);
    std::printf("%zu scenes, %zu questions\n%s: %s\n", scenes, asked, path.c_str(), shape.text().c_str());
    if (!json.empty())
      write_json(json, {{"scenes", std::to_string(scenes)}, {"questions", std::to_string(asked)}, {"features", json_text(path)}});
  };
  const auto render = [&](const auto& renderer) {
    const avqa::rendered_features features;
    make(
        features.shape(),
        [&](avqa::store_writer& store, const std::vector<avqa::scene_clip>& clips, avqa::part which, const auto& done) {
          add_scenes(store, features, renderer, clips, which, seed, done);
        },
        [&](const std::vector<avqa::scene_clip>& clips, avqa::part which) {
          write_films(renderer, clips, which, seed, films, out + "/films", quiet);
        });
  };
  if (source == "procedural") {
    render(avqa::procedural_scenes());
  } else if (composed) {
    const avqa::instrument_features from(instruments);
    how.scenes.classes = from.classes();
    const avqa::scene_composer composer(from);
    make(
        composer.shape(),
        [&](avqa::store_writer& store, const std::vector<avqa::scene_clip>& clips, avqa::part which, const auto& done) {
          add_scenes(store, composer, clips, which, seed, done);
        },
        [](const auto&, avqa::part) {});
  } else {
    const avqa::instrument_scenes from(instruments);
    how.scenes.classes = from.classes();
    render(from);
  }
  return 0;
}

}  // namespace program
