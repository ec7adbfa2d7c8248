#pragma once
// How far the training is: a bar on a terminal, one plain line an epoch in a log or a pipe.

#include <ogm/train/observers/event.hpp>
#include <ogm/train/observers/text.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace ogm::observers {

/// A bar, plain lines, or what the stream is fit for.
enum class progress_style { automatic, bar, plain };

/// Where and how progress is shown.
struct progress_options {
  std::FILE* stream = stderr;
  progress_style style = progress_style::automatic;  ///< automatic: a bar where the stream is a terminal and TERM is not "dumb"
  double redraw_s = 0.1;                             ///< the bar is drawn at most this often
  int columns = 0;                                   ///< 0 asks the terminal at each redraw, so a resized window is followed
};

namespace detail {

inline std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

inline bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view v = environment(name);
    if (!v.empty()) return v.find("UTF-8") != v.npos || v.find("utf8") != v.npos;
  }
  return false;
}

inline int terminal_columns(std::FILE* stream) {
  winsize size{};
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

/// "0:07", "12:34", "3:04:05", "2d 03:04"; "?" where it is not a time.
inline void append_duration(std::string& out, double seconds) {
  if (!(seconds >= 0) || seconds > 1e9) {
    out += '?';
    return;
  }
  const long s = std::lround(seconds);
  char buffer[48];
  if (s >= 86400)
    std::snprintf(buffer, sizeof buffer, "%ldd %02ld:%02ld", s / 86400, s / 3600 % 24, s / 60 % 60);
  else if (s >= 3600)
    std::snprintf(buffer, sizeof buffer, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else
    std::snprintf(buffer, sizeof buffer, "%ld:%02ld", s / 60, s % 60);
  out += buffer;
}

/// Ends the half-drawn line when its owner goes, so that the message of an exception starts on a line of its own.
class open_line {
 public:
  open_line() = default;
  open_line(open_line&& other) noexcept : stream_(std::exchange(other.stream_, nullptr)) {}
  open_line& operator=(open_line&& other) noexcept {
    std::swap(stream_, other.stream_);
    return *this;
  }
  ~open_line() {
    if (stream_) std::fputc('\n', stream_);
  }
  void opened(std::FILE* stream) { stream_ = stream; }
  void closed() { stream_ = nullptr; }

 private:
  std::FILE* stream_ = nullptr;
};

}  // namespace detail

/// Progress of the run for a person.
///
/// A terminal shows a bar with the time left for the whole run, the steps a second and the loss; each epoch leaves a line.
/// Anything else gets one line an epoch and never a control character, whatever the names contain. NO_COLOR (set and not
/// empty) drops the colour; a locale that is not UTF-8 gets an ASCII bar. A stream that cannot be written to is ignored: a
/// closed terminal ends no training.
class progress {
 public:
  explicit progress(const progress_options& options = {}) : options_(options) {
    draws_ = options.style == progress_style::bar ||
             (options.style == progress_style::automatic && isatty(fileno(options.stream)) && detail::environment("TERM") != "dumb");
    colour_ = draws_ && detail::environment("NO_COLOR").empty();
    utf8_ = draws_ && detail::locale_is_utf8();
  }

  void on_run_begin(const run_begin& e) {
    epochs_ = e.epochs;
    steps_per_epoch_ = e.steps_per_epoch;
    elapsed_ = epoch_elapsed_ = since_drawn_ = step_seconds_ = 0;
    steps_here_ = 0;
    if (e.title.empty()) return;
    text_.clear();
    text::append_printable(text_, e.title);
    print_line();
  }

  void on_step(const step_end& e) {
    ++steps_here_;
    epoch_elapsed_ += e.seconds;
    step_seconds_ = steps_here_ == 1 ? e.seconds : 0.9 * step_seconds_ + 0.1 * e.seconds;
    if (!draws_) return;
    since_drawn_ += e.seconds;
    if (since_drawn_ < options_.redraw_s && steps_here_ > 1 && e.step_in_epoch != steps_per_epoch_) return;
    since_drawn_ = 0;
    draw(e);
  }

  void on_epoch_end(const epoch_end& e) {
    elapsed_ += e.seconds;
    epoch_elapsed_ = 0;
    text_.clear();
    append_epoch(e.epoch);
    append_value("train loss", e.train_loss);
    append_values(e.scalars);
    text_ += "  ";
    text::append_fixed(text_, e.seconds, 1);
    text_ += " s";
    print_line();
  }

  void on_run_end(const run_end& e) {
    text_ = "done in ";
    detail::append_duration(text_, e.seconds);
    append_values(e.scalars);
    print_line();
  }

 private:
  void append_epoch(int epoch) {
    const auto all = std::to_string(std::max(epochs_, 0)), now = std::to_string(epoch);
    text_ += "epoch ";
    text_.append(all.size() > now.size() ? all.size() - now.size() : 0, ' ');
    text_ += now;
    if (epochs_ > 0) text_ += '/' + all;
  }
  void append_value(std::string_view name, double value) {
    text_ += "  ";
    text::append_printable(text_, name);
    text_ += ' ';
    text::append_short(text_, value);
  }
  void append_values(std::span<const scalar> scalars) {
    for (const scalar& s : scalars) append_value(s.name, s.value);
  }

  /// The seconds that the rest of the run takes if it goes on as it went since this process began (it may have been resumed).
  double seconds_left(const step_end& e) const {
    const double all = double(epochs_) * double(steps_per_epoch_);
    return std::max(0.0, all - double(e.step)) * (elapsed_ + epoch_elapsed_) / double(steps_here_);
  }

  void draw(const step_end& e) {
    text_.clear();
    append_epoch(e.epoch);
    text_ += ' ';
    const std::size_t bar_at = text_.size();
    const bool known = steps_per_epoch_ > 0;
    const double done = known ? std::clamp(double(e.step_in_epoch) / double(steps_per_epoch_), 0.0, 1.0) : 0;
    text_ += ' ';
    if (known) {
      const auto percent = std::to_string(int(100 * done));
      text_.append(3 - percent.size(), ' ');
      text_ += percent + "%  ";
    }
    text::append(text_, e.step_in_epoch);
    if (known) {
      text_ += '/';
      text::append(text_, steps_per_epoch_);
    }
    text_ += "  ";
    text::append_short(text_, 1 / step_seconds_, 3);
    text_ += " steps/s";
    if (known && epochs_ > 0) {
      text_ += "  ETA ";
      detail::append_duration(text_, seconds_left(e));
    }
    append_value("loss", e.loss);

    // The last column stays free: a terminal that wraps there would leave copies of the bar behind.
    const int wide = (options_.columns > 0 ? options_.columns : detail::terminal_columns(options_.stream)) - 1;
    const int room = std::min(wide - int(text::columns(text_)), std::clamp(wide - 66, 8, 30));  // steady while figures change length
    line_ = "\r";
    if (known && room >= 8) {
      line_.append(text_, 0, bar_at);
      append_bar(done, room);
      line_.append(text_, bar_at);
    } else {
      line_ += text::first_columns(text_, std::size_t(std::max(wide, 0)));
    }
    line_ += "\x1b[K";
    std::fwrite(line_.data(), 1, line_.size(), options_.stream);
    std::fflush(options_.stream);
    open_.opened(options_.stream);
  }

  void append_bar(double done, int room) {
    const int inner = utf8_ ? room : room - 2, full = int(done * inner);
    if (colour_) line_ += "\x1b[32m";
    if (!utf8_) line_ += '[';
    for (int i = 0; i < full; ++i) line_ += utf8_ ? "━" : "#";
    if (colour_) line_ += "\x1b[90m";
    for (int i = full; i < inner; ++i) line_ += utf8_ ? "─" : ".";
    if (!utf8_) line_ += ']';
    if (colour_) line_ += "\x1b[0m";
  }

  void print_line() {
    line_.clear();
    if (draws_) line_ += "\r\x1b[K";
    line_ += text_;
    line_ += '\n';
    std::fwrite(line_.data(), 1, line_.size(), options_.stream);
    std::fflush(options_.stream);
    open_.closed();
  }

  progress_options options_;
  bool draws_ = false, colour_ = false, utf8_ = false;
  int epochs_ = 0;
  long steps_per_epoch_ = 0, steps_here_ = 0;
  double elapsed_ = 0, epoch_elapsed_ = 0, since_drawn_ = 0, step_seconds_ = 0;
  std::string text_, line_;
  detail::open_line open_;
};

}  // namespace ogm::observers
