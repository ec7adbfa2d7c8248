#pragma once
// CREMA-D: 6698 and 744 clips of acted emotion, 6 classes.

#include <ogm/data/clips.hpp>

#include <cstdio>
#include <string>
#include <vector>

namespace ogm::data {

/// Where things lie under the folder, and how a clip is read; the defaults are the released loader's.
struct cremad_options {
  std::string train_list = "train.csv", test_list = "test.csv";  // name,class
  std::string audio = "AudioWAV";                                // <audio>/<name>.wav
  std::string visual = ".";                                      // <visual>/Image-01-FPS/<name>/
  int fps = 1;
  tiled_log_stft spectrogram{};
  frame_options frames{};
};

/// Errors     data_error with the list's line for a class other than NEU HAP SAD FEA DIS ANG
inline clip_split cremad(const std::string& folder, const cremad_options& how = {}) {
  const std::vector<std::string> classes{"NEU", "HAP", "SAD", "FEA", "DIS", "ANG"};
  std::size_t missing = 0;
  char frames[32];
  std::snprintf(frames, sizeof frames, "Image-%02d-FPS", how.fps);
  const auto read = [&](const std::string& list, bool training) {
    std::vector<clip> clips;
    const std::string path = folder + '/' + list;
    for (const csv::row& row : csv::read(path, {.columns = 2}))
      clips.push_back({row[0], folder + '/' + how.audio + '/' + row[0] + ".wav", folder + '/' + how.visual + '/' + frames + '/' + row[0],
                       detail::class_index(classes, row[1], row, path)});
    detail::keep_present(clips, missing);
    return clip_dataset(std::move(clips), classes, how.spectrogram, how.frames, training);
  };
  clip_dataset train = read(how.train_list, true), test = read(how.test_list, false);
  return {std::move(train), std::move(test), missing};
}

}  // namespace ogm::data
