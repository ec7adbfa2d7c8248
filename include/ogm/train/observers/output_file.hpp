#pragma once
// A file that an observer writes: folders are made, every failure is an exception with the path.

#include <ogm/core/error.hpp>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace ogm::observers {

/// Errors     data_error where a folder or the file cannot be made, or a write fails (disk full)
class output_file {
 public:
  enum class mode { replace, append };

  output_file() = default;
  explicit output_file(std::filesystem::path path, mode how = mode::replace) : path_(std::move(path)) {
    std::error_code failure;
    if (path_.has_parent_path()) std::filesystem::create_directories(path_.parent_path(), failure);
    if (failure) throw data_error("ogm: cannot make the folder " + path_.parent_path().string() + ": " + failure.message() + ".");
    file_.reset(std::fopen(path_.c_str(), how == mode::append ? "ab" : "wb"));
    if (!file_) fail("cannot open");
  }

  bool is_open() const { return file_ != nullptr; }
  const std::filesystem::path& path() const { return path_; }

  void write(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) fail("cannot write");
  }
  void flush() {
    if (std::fflush(file_.get()) != 0) fail("cannot write");
  }
  void close() {
    if (file_ && std::fclose(file_.release()) != 0) fail("cannot write");
  }

 private:
  struct closer {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  [[noreturn]] void fail(const char* what) const {
    throw data_error("ogm: " + std::string(what) + " " + path_.string() + ": " + std::generic_category().message(errno) + ".");
  }
  std::filesystem::path path_;
  std::unique_ptr<std::FILE, closer> file_;
};

}  // namespace ogm::observers
