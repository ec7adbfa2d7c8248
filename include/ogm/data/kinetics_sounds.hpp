#pragma once
// Kinetics-Sounds: 14,799 and 2,597 clips of 31 classes that can be seen and heard.

#include <ogm/data/clips.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace ogm::data {

/// Where things lie under the folder, and how a clip is read. The released lists say name,seconds,class number.
struct kinetics_sounds_options {
  std::string train_list = "my_train.txt", test_list = "my_test.txt";
  int classes = 31;
  std::string train_audio = "train_spec", test_audio = "test_spec";  // <name>.npy as the script makes it, or <name>.wav
  std::string visual = "visual";                                     // <visual>/<name>/, frames at 1 a second
  frame_options frames{.count = 3, .choice = frame_choice::evenly};
};

/// Errors     data_error with the list's line for a class number out of range
inline clip_split kinetics_sounds(const std::string& folder, const kinetics_sounds_options& how = {}) {
  std::size_t missing = 0;
  std::vector<std::string> classes;
  for (int c = 0; c < how.classes; ++c) classes.push_back(std::to_string(c));
  const auto read = [&](const std::string& list, const std::string& audio, bool training) {
    std::vector<clip> clips;
    const std::string path = folder + '/' + list;
    for (const csv::row& row : csv::read(path, {.columns = 3})) {
      const auto label = csv::number<std::int32_t>(row, 2, path);
      if (label < 0 || label >= how.classes)
        detail::damaged(path,
                        "line " + std::to_string(row.line) + ": class " + std::to_string(label) + " of " + std::to_string(how.classes));
      clip c{row[0], folder + '/' + audio + '/' + row[0] + ".npy", folder + '/' + how.visual + '/' + row[0], label};
      std::error_code ignored;
      if (!std::filesystem::exists(c.audio, ignored)) c.audio.replace(c.audio.size() - 4, 4, ".wav");
      clips.push_back(std::move(c));
    }
    detail::keep_present(clips, missing);
    return clip_dataset(std::move(clips), classes, kaldi_spectrogram{}, how.frames, training);
  };
  clip_dataset train = read(how.train_list, how.train_audio, true), test = read(how.test_list, how.test_audio, false);
  return {std::move(train), std::move(test), missing};
}

}  // namespace ogm::data
