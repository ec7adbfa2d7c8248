#pragma once
// VGGSound: 309 classes of sounds in the wild, clips of 10 s.

#include <ogm/data/clips.hpp>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace ogm::data {

/// Where things lie under the folder, and how a clip is read; the defaults are the released loader's.
struct vggsound_options {
  std::string list = "vggsound.csv";  // id,start,class,train|test
  int fps = 1;
  std::size_t more_frames_than = 3;  // clips with fewer frames are left out
  cropped_log_stft spectrogram{};
  frame_options frames{.count = 3};
};

/// Frames lie in `SPLIT-videos/SPLIT-set-img/Image-01-FPS/ID_START.mp4/`, sounds in `SPLIT-audios/SPLIT-set/ID_START.wav`.
/// Classes are numbered by their first line in the list. Differs: the released loader numbers only classes with files, so that its numbers
/// depend on what was downloaded.
///
/// Errors     data_error with the list's line for a split other than train and test
inline clip_split vggsound(const std::string& folder, const vggsound_options& how = {}) {
  std::vector<std::string> classes;
  std::vector<clip> clips[2];
  char frames[32];
  std::snprintf(frames, sizeof frames, "Image-%02d-FPS", how.fps);
  const std::string path = folder + '/' + how.list;
  for (const csv::row& row : csv::read(path, {.columns = 4})) {
    const std::string& split = row[3];
    if (split != "train" && split != "test")
      detail::damaged(path, "line " + std::to_string(row.line) + ": the split \"" + split + "\"; train or test expected");
    if (std::find(classes.begin(), classes.end(), row[2]) == classes.end()) classes.push_back(row[2]);
    const std::string name = row[0] + '_' + row[1];
    clips[split == "test"].push_back({name, folder + '/' + split + "-audios/" + split + "-set/" + name + ".wav",
                                      folder + '/' + split + "-videos/" + split + "-set-img/" + frames + '/' + name + ".mp4",
                                      detail::class_index(classes, row[2], row, path)});
  }
  std::size_t missing = 0;
  for (auto& c : clips) detail::keep_present(c, missing, how.more_frames_than);
  return {clip_dataset(std::move(clips[0]), classes, how.spectrogram, how.frames, true),
          clip_dataset(std::move(clips[1]), classes, how.spectrogram, how.frames, false), missing};
}

}  // namespace ogm::data
