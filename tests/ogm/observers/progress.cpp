#include <ogm/train/observers/progress.hpp>

#include <fcntl.h>
#include <catch2/catch.hpp>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <optional>

#include "support.hpp"

using namespace ogm::observers;

namespace {

/// Sets an environment variable (or removes it) until the end of the scope.
class with_environment {
 public:
  with_environment(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    if (value)
      setenv(name, value, 1);
    else
      unsetenv(name);
  }
  ~with_environment() {
    if (old_)
      setenv(name_, old_->c_str(), 1);
    else
      unsetenv(name_);
  }

 private:
  const char* name_;
  std::optional<std::string> old_;
};

struct captured {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::tmpfile(), std::fclose};
  std::string text() {
    std::fflush(file.get());
    std::rewind(file.get());
    std::string out;
    for (int c; (c = std::fgetc(file.get())) != EOF;) out += char(c);
    return out;
  }
};

bool has_control_characters(const std::string& s) {
  return std::any_of(s.begin(), s.end(), [](char c) { return (c >= 0 && c < 32 && c != '\n') || c == 127; });
}

}  // namespace

TEST_CASE("progress in a log is one line an epoch") {
  captured log;
  progress o({.stream = log.file.get()});
  support::play(o, 3, 4);
  const auto lines = support::lines(log.text());
  REQUIRE(lines.size() == 5);
  CHECK(lines[0] == "a run");
  CHECK(lines[1] == "epoch 1/3  train loss 1  train/accuracy 0.1  validation/accuracy/audio 0.05  2.0 s");
  CHECK(lines[3] == "epoch 3/3  train loss 0.3333  train/accuracy 0.3  validation/accuracy/audio 0.15  2.0 s");
  CHECK(lines[4] == "done in 0:06  test/accuracy 0.875");
}

TEST_CASE("progress in a log has no control character, whatever the names hold") {
  captured log;
  progress o({.stream = log.file.get()});
  run_begin begin;
  begin.title = "bad\x1b[2J\r\n\x9btitle";
  o.on_run_begin(begin);
  const scalar odd[]{{"a\x1b[31m\nb", std::nan("")}};
  o.on_step({1, 1, 1, std::nan(""), 0, 0, odd});
  o.on_epoch_end({1, std::nan(""), 0, odd});
  const auto text = log.text();
  CHECK_FALSE(has_control_characters(text));
  CHECK(support::lines(text).size() == 2);
  CHECK(text.find("train loss nan") != text.npos);
}

TEST_CASE("progress draws a bar with percentage, rate, time left and loss") {
  with_environment no_colour("NO_COLOR", "1"), ascii("LC_ALL", "C");
  captured screen;
  {
    progress o({.stream = screen.file.get(), .style = progress_style::bar, .redraw_s = 0.1, .columns = 100});
    support::play(o, 2, 4);
  }
  const auto text = screen.text();
  CHECK(text.find("epoch 1/2 [#######.....................]  25%  1/4  2 steps/s  ETA 0:04  loss 1\x1b[K") != text.npos);
  CHECK(text.find("100%  4/4  2 steps/s  ETA 0:00  loss 0.125") != text.npos);
  CHECK(text.find("\x1b[3") == text.npos);  // no colour
  CHECK(text.find("\x1b[9") == text.npos);
  CHECK(text.find("━") == text.npos);
  CHECK(support::occurrences(text, "\n") == 4);
}

TEST_CASE("progress draws no wider than the terminal") {
  with_environment no_colour("NO_COLOR", nullptr), utf8("LC_ALL", "C.UTF-8");
  for (const int wide : {1, 2, 10, 40, 60, 70, 80, 81, 200}) {
    captured screen;
    {
      progress o({.stream = screen.file.get(), .style = progress_style::bar, .redraw_s = 0, .columns = wide});
      o.on_run_begin({.title = "", .epochs = 10, .steps_per_epoch = 1000, .modalities = {}, .protocol = {}});
      for (long i = 1; i < 20; ++i) o.on_step({i, 1, i, 1e-9 * double(i), 0, 0.01, {}});
    }
    std::string text = screen.text();
    CHECK((text.find("─") != text.npos || wide < 81));
    for (const char* escape : {"\x1b[32m", "\x1b[90m", "\x1b[0m", "\x1b[K"})
      for (auto at = text.find(escape); at != text.npos; at = text.find(escape)) text.erase(at, std::string(escape).size());
    REQUIRE(text.back() == '\n');  // the open line is ended by the destructor
    text.pop_back();
    std::size_t widest = 0, from = 0;
    for (std::size_t at = 0; at <= text.size(); ++at) {
      if (at < text.size() && text[at] != '\r') continue;
      widest = std::max(widest, text::columns(std::string_view(text).substr(from, at - from)));
      from = at + 1;
    }
    CHECK(widest <= std::size_t(wide - 1));
    CHECK((widest > 0 || wide == 1));
  }
}

TEST_CASE("progress draws seldom, and copes with an unknown length") {
  captured screen;
  progress o({.stream = screen.file.get(), .style = progress_style::bar, .redraw_s = 1, .columns = 80});
  o.on_run_begin({});
  for (long i = 1; i <= 1000; ++i) o.on_step({i, 1, i, INFINITY, 0, 0.01, {}});
  const auto text = screen.text();
  CHECK(support::occurrences(text, "\r") >= 9);
  CHECK(support::occurrences(text, "\r") <= 12);
  CHECK(text.find('%') == text.npos);
  CHECK(text.find("loss inf") != text.npos);
}

TEST_CASE("progress finds a terminal and its width by itself") {
  const int controller = posix_openpt(O_RDWR | O_NOCTTY);
  if (controller < 0 || grantpt(controller) != 0 || unlockpt(controller) != 0) {
    WARN("no pseudo-terminal here: skipped");
    return;
  }
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> terminal(std::fopen(ptsname(controller), "w"), std::fclose);
  REQUIRE(terminal);
  winsize size{};
  size.ws_row = 24;
  size.ws_col = 50;
  REQUIRE(ioctl(controller, TIOCSWINSZ, &size) == 0);
  const auto drawn = [&](const char* term) {
    with_environment kind("TERM", term), no_colour("NO_COLOR", "1"), ascii("LC_ALL", "C");
    {
      progress o({.stream = terminal.get()});
      o.on_run_begin({.title = "", .epochs = 1, .steps_per_epoch = 10, .modalities = {}, .protocol = {}});
      o.on_step({1, 1, 1, 0.25, 0, 1, {}});
      o.on_epoch_end({1, 0.5, 1, {}});
    }
    constexpr char end = '\x1f';  // the kernel delivers what was written in as many pieces as it likes
    std::fputc(end, terminal.get());
    std::fflush(terminal.get());
    std::string text;
    for (char c; read(controller, &c, 1) == 1 && c != end;) text += c;
    return text;
  };
  const auto bar = drawn("xterm");
  CHECK(bar.find("\repoch 1/1   10%  1/10  1 steps/s  ETA 0:09  loss \x1b[K") != bar.npos);  // 49 columns
  const auto plain = drawn("dumb");
  CHECK(plain == "epoch 1/1  train loss 0.5  1.0 s\r\n");  // the terminal itself adds \r
  close(controller);
}

TEST_CASE("durations") {
  const auto of = [](double s) {
    std::string out;
    ogm::observers::detail::append_duration(out, s);
    return out;
  };
  CHECK(of(0) == "0:00");
  CHECK(of(59.4) == "0:59");
  CHECK(of(59.6) == "1:00");
  CHECK(of(3661) == "1:01:01");
  CHECK(of(2 * 86400 + 3 * 3600 + 4 * 60) == "2d 03:04");
  CHECK(of(std::nan("")) == "?");
  CHECK(of(INFINITY) == "?");
  CHECK(of(-1) == "?");
}
