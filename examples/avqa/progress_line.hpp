#pragma once
// How many of how many are done: one line on a terminal, nothing in a log.

#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <string>

namespace program {

class progress_line {
 public:
  progress_line(std::string what, std::size_t all, bool quiet)
      : what_(std::move(what)), all_(all), shows_(!quiet && isatty(fileno(stderr))) {}
  ~progress_line() {
    if (shows_) std::fputs("\r\033[K", stderr);
  }
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;

  void at(std::size_t done) const {
    if (shows_) std::fprintf(stderr, "\r\033[K%s %zu of %zu", what_.c_str(), done, all_), std::fflush(stderr);
  }

 private:
  std::string what_;
  std::size_t all_;
  bool shows_;
};

}  // namespace program
