#pragma once
// Whether what a subcommand is told to write can be written: asked before any work.

#include <ogm/core/error.hpp>
#include <ogm/data/bytes.hpp>

#include <filesystem>
#include <initializer_list>
#include <string>
#include <system_error>
#include <utility>

namespace program {

/// A file by the option that names it; empty for none.
using named_output = std::pair<std::string, std::string>;

/// One spelling of a path, also where it names no file yet.
inline std::filesystem::path whole(const std::filesystem::path& path) {
  return std::filesystem::weakly_canonical(std::filesystem::absolute(path));
}

/// Errors     value_error names the option, the file and what is wrong: a folder, in a folder that is not there, not to be written, another
///            option's file
inline void require_writable(std::initializer_list<named_output> files) {
  for (const auto& [option, path] : files) {
    if (path.empty()) continue;
    const std::string name = "avqa: " + option + " " + path;
    const std::filesystem::path file(path), folder = file.has_parent_path() ? file.parent_path() : ".";
    std::error_code unreadable;
    if (std::filesystem::is_directory(file, unreadable)) throw ogm::value_error(name + " is a folder; a file expected.");
    if (!std::filesystem::is_directory(folder, unreadable))
      throw ogm::value_error(name + " cannot be written: there is no folder " + folder.string() + ".");
    for (const auto& [other, its] : files) {
      if (other == option) break;
      if (!its.empty() && whole(file) == whole(its)) throw ogm::value_error(name + " is the file of " + other + " too. Give another.");
    }
    try {
      const ogm::data::atomic_file trial(path);  // not finished: it leaves nothing
    } catch (const ogm::error& e) {
      throw ogm::value_error("avqa: " + option + " " + said_by(e) + ".");
    }
  }
}

/// Makes a folder where there is none.
///
/// Errors     value_error where that, or writing into it, is not possible
inline void require_folder(const char* option, const std::string& path) {
  const auto fail = [&](const std::string& why) {
    throw ogm::value_error(std::string("avqa: ") + option + " " + path + " is no folder to write to: " + why + ".");
  };
  std::error_code failure;
  std::filesystem::create_directories(path, failure);
  if (failure) fail(failure.message());
  try {
    const ogm::data::atomic_file trial(path + "/trial");
  } catch (const ogm::error& e) {
    fail(said_by(e));
  }
}

}  // namespace program
