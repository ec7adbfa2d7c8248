#pragma once
// AVE: 4,143 clips of 10 s, 28 classes of events that are both seen and heard.

#include <ogm/data/clips.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace ogm::data {

/// Where things lie under the folder, and how a clip is read.
struct ave_options {
  std::string class_list = "stat.txt";                                 // a class a line, first field
  std::string train_list = "my_train.txt", test_list = "my_test.txt";  // class,name
  std::string audio = "audio_spec";                                    // <name>.npy (257, 1004), or <name>.wav
  std::string visual = "visual";                                       // <visual>/<name>/, frames at 1 a second
  tukey_spectrogram spectrogram{};
  frame_options frames{.count = 3, .choice = frame_choice::evenly};
};

/// Classes are numbered in alphabetical order. A video that a list has twice, with two events, is left out, as in the released loader.
///
/// Errors     data_error with the list's line for a class that the class list does not have
inline clip_split ave(const std::string& folder, const ave_options& how = {}) {
  std::size_t missing = 0;
  std::vector<std::string> classes;
  for (const csv::row& row : csv::read(folder + '/' + how.class_list)) classes.push_back(row[0]);
  std::sort(classes.begin(), classes.end());
  const auto read = [&](const std::string& list, bool training) {
    std::vector<clip> clips;
    std::map<std::string, int> times;
    const std::string path = folder + '/' + list;
    for (const csv::row& row : csv::read(path)) {
      if (row.size() < 2) detail::damaged(path, "line " + std::to_string(row.line) + " has one field; class,name expected");
      clip c{row[1], folder + '/' + how.audio + '/' + row[1] + ".npy", folder + '/' + how.visual + '/' + row[1],
             detail::class_index(classes, row[0], row, path)};
      std::error_code ignored;
      if (!std::filesystem::exists(c.audio, ignored)) c.audio.replace(c.audio.size() - 4, 4, ".wav");
      ++times[c.name];
      clips.push_back(std::move(c));
    }
    std::erase_if(clips, [&](const clip& c) { return times[c.name] > 1; });
    detail::keep_present(clips, missing);
    return clip_dataset(std::move(clips), classes, how.spectrogram, how.frames, training);
  };
  clip_dataset train = read(how.train_list, true), test = read(how.test_list, false);
  return {std::move(train), std::move(test), missing};
}

}  // namespace ogm::data
