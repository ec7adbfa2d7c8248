#include "films.hpp"

#include "networks.hpp"

#include <avqa/features/mel_statistics.hpp>
#include <avqa/features/patch_statistics.hpp>
#include <avqa/features/resnet_14x14.hpp>
#include <avqa/features/vggish.hpp>
#include <ogm/train/checkpoint.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#ifdef OGM_WITH_FFMPEG
#include <avqa/media/reader.hpp>
#endif

namespace program {

constexpr int side = 224, rate_hz = 16000, minute_s = 60;

std::vector<ogm::data::image::picture> seen_clip::pictures() const {
  std::vector<ogm::data::image::picture> out;
  const std::size_t bytes = std::size_t(frames.size(1) * frames.size(2) * 3);
  for (ogm::size_type i = 0; i < frames.size(0); ++i) {
    const std::uint8_t* const from = frames.data() + std::size_t(i) * bytes;
    out.push_back({.height = int(frames.size(1)), .width = int(frames.size(2)), .channels = 3, .pixels = {from, from + bytes}});
  }
  return out;
}

#ifdef OGM_WITH_FFMPEG
seen_clip read_film(const std::string& path, int steps, bool needs_sound, bool needs_picture) {
  if (steps < 1 || minute_s % steps != 0)
    throw ogm::value_error("avqa: " + std::to_string(steps) + " steps do not divide a minute of a film.");
  avqa::media::options how{.seconds = minute_s, .height = side, .width = side, .picture = needs_picture, .sound = needs_sound};
  seen_clip out;
  for (int t = 0; t < steps; ++t) how.which.push_back(t * minute_s / steps);
  avqa::media::clip film = avqa::media::read(path, how);
  if (needs_sound && !film.has_sound) throw ogm::value_error("avqa: " + path + " has no sound, and the network listens.");
  if (needs_picture && !film.has_picture) throw ogm::value_error("avqa: " + path + " has no picture, and the network looks.");
  out.frames = std::move(film.frames), out.sound = std::move(film.sound);
  for (const std::int64_t number : film.numbers) out.seconds.push_back((double(number) - 0.5) / film.frames_per_second);
  return out;
}
#else
seen_clip read_film(const std::string& path, int, bool, bool) {
  throw ogm::value_error("avqa: " + path + ": this program was built without FFmpeg, which reads films. See OGM_WITH_FFMPEG.");
}
#endif

/// How the names of films end.
static constexpr std::array film_endings{".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".wmv", ".flv", ".3gp"};

std::string film_of(const std::string& folder, const std::string& video) {
  for (const char* ending : film_endings)
    if (const auto path = std::filesystem::path(folder) / (video + ending); std::filesystem::is_regular_file(path)) return path.string();
  return "";
}

bool named_as_film(const std::string& path) {
  std::string ending = std::filesystem::path(path).extension().string();
  for (char& c : ending) c = char(std::tolower(static_cast<unsigned char>(c)));
  return std::find(film_endings.begin(), film_endings.end(), ending) != film_endings.end();
}

namespace {

/// The second of sound at a step.
std::span<const float> second_of(const seen_clip& film, ogm::size_type step, ogm::size_type steps) {
  return std::span(film.sound).subspan(std::size_t(step * minute_s / steps * rate_hz), std::size_t(rate_hz));
}

class weightless_features : public feature_extractor {
 public:
  avqa::feature_shape shape() const override {
    return {.steps = 10,
            .sound = avqa::mel_statistics::width,
            .channels = avqa::patch_statistics::channels,
            .height = avqa::patch_statistics::places,
            .width = avqa::patch_statistics::places};
  }
  void operator()(const seen_clip& film, std::span<float> sound, std::span<float> maps) const override {
    constexpr auto width = std::size_t(avqa::mel_statistics::width);
    for (ogm::size_type t = 0; !film.sound.empty() && t < shape().steps; ++t)
      mel_.second(second_of(film, t, shape().steps), sound.subspan(std::size_t(t) * width, width));
    if (film.frames.count() == 0) return;
    const auto described = avqa::patch_statistics()(film.frames);
    std::copy_n(described.data(), maps.size(), maps.begin());
  }

 private:
  avqa::mel_statistics mel_;
};

class published_networks_features : public feature_extractor {
 public:
  explicit published_networks_features(const feature_weights& weights) {
    if (weights.vggish.empty() || weights.resnet.empty())
      throw ogm::value_error("avqa: features of 512 channels are made by VGGish and ResNet-18. Give --vggish FILE and --resnet FILE.");
    with_weights(weights.vggish, [&](const auto& file) { ogm::load_model(vggish_, file); });
    with_weights(weights.resnet, [&](const auto& file) { ogm::load_model(resnet_, file); });
  }
  avqa::feature_shape shape() const override { return {}; }
  void operator()(const seen_clip& film, std::span<float> sound, std::span<float> maps) const override {
    if (!film.sound.empty()) {
      constexpr auto second = std::size_t(avqa::vggish_log_mel::frames * avqa::vggish_log_mel::bands);
      ogm::tensor<float, ogm::dyn, avqa::vggish_log_mel::frames, avqa::vggish_log_mel::bands> mel(shape().steps);
      for (ogm::size_type t = 0; t < shape().steps; ++t)
        mel_.second(second_of(film, t, shape().steps), mel.flat().subspan(std::size_t(t) * second, second));
      const auto heard = avqa::vggish_features(vggish_, mel);
      std::copy_n(heard.data(), sound.size(), sound.begin());
    }
    if (film.frames.count() > 0) {
      const auto seen = avqa::maps_14x14(resnet_, film.frames);
      std::copy_n(seen.data(), maps.size(), maps.begin());
    }
  }

 private:
  avqa::vggish_log_mel mel_;
  avqa::vggish<> vggish_;
  avqa::resnet_14x14<> resnet_;
};

}  // namespace

bool made_of_films(ogm::size_type channels) {
  return channels == avqa::patch_statistics::channels || channels == avqa::feature_shape().channels;
}

std::unique_ptr<feature_extractor> extractor_for(ogm::size_type channels, const feature_weights& weights) {
  if (channels == avqa::patch_statistics::channels) {
    if (!weights.vggish.empty() || !weights.resnet.empty())
      throw ogm::value_error("avqa: features of 48 channels need no weights, and --vggish and --resnet would do nothing. Leave them out.");
    return std::make_unique<weightless_features>();
  }
  if (made_of_films(channels)) return std::make_unique<published_networks_features>(weights);
  throw ogm::value_error("avqa: this program makes features of 48 channels, without weights, and of 512, by VGGish and ResNet-18; not of " +
                         std::to_string(channels) + ".");
}

}  // namespace program
