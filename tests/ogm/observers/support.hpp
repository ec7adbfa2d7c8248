#pragma once
// What the tests of the observers share: a folder that vanishes, the content of a file, the events of a small run.

#include <ogm/train/observers/event.hpp>

#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace support {

class temporary_folder {
 public:
  temporary_folder() {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() / ("ogm-observers-" + std::to_string(getpid()) + "-" + std::to_string(count++));
    std::filesystem::remove_all(path_);
  }
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

inline std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

/// Sends the events of a run: losses fall as 1 / step, ratio/audio is the step, accuracy of epoch e is e / 10.
template <class Observer> void play(Observer& o, int epochs, long steps, double seconds = 0.5) {
  using namespace ogm::observers;
  run_begin begin;
  begin.title = "a run";
  begin.epochs = epochs;
  begin.steps_per_epoch = steps;
  begin.modalities = {"audio", "image"};
  begin.protocol = {{"policy", "ogm_ge"}, {"alpha", "0.8"}};
  notify(o, begin);
  long step = 0;
  for (int e = 1; e <= epochs; ++e) {
    for (long i = 1; i <= steps; ++i) {
      ++step;
      const std::array<scalar, 2> scalars{{{"ratio/audio", double(step)}, {"coefficient/audio", 1.0 / double(step)}}};
      notify(o, step_end{step, e, i, 1.0 / double(step), 0.1, seconds, scalars});
    }
    const std::array<scalar, 2> scalars{{{"train/accuracy", e / 10.0}, {"validation/accuracy/audio", e / 20.0}}};
    notify(o, epoch_end{e, 1.0 / e, seconds * double(steps), scalars});
  }
  const std::array<scalar, 1> scalars{{{"test/accuracy", 0.875}}};
  notify(o, run_end{seconds * double(steps * epochs), scalars});
}

}  // namespace support
