#pragma once
// Clips in folders: a sound and some frames each. The four published data sets are lists that lead here.

#include <ogm/core/tensor.hpp>
#include <ogm/data/clip_audio.hpp>
#include <ogm/data/csv.hpp>
#include <ogm/data/dataset.hpp>
#include <ogm/data/image.hpp>
#include <ogm/data/transforms.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace ogm::data {

/// Which frames of a folder are taken, in the order of their names.
enum class frame_choice {
  first,      // the first ones: what the released CREMA-D and VGGSound loaders do, although they draw an index
  at_random,  // as many as wanted, drawn for every epoch, in order: what they seem to want
  evenly      // 0, n, 2n, ... with n = frames / wanted
};

/// How many frames of a clip are taken, and their size.
struct frame_options {
  int count = 1;
  int size = 224;  // of the square that a frame becomes
  frame_choice choice = frame_choice::first;
};

/// Which split of a data set.
enum class part { train, test };

/// One clip of a data set: its files and its class.
struct clip {
  std::string name, audio, frames;  // the sound's file, the frames' folder
  std::int32_t label = 0;
};

/// Clips that are read when they are asked for.
///
/// Shapes     audio (1, frequency, time), visual (3, frame, size, size)
/// Training   each frame its own random_resized_crop and horizontal flip; in tests the whole frame is resized. ImageNet's mean and
///            deviation in both
/// Errors     data_error with the path of the file
class clip_dataset {
 public:
  using item = std::tuple<ogm::view<float, 1, dyn, dyn>, ogm::view<float, 3, dyn, dyn, dyn>>;
  using shapes = detail::item_traits<item>::shapes;

  clip_dataset(std::vector<clip> clips, std::vector<std::string> classes, clip_audio audio, const frame_options& frames, bool training)
      : clips_(std::move(clips)),
        classes_(std::move(classes)),
        audio_(std::move(audio)),
        frames_(frames),
        training_(training),
        spectrogram_(std::visit([](const auto& a) { return a.shape(); }, audio_)) {
    if (frames.count < 1 || frames.size < 1)
      throw value_error("ogm: clips of " + std::to_string(frames.count) + " frames of size " + std::to_string(frames.size) + ".");
  }

  size_type size() const { return size_type(clips_.size()); }
  const clip& operator[](size_type i) const { return clips_[std::size_t(i)]; }
  const std::vector<std::string>& classes() const { return classes_; }
  shapes item_shapes() const {
    return {extents<1, dyn, dyn>(spectrogram_[0], spectrogram_[1]), extents<3, dyn, dyn, dyn>(frames_.count, frames_.size, frames_.size)};
  }

  std::int32_t load(const item_key& key, const item& into) const {
    const clip& c = clips_[std::size_t(key.index)];
    random::generator random = key.generator();
    std::visit([&](const auto& read) { read(c.audio, random, std::get<0>(into).flat()); }, audio_);
    const std::vector<std::string> files = choose(c.frames, random);
    ogm::tensor<float, dyn, dyn, dyn> frame(3, frames_.size, frames_.size);
    for (std::size_t i = 0; i < files.size(); ++i) {
      const auto picture = to_float(image::read(files[i], 3));
      if (training_) {
        random_resized_crop(picture.view(), frame.view(), random);
        random_horizontal_flip(frame.view(), random);
      } else
        resize(picture.view(), frame.view());
      normalise(frame.view());
      const size_type plane = size_type(frames_.size) * frames_.size;
      for (size_type channel = 0; channel < 3; ++channel)
        std::copy_n(frame.data() + channel * plane, plane, std::get<1>(into).data() + (channel * frames_.count + size_type(i)) * plane);
    }
    return c.label;
  }

  /// The files in a folder in the order of their names.
  static std::vector<std::string> listed(const std::string& folder) {
    std::vector<std::string> out;
    std::error_code failed;
    for (const auto& file : std::filesystem::directory_iterator(folder, failed)) out.push_back(file.path().string());
    if (failed) detail::damaged(folder, "cannot list the folder: " + failed.message());
    std::sort(out.begin(), out.end());
    return out;
  }

 private:
  std::vector<std::string> choose(const std::string& folder, random::generator& random) const {
    const std::vector<std::string> all = listed(folder);
    const auto wanted = std::size_t(frames_.count);
    if (all.size() < wanted) detail::damaged(folder, std::to_string(all.size()) + " frames, " + std::to_string(wanted) + " expected");
    std::vector<std::string> out;
    for (std::size_t i = 0, taken = 0; taken < wanted; ++i) {
      const bool take = frames_.choice == frame_choice::first    ? true
                        : frames_.choice == frame_choice::evenly ? i % (all.size() / wanted) == 0
                                                                 : random.below(all.size() - i) < wanted - taken;
      if (take) out.push_back(all[i]), ++taken;
    }
    return out;
  }

  std::vector<clip> clips_;
  std::vector<std::string> classes_;
  clip_audio audio_;
  frame_options frames_;
  bool training_;
  std::array<size_type, 2> spectrogram_;
};

/// Training and test clips, and what the lists name and the folders lack.
struct clip_split {
  clip_dataset train, test;
  std::size_t missing = 0;  // listed, but without their files: left out, as in the published loaders
};

namespace detail {

/// Sound and frames are there, with more than `more_than` frames.
inline bool present(const clip& c, std::size_t more_than = 0) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(c.audio, ignored) || !std::filesystem::is_directory(c.frames, ignored)) return false;
  return more_than == 0 || clip_dataset::listed(c.frames).size() > more_than;
}
inline void keep_present(std::vector<clip>& clips, std::size_t& missing, std::size_t more_than = 0) {
  missing += std::erase_if(clips, [&](const clip& c) { return !present(c, more_than); });
}
inline std::int32_t class_index(const std::vector<std::string>& classes, const std::string& name, const csv::row& row,
                                const std::string& list) {
  const auto found = std::find(classes.begin(), classes.end(), name);
  if (found == classes.end()) damaged(list, "line " + std::to_string(row.line) + ": the class \"" + name + "\" is not known");
  return std::int32_t(found - classes.begin());
}

}  // namespace detail
}  // namespace ogm::data
