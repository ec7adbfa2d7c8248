#pragma once
// One SVG figure of the run: losses, accuracies, ratio, coefficient and whatever else is reported, by step.

#include <ogm/core/error.hpp>
#include <ogm/train/observers/earlier_run.hpp>
#include <ogm/train/observers/event.hpp>
#include <ogm/train/observers/output_file.hpp>
#include <ogm/train/observers/svg.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ogm::observers {

/// What is drawn, and where.
struct plots_options {
  std::string file = "training.svg";
  int every_epochs = 1;                          ///< drawn after each so many epochs, and at the end of the run
  std::size_t points = 1024;                     ///< a line keeps at most this many
  std::vector<std::string> log_panels{"ratio"};  ///< drawn with a logarithmic axis
  bool append = false;                           ///< begin with what csv left in the folder, up to the step at which this run goes on
};

/// A line that never holds more than `limit` points: when it is full, neighbours are merged.
///
/// Numerics   a point is the mean of the finite values of its block of 2^n steps; NaN where none is finite
class thinned_series {
 public:
  explicit thinned_series(std::size_t limit) : limit_(std::max<std::size_t>(limit, 2) / 2 * 2) {
    x_.reserve(limit_ + 1);
    y_.reserve(limit_ + 1);
  }

  void add(double x, double y) {
    sum_x_ += x;
    if (std::isfinite(y)) sum_y_ += y, ++finite_;
    if (++pending_ < block_) return;
    put();
    if (x_.size() >= limit_) halve();
  }
  /// The points, with the last, unfinished block among them.
  std::vector<double> x() const { return with_pending(x_, sum_x_ / double(std::max<std::size_t>(pending_, 1))); }
  std::vector<double> y() const { return with_pending(y_, mean()); }

 private:
  double mean() const { return finite_ ? sum_y_ / double(finite_) : std::numeric_limits<double>::quiet_NaN(); }
  std::vector<double> with_pending(std::vector<double> values, double last) const {
    if (pending_ > 0) values.push_back(last);
    return values;
  }
  void put() {
    x_.push_back(sum_x_ / double(pending_));
    y_.push_back(mean());
    sum_x_ = sum_y_ = 0;
    pending_ = finite_ = 0;
  }
  void halve() {
    for (std::size_t i = 0; i + 1 < x_.size(); i += 2) {
      x_[i / 2] = (x_[i] + x_[i + 1]) / 2;
      y_[i / 2] = std::isnan(y_[i]) ? y_[i + 1] : std::isnan(y_[i + 1]) ? y_[i] : (y_[i] + y_[i + 1]) / 2;
    }
    x_.resize(x_.size() / 2);
    y_.resize(y_.size() / 2);
    block_ *= 2;
  }

  std::size_t limit_, block_ = 1, pending_ = 0, finite_ = 0;
  double sum_x_ = 0, sum_y_ = 0;
  std::vector<double> x_, y_;
};

namespace detail {

/// Where a scalar is drawn: "validation/accuracy/audio" is the line "validation audio" of the panel "accuracy".
struct plot_place {
  std::string panel, line;
};
inline plot_place place_of(std::string_view name) {
  if (name == "loss") return {"loss", "each step"};
  if (name == "train_loss") return {"loss", "mean of epoch"};
  const auto cut = name.find('/');
  if (cut == name.npos) return {std::string(name), ""};
  const auto first = name.substr(0, cut), rest = name.substr(cut + 1);
  if (first != "train" && first != "validation" && first != "test") return {std::string(first), std::string(rest)};
  const auto second = rest.find('/');
  std::string line(first);
  if (second != rest.npos) line += ' ' + std::string(rest.substr(second + 1));
  return {std::string(rest.substr(0, second)), line};
}

/// A centred moving mean over the finite values, one-sided at the ends; a gap stays a gap.
inline std::vector<double> smoothed(const std::vector<double>& y, std::size_t reach) {
  std::vector<double> out(y.size(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (!std::isfinite(y[i])) continue;
    const std::size_t from = i - std::min(reach, i), to = std::min(i + reach, y.size() - 1);
    double sum = 0, count = 0;
    for (std::size_t k = from; k <= to; ++k)
      if (std::isfinite(y[k])) sum += y[k], ++count;
    out[i] = sum / count;
  }
  return out;
}

}  // namespace detail

/// Draws the run into one figure, replaced atomically.
///
/// A panel is the first part of a scalar's name, or the second behind "train", "validation" and "test". Scalars of an epoch
/// are drawn at the last step of it. Lines by step are drawn raw and pale, and smoothed over a fortieth of their points.
///
/// Errors     data_error where the file cannot be written, or the tables of csv to begin with cannot be read; value_error where
///            every_epochs < 1
/// Cost       at most 16 bytes * points a line, however long the run; where it goes on with an earlier one, the tables of that until the
///            first step
class plots {
 public:
  explicit plots(std::filesystem::path folder, plots_options options = {}) : folder_(std::move(folder)), options_(std::move(options)) {
    if (options_.every_epochs < 1)
      throw value_error("ogm: plots needs every_epochs >= 1, not " + std::to_string(options_.every_epochs) + ".");
  }

  void on_run_begin(const run_begin& e) {
    title_ = e.title;
    lines_.clear();
    last_step_ = 0;
    earlier_ = options_.append ? earlier_run(folder_) : earlier_run();
  }
  void on_step(const step_end& e) {
    draw_earlier(e.step, e.epoch);
    add(e);
  }
  void on_epoch_end(const epoch_end& e) {
    draw_earlier(std::numeric_limits<long>::max(), e.epoch);
    add(e);
    if (e.epoch % options_.every_epochs == 0) write();
  }
  void on_run_end(const run_end&) {
    draw_earlier(std::numeric_limits<long>::max(), std::numeric_limits<int>::max());
    write();
  }

  svg::figure drawing() const {
    svg::figure out{.title = title_, .panels = {}};
    for (const char* first : {"loss", "accuracy", "ratio", "coefficient"}) add_panel(out, first);
    for (const line& l : lines_)
      if (l.place.panel != "learning_rate") add_panel(out, l.place.panel);
    add_panel(out, "learning_rate");
    return out;
  }

 private:
  struct line {
    std::string name;
    detail::plot_place place;
    bool by_step;
    thinned_series points;
  };

  /// The rows of the run before, once: what this run did again is drawn by itself.
  void draw_earlier(long before_step, int before_epoch) {
    if (earlier_.empty()) return;
    std::exchange(earlier_, {})
        .tell(
            before_step, before_epoch, [&](const step_end& e) { add(e); }, [&](const epoch_end& e) { add(e); });
  }
  void add(const step_end& e) {
    last_step_ = e.step;
    next_ = 0;
    add("loss", double(e.step), e.loss, true);
    for (const scalar& s : e.scalars) add(s.name, double(e.step), s.value, true);
    add("learning_rate", double(e.step), e.learning_rate, true);
  }
  void add(const epoch_end& e) {
    const double at = last_step_ > 0 ? double(last_step_) : double(e.epoch);
    next_ = 0;
    add("train_loss", at, e.train_loss, false);
    for (const scalar& s : e.scalars) add(s.name, at, s.value, false);
  }
  void add(std::string_view name, double x, double y, bool by_step) {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const std::size_t at = (next_ + i) % lines_.size();
      if (lines_[at].by_step != by_step || lines_[at].name != name) continue;
      lines_[at].points.add(x, y);
      next_ = at + 1;
      return;
    }
    lines_.push_back({std::string(name), detail::place_of(name), by_step, thinned_series(options_.points)});
    lines_.back().points.add(x, y);
  }

  void add_panel(svg::figure& out, std::string_view name) const {
    std::string title(name);
    std::replace(title.begin(), title.end(), '_', ' ');
    for (const svg::panel& p : out.panels)
      if (p.title == title) return;
    svg::panel p{.title = title, .x_label = last_step_ > 0 ? "step" : "epoch", .y_label = "", .log_y = false, .guides = {}, .lines = {}};
    p.log_y = std::find(options_.log_panels.begin(), options_.log_panels.end(), name) != options_.log_panels.end();
    if (name == "ratio") p.guides = {1};
    int colour = 0;
    for (const line& l : lines_)
      if (l.place.panel == name) add_line(p, l, colour++);
    if (!p.lines.empty()) out.panels.push_back(std::move(p));
  }
  static void add_line(svg::panel& p, const line& l, int colour) {
    svg::series drawn{.name = l.place.line, .x = l.points.x(), .y = l.points.y(), .colour = colour, .faint = false, .markers = false};
    const std::size_t reach = drawn.y.size() / 80;
    drawn.markers = !l.by_step && drawn.y.size() <= 40;
    if (l.by_step && reach > 0 && l.place.panel != "learning_rate") {
      svg::series raw = drawn;
      raw.name.clear();
      raw.faint = true;
      p.lines.push_back(std::move(raw));
      drawn.y = detail::smoothed(drawn.y, reach);
    }
    p.lines.push_back(std::move(drawn));
  }

  void write() const {
    const auto path = folder_ / options_.file, unfinished = std::filesystem::path(path.string() + ".part");
    output_file file(unfinished);
    file.write(svg::render(drawing()));
    file.close();
    std::error_code failure;
    std::filesystem::rename(unfinished, path, failure);
    if (failure) throw data_error("ogm: cannot write " + path.string() + ": " + failure.message() + ".");
  }

  std::filesystem::path folder_;
  plots_options options_;
  std::string title_;
  long last_step_ = 0;
  earlier_run earlier_;
  std::vector<line> lines_;
  std::size_t next_ = 0;
};

}  // namespace ogm::observers
