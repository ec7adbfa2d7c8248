// The subcommand features.

#include "commands.hpp"
#include "json_file.hpp"
#include "outputs.hpp"
#include "progress_line.hpp"

#include <avqa/features/published_features.hpp>
#include <avqa/features/store_writer.hpp>
#include <ogm/core/parallel.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <vector>

namespace program {

void features_command::add(CLI::App& to) {
  to.add_option(
        "films", films,
        "media files, or folders of them, whose other files are passed over; the name of a file without its ending is the id of the video")
      ->default_str("");
  to.add_option("--out", out, "the store");
  to.add_option("--channels", channels,
                "48: features without weights; 512: VGGish and ResNet-18; 0: 512 where their weights are given, else 48")
      ->check(CLI::IsMember({0, 48, 512}));
  to.add_option("--vggish", weights.vggish, "weights of VGGish (.pth or .safetensors)");
  to.add_option("--resnet", weights.resnet, "weights of ResNet-18 (.pth or .safetensors)");
  auto* const sound = to.add_option("--published-sound", sound_folder, "folder of the published [60, 128] files, to be converted");
  auto* const maps = to.add_option("--published-maps", maps_folder, "folder of the published [60, 512, 14, 14] files");
  sound->needs(maps), maps->needs(sound);
  to.add_option("--type", type, "of the stored features")->check(CLI::IsMember(stored_types));
  to.add_option("--threads", threads, "of the processor")->check(CLI::Range(1, 64));
  to.add_option("--json", json, "file for what was made");
  to.add_flag("--quiet", quiet, "no progress");
}

namespace {
/// The files that are given, and those of folders that are media by their names.
std::vector<std::string> files_of(const std::vector<std::string>& given, std::size_t& passed_over) {
  std::vector<std::string> out;
  for (const std::string& path : given) {
    if (!std::filesystem::is_directory(path)) {
      out.push_back(path);
      continue;
    }
    std::vector<std::string> inside;
    for (const auto& entry : std::filesystem::directory_iterator(path))
      if (entry.is_regular_file()) inside.push_back(entry.path().string());
    std::sort(inside.begin(), inside.end());
    for (const std::string& file : inside)
      if (named_as_film(file))
        out.push_back(file);
      else
        std::fprintf(stderr, "passed over, by its name no film: %s\n", file.c_str()), ++passed_over;
  }
  return out;
}
}  // namespace

int features_command::tell(std::size_t videos, std::size_t left_out, std::size_t passed_over, const avqa::feature_shape& shape) const {
  std::printf("%zu videos, %zu left out\n%s: %s\n", videos, left_out, out.c_str(), shape.text().c_str());
  if (!json.empty())
    write_json(json, {{"videos", std::to_string(videos)},
                      {"left_out", std::to_string(left_out)},
                      {"passed_over", std::to_string(passed_over)},
                      {"features", json_text(out)}});
  return left_out > 0;
}
int features_command::run() {
  const ogm::use_threads pool(threads);
  require_writable({{"--out", out}, {"--json", json}});
  const bool weighted = !weights.vggish.empty() || !weights.resnet.empty();
  if (!maps_folder.empty()) {
    if (!films.empty() || weighted || channels != 0)
      throw ogm::value_error("avqa: the published files are converted as they are. Give neither films nor weights nor channels with them.");
    const avqa::published_features from(sound_folder, maps_folder);
    avqa::store_writer store(out, from.shape(), stored_types.at(type));
    avqa::add_all(store, from);
    store.finish();
    return tell(std::size_t(from.videos().size()), 0, 0, from.shape());
  }
  std::size_t passed_over = 0;
  const std::vector<std::string> all = files_of(films, passed_over);
  if (all.empty()) throw ogm::value_error("avqa: no films. Give files or folders of them, or --published-sound and --published-maps.");
  const auto make = extractor_for(channels != 0 ? channels : weighted ? 512 : 48, weights);
  const avqa::feature_shape shape = make->shape();
  avqa::store_writer store(out, shape, stored_types.at(type));
  std::size_t left_out = 0;
  {
    const progress_line progress("film", all.size(), quiet);
    std::vector<float> sound(std::size_t(shape.sound_count())), maps(std::size_t(shape.maps_count()));
    for (std::size_t i = 0; i < all.size(); ++i) try {
        (*make)(read_film(all[i], int(shape.steps), true, true), sound, maps);
        store.add(std::filesystem::path(all[i]).stem().string(), sound, maps);
        progress.at(i + 1);
      } catch (const ogm::error& e) {
        std::fprintf(stderr, "left out: %s\n", said_by(e).c_str());
        ++left_out;
      }
  }
  if (store.size() == 0)
    throw ogm::data_error("avqa: none of the " + std::to_string(all.size()) + " films could be read; nothing is stored.");
  store.finish();
  return tell(std::size_t(store.size()), left_out, passed_over, shape);
}

}  // namespace program
