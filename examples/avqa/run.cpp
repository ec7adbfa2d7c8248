#include "run.hpp"

#include "json_file.hpp"

#include <ogm/train/observers/earlier_run.hpp>

#include <filesystem>
#include <numeric>

namespace program {

void continue_only_the_same(const train_options& how, const std::string& title, ogm::size_type items) {
  std::filesystem::create_directories(how.out);
  const std::string path = how.out + "/options.json", begun = how.out + "/last.safetensors";
  const std::string options = json_object({{"what", json_text(title)},
                                           {"train", json_text(how.train)},
                                           {"items", std::to_string(items)},
                                           {"validation", json_text(how.validation)},
                                           {"features", json_text(how.features)},
                                           {"start", json_text(how.start)},
                                           {"policy", json_text(how.policy)},
                                           {"alpha", json_number(how.alpha)},
                                           {"seed", std::to_string(how.seed)},
                                           {"batch", std::to_string(how.batch)},
                                           {"rate", json_number(how.rate)},
                                           {"rate_every", std::to_string(how.rate_every)}});
  if (how.resume && std::filesystem::exists(begun) && std::filesystem::exists(path)) {
    const auto bytes = ogm::data::read_bytes(path);
    if (ogm::data::as_text(bytes) != options)
      throw ogm::value_error("avqa: " + how.out + " has a run with other options, see " + path + ". Give --anew, or another --out.");
  }
  if (!how.resume) {  // a run that is begun anew and killed at once does not go on from the old one
    std::filesystem::remove(begun);
    std::filesystem::remove(how.out + "/best.safetensors");
  }
  ogm::data::write_atomically(path, ogm::data::as_byte_span(options));
}

double mean_seconds_of_epochs(const std::string& folder) {
  const auto seconds = ogm::observers::read_earlier_table(folder + "/epochs.csv").column("seconds");
  return seconds.empty() ? 0 : std::accumulate(seconds.begin(), seconds.end(), 0.0) / double(seconds.size());
}

}  // namespace program
