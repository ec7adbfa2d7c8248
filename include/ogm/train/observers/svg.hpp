#pragma once
// Line plots as SVG: panels with axes, nice ticks, a legend, gaps where a value is not finite.

#include <ogm/core/error.hpp>
#include <ogm/train/observers/text.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ogm::observers::svg {

/// A line through (x[i], y[i]). Where x or y is not finite (or beyond 1e300), or y <= 0 on a logarithmic axis, the line has a
/// gap; a point between two gaps is drawn as a dot.
struct series {
  std::string name;  ///< in the legend; empty for none
  std::vector<double> x, y;
  int colour = -1;       ///< index into the palette; -1 takes the place in the panel
  bool faint = false;    ///< thin and pale, for raw values behind a smoothed line
  bool markers = false;  ///< a dot at each point
};

struct panel {
  std::string title, x_label, y_label;
  bool log_y = false;
  std::vector<double> guides;  ///< dashed horizontal lines, inside the range of y
  std::vector<series> lines;
};

struct figure {
  std::string title;
  std::vector<panel> panels;
  int columns = 2;
  int panel_width = 480, panel_height = 300;
};

/// Appends text with the five characters of markup escaped; control characters and invalid UTF-8 become '?'.
inline void append_escaped(std::string& out, std::string_view s) {
  std::string clean;
  text::append_printable(clean, s);
  for (const char c : clean) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
}

/// The range of an axis and where its ticks are.
struct axis {
  double from = 0, to = 1;
  bool log = false;
  std::vector<double> ticks;

  /// 0 at `from`, 1 at `to`.
  double place(double v) const {
    if (log) return (std::log(v) - std::log(from)) / (std::log(to) - std::log(from));
    return (v - from) / (to - from);
  }
  bool shows(double v) const { return std::abs(v) <= 1e300 && (!log || v >= 1e-300); }
};

/// Multiples of 1, 2 or 5 times a power of ten inside [from, to], about `wanted` of them.
///
/// Empty      from and to not finite, or from >= to -> none
inline std::vector<double> nice_ticks(double from, double to, int wanted = 5) {
  std::vector<double> ticks;
  const double span = to - from;
  if (!(span > 0) || !std::isfinite(span) || wanted < 1) return ticks;
  const double rough = span / wanted, power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double m : {1.0, 2.0, 5.0}) {
    if (m * power < 0.999 * rough) continue;
    step = m * power;
    break;
  }
  if (!(step > 0) || from + step == from) return ticks;  // a range at the edge of the number's resolution
  const double first = std::ceil(from / step - 1e-9), last = std::floor(to / step + 1e-9);
  for (double i = first; i <= last; ++i) ticks.push_back(i == 0 ? 0 : i * step);
  return ticks;
}

/// Powers of ten inside [from, to]; 1, 2, 5 times them below two decades; nice ticks below a third of a decade.
inline std::vector<double> log_ticks(double from, double to) {
  std::vector<double> ticks;
  if (!(from > 0) || !(to > from) || !std::isfinite(to)) return ticks;
  const double decades = std::log10(to) - std::log10(from);  // the quotient may overflow
  if (decades < 0.7) return nice_ticks(from, to);
  const int stride = std::max(1, int(std::ceil(decades / 7)));
  for (int k = int(std::floor(std::log10(from))); k <= int(std::ceil(std::log10(to))); ++k) {
    for (const double m : {1.0, 2.0, 5.0}) {
      const double v = m * std::pow(10.0, k);
      if (m > 1 && decades >= 2) break;
      if (k % stride == 0 && v >= from * (1 - 1e-9) && v <= to * (1 + 1e-9)) ticks.push_back(v);
    }
  }
  return ticks;
}

/// The labels of an axis's ticks: thousands as "10k", millions as "2M", as many digits as tell neighbours apart.
inline std::string tick_label(double v, const std::vector<double>& ticks) {
  double largest = 0, gap = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    largest = std::max(largest, std::abs(ticks[i]));
    if (i > 0) gap = std::min(gap, ticks[i] - ticks[i - 1]);
  }
  std::string out;
  const auto [scale, suffix] = largest >= 1e9   ? std::pair(0.0, "")
                               : largest >= 1e6 ? std::pair(1e6, "M")
                               : largest >= 1e4 ? std::pair(1e3, "k")
                                                : std::pair(1.0, "");
  if (scale == 0 || (largest > 0 && largest < 1e-3)) {
    text::append_short(out, v, 3);
    return out;
  }
  if (v == 0) return "0";
  if (!std::isfinite(gap)) gap = largest;
  const double smallest = std::min(gap, std::abs(v)) / scale;
  const int digits = std::clamp(int(std::ceil(-std::log10(smallest) - 1e-9)), 0, 12);
  text::append_fixed(out, v / scale, digits);
  return out + suffix;
}

namespace detail {

// Colours that people with any colour vision tell apart, on white. Source: Okabe and Ito, Color Universal Design (2008).
inline constexpr std::array<std::string_view, 7> palette{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5d5d5d"};
inline constexpr std::array<std::string_view, 3> dashes{"", "6 3", "2 3"};

/// The smallest and largest value that an axis shows, widened where they are equal or `padding` asks for it.
class range {
 public:
  explicit range(bool log) { out_.log = log; }
  bool shows(double v) const { return out_.shows(v); }
  void add(double v) {
    if (!shows(v)) return;
    low_ = std::min(low_, v);
    high_ = std::max(high_, v);
  }
  bool empty() const { return !(low_ <= high_); }
  axis widened(double padding) const {
    axis out = out_;
    if (empty()) return out;
    if (out.log) {
      const double factor = low_ == high_ ? 1.5 : std::pow(high_, padding) / std::pow(low_, padding);
      out.from = std::max(low_ / factor, 1e-307);
      out.to = std::min(high_ * factor, 1e307);
      out.ticks = log_ticks(out.from, out.to);
      return out;
    }
    const double extra = low_ == high_ ? (low_ == 0 ? 0.5 : std::abs(low_) * 0.1) : (high_ - low_) * padding;
    out.from = low_ - extra;
    out.to = high_ + extra;
    out.ticks = nice_ticks(out.from, out.to);
    return out;
  }

 private:
  axis out_;
  double low_ = std::numeric_limits<double>::infinity(), high_ = -std::numeric_limits<double>::infinity();
};

class writer {
 public:
  std::string draw(const figure& f) {
    const int columns = std::clamp(f.columns, 1, std::max(1, int(f.panels.size())));
    const int rows = (int(f.panels.size()) + columns - 1) / columns, top = f.title.empty() ? 8 : 40;
    const int width = columns * f.panel_width + 16, height = rows * f.panel_height + top + 8;
    out_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + std::to_string(width) + "\" height=\"" + std::to_string(height) +
           "\" viewBox=\"0 0 " + std::to_string(width) + ' ' + std::to_string(height) +
           "\" font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\" font-size=\"12\" fill=\"#333\">\n"
           "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
    if (!f.title.empty()) label(width / 2.0, 28, f.title, "text-anchor=\"middle\" font-size=\"17\" font-weight=\"bold\"");
    for (std::size_t i = 0; i < f.panels.size(); ++i) {
      left_ = 8 + double(int(i) % columns * f.panel_width);
      top_ = top + double(int(i) / columns * f.panel_height);
      draw_panel(f.panels[i], f.panel_width, f.panel_height);
    }
    return out_ + "</svg>\n";
  }

 private:
  void draw_panel(const panel& p, int width, int height) {
    range xs(false), ys(p.log_y);
    for (const series& s : p.lines) {
      if (s.x.size() != s.y.size())
        throw value_error("ogm: the line \"" + s.name + "\" has " + std::to_string(s.x.size()) + " x and " + std::to_string(s.y.size()) +
                          " y.");
      for (std::size_t i = 0; i < s.x.size(); ++i) {
        if (!xs.shows(s.x[i]) || !ys.shows(s.y[i])) continue;
        xs.add(s.x[i]);
        ys.add(s.y[i]);
      }
    }
    const bool empty = xs.empty() || ys.empty();
    if (!empty)
      for (const double g : p.guides) ys.add(g);
    x_ = xs.widened(0.01);
    y_ = ys.widened(0.06);

    if (!p.title.empty()) label(left_ + 56, top_ + 20, p.title, "font-size=\"14\" font-weight=\"bold\"");
    const double legend_bottom = legend(p, left_ + 56, top_ + (p.title.empty() ? 18 : 38), left_ + width - 12);
    plot_left_ = left_ + (p.y_label.empty() ? 56 : 70);
    plot_right_ = left_ + width - 14;
    plot_top_ = legend_bottom + 4;
    plot_bottom_ = top_ + height - (p.x_label.empty() ? 26 : 42);
    if (!p.x_label.empty()) label((plot_left_ + plot_right_) / 2, plot_bottom_ + 35, p.x_label, "text-anchor=\"middle\" fill=\"#666\"");
    if (!p.y_label.empty()) {
      out_ += "<g transform=\"translate(";
      point(left_ + 18, (plot_top_ + plot_bottom_) / 2, ' ');
      out_ += ") rotate(-90)\">";
      label(0, 0, p.y_label, "text-anchor=\"middle\" fill=\"#666\"");
      out_ += "</g>\n";
    }
    if (empty) {
      label((plot_left_ + plot_right_) / 2, (plot_top_ + plot_bottom_) / 2, "no data", "text-anchor=\"middle\" fill=\"#999\"");
      return;
    }
    grid(p);
    for (std::size_t i = 0; i < p.lines.size(); ++i) line(p.lines[i], style_of(p, i));
  }

  static std::size_t style_of(const panel& p, std::size_t i) { return p.lines[i].colour < 0 ? i : std::size_t(p.lines[i].colour); }
  double at_x(double v) const { return plot_left_ + x_.place(v) * (plot_right_ - plot_left_); }
  double at_y(double v) const { return plot_bottom_ - y_.place(v) * (plot_bottom_ - plot_top_); }

  void grid(const panel& p) {
    for (const double t : y_.ticks) {
      rule(plot_left_, at_y(t), plot_right_, at_y(t), "stroke=\"#e6e6e6\"");
      label(plot_left_ - 7, at_y(t) + 4, tick_label(t, y_.log ? std::vector{t} : y_.ticks), "text-anchor=\"end\"");
    }
    for (const double t : x_.ticks) {
      rule(at_x(t), plot_bottom_, at_x(t), plot_bottom_ + 4, "stroke=\"#888\"");
      label(at_x(t), plot_bottom_ + 18, tick_label(t, x_.ticks), "text-anchor=\"middle\"");
    }
    for (const double g : p.guides)
      if (y_.shows(g)) rule(plot_left_, at_y(g), plot_right_, at_y(g), "stroke=\"#888\" stroke-dasharray=\"4 3\"");
    rule(plot_left_, plot_bottom_, plot_right_, plot_bottom_, "stroke=\"#888\"");
  }

  void line(const series& s, std::size_t style) {
    const std::string colour(palette[style % palette.size()]);
    const auto shown = [&](std::size_t i) { return i < s.x.size() && x_.shows(s.x[i]) && y_.shows(s.y[i]); };
    std::string dots;
    out_ += "<path fill=\"none\" stroke=\"" + colour + "\" stroke-linejoin=\"round\" stroke-width=\"";
    out_ += s.faint ? "1\" stroke-opacity=\"0.3\"" : "1.8\"";
    if (const auto dash = dashes[style / palette.size() % dashes.size()]; !dash.empty())
      out_ += " stroke-dasharray=\"" + std::string(dash) + '"';
    out_ += " d=\"";
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      if (!shown(i)) continue;
      const bool first = i == 0 || !shown(i - 1), alone = first && !shown(i + 1);
      if (alone || (s.markers && !s.faint)) {
        dots += "<circle r=\"2.6\" cx=\"" + number(at_x(s.x[i])) + "\" cy=\"" + number(at_y(s.y[i])) + "\"/>";
      }
      if (alone) continue;
      out_ += first ? 'M' : 'L';
      point(at_x(s.x[i]), at_y(s.y[i]), ' ');
    }
    out_ += "\"/>\n";
    if (!dots.empty()) out_ += "<g fill=\"" + colour + (s.faint ? "\" fill-opacity=\"0.3\">" : "\">") + dots + "</g>\n";
  }

  /// Entries side by side, wrapped; returns the y below the last row.
  double legend(const panel& p, double from, double y, double to) {
    double x = from;
    bool any = false;
    for (std::size_t i = 0; i < p.lines.size(); ++i) {
      if (p.lines[i].name.empty()) continue;
      const double wide = 40 + 6.6 * double(text::columns(p.lines[i].name));
      if (any && x + wide > to) {
        x = from;
        y += 17;
      }
      const std::size_t style = style_of(p, i);
      std::string stroke = "stroke-width=\"2.5\" stroke=\"" + std::string(palette[style % palette.size()]) + '"';
      if (const auto dash = dashes[style / palette.size() % dashes.size()]; !dash.empty())
        stroke += " stroke-dasharray=\"" + std::string(dash) + '"';
      rule(x, y - 4, x + 20, y - 4, stroke);
      label(x + 25, y, p.lines[i].name, "");
      x += wide;
      any = true;
    }
    return any ? y + 8 : y - 12;
  }

  static std::string number(double v) {
    std::string out;
    text::append_fixed(out, v, 1);
    return out;
  }
  void point(double x, double y, char between) {
    text::append_fixed(out_, x, 1);
    out_ += between;
    text::append_fixed(out_, y, 1);
  }
  void rule(double x1, double y1, double x2, double y2, std::string_view style) {
    out_ += "<path d=\"M";
    point(x1, y1, ' ');
    out_ += 'L';
    point(x2, y2, ' ');
    out_ += "\" ";
    out_ += style;
    out_ += "/>\n";
  }
  void label(double x, double y, std::string_view words, std::string_view style) {
    out_ += "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" ";
    out_ += style;
    out_ += '>';
    append_escaped(out_, words);
    out_ += "</text>\n";
  }

  std::string out_;
  axis x_, y_;
  double left_ = 0, top_ = 0, plot_left_ = 0, plot_right_ = 0, plot_top_ = 0, plot_bottom_ = 0;
};

}  // namespace detail

/// The figure as an SVG document.
///
/// Empty      a panel without a finite point says "no data"; more lines than colours repeat them dashed
/// Errors     value_error where a line's x and y differ in number
inline std::string render(const figure& f) { return detail::writer{}.draw(f); }

}  // namespace ogm::observers::svg
