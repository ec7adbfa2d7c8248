#pragma once
// The report of a run as one HTML file that needs nothing beside it: accuracies by type, curves, and questions with the evidence for their
// answers.

#include <avqa/evaluation/accuracy_table.hpp>
#include <avqa/evaluation/attention_picture.hpp>
#include <avqa/question/types.hpp>
#include <ogm/core/error.hpp>
#include <ogm/data/bytes.hpp>
#include <ogm/data/image.hpp>
#include <ogm/train/observers/svg.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace avqa {

/// A question that was answered, with what the network saw and heard.
struct answered_question {
  std::string video, question, expected;                  // expected: empty where nobody knows
  std::vector<std::pair<std::string, double>> likeliest;  // answers with their probabilities, the given one first
  std::vector<ogm::data::image::picture> frames;          // of one size, in order of time
  std::vector<double> seconds;                            // of each frame; empty: numbered
  attention_record attention;
};

/// What a report holds. Every part may be empty, and is left out then.
struct report {
  std::string title, introduction;
  std::vector<named_accuracy> systems, priors;
  std::vector<std::pair<std::string, std::string>> protocol;  // how the figures came about, line by line
  std::vector<ogm::observers::svg::figure> curves;
  std::vector<answered_question> questions;
};

/// Bytes in 64 letters, padded with '='.
///
/// Source     RFC 4648, Sec. 4
inline std::string base64(std::string_view bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k) word = word << 8 | (i + k < bytes.size() ? std::uint8_t(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += i + k > bytes.size() ? '=' : letters[word >> (18 - 6 * k) & 63];
  }
  return out;
}

namespace detail {

class report_writer {
 public:
  std::string write(const report& r) {
    out_ =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";
    text(r.title);
    out_ += "</title>\n<style>\n";
    out_ += style;
    out_ += "</style>\n</head>\n<body>\n<h1>";
    text(r.title);
    out_ += "</h1>\n";
    if (!r.introduction.empty()) element("p", r.introduction);
    if (!r.systems.empty() || !r.priors.empty()) accuracies(r);
    if (!r.questions.empty()) {
      element("h2", "Questions and the evidence for their answers");
      element("p",
              "Over each frame: where the network looked, from blue (least) to red (most), scaled for each frame. Under it: how much that "
              "moment's picture and sound counted, as shares of the largest.");
      for (const answered_question& q : r.questions) question(q);
    }
    if (!r.curves.empty()) element("h2", "Training");
    for (const auto& figure : r.curves) out_ += "<div class=\"figure\">" + ogm::observers::svg::render(figure) + "</div>\n";
    if (!r.protocol.empty()) {
      element("h2", "How these figures came about");
      out_ += "<table class=\"protocol\">\n";
      for (const auto& [name, value] : r.protocol) {
        out_ += "<tr><th>";
        text(name);
        out_ += "</th><td>";
        text(value);
        out_ += "</td></tr>\n";
      }
      out_ += "</table>\n";
    }
    return std::move(out_) + "</body>\n</html>\n";
  }

 private:
  // Light and dark as the reader's system has it; colours that people with any colour vision tell apart (Okabe and Ito, 2008).
  static constexpr std::string_view style =
      R"(:root { --ink: #222; --paper: #fff; --pale: #666; --line: #ddd; --seen: #0072b2; --heard: #e69f00; --prior: #9a9a9a; --good: #007a5a; --bad: #c04a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #16181b; --pale: #a5a5a5; --line: #3a3d42; --seen: #56b4e9; --prior: #777; --good: #35c79b; --bad: #ff8a4d; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { line-height: 1.2; } h2 { margin-top: 2.5rem; } h3 { margin: 0 0 .3rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child, .protocol td { text-align: left; } .protocol th { font-weight: normal; color: var(--pale); } .scroll { overflow-x: auto; }
.prior { color: var(--pale); } .average { font-weight: 600; }
.bars { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: 1.2rem 2rem; margin: 1.5rem 0; } .bars h3 { font-size: 1rem; }
.bar { display: grid; grid-template-columns: 9rem 1fr 3.2rem; gap: .5rem; align-items: center; font-size: .85rem; } .bar .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.bar .track { background: var(--line); height: .8rem; } .bar .fill { height: 100%; background: var(--seen); } .bar.prior .fill { background: var(--prior); } .bar .value { text-align: right; }
.question { border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; margin: 1rem 0; } .question .video { color: var(--pale); font-size: .85rem; }
.answer { font-weight: 600; } .right { color: var(--good); } .wrong { color: var(--bad); } .others { color: var(--pale); font-size: .9rem; }
.frames { display: grid; gap: .3rem; margin-top: .8rem; overflow-x: auto; } .frames img { width: 100%; min-width: 5rem; display: block; } .frames figure { margin: 0; }
.frames .column { height: 2.6rem; display: flex; align-items: flex-end; border-bottom: 1px solid var(--line); margin-top: .2rem; } .frames .column div { width: 100%; } .seen { background: var(--seen); } .heard { background: var(--heard); }
figcaption { font-size: .75rem; color: var(--pale); text-align: center; } .legend span { display: inline-block; width: .8rem; height: .8rem; margin: 0 .3rem 0 .8rem; }
.legend { font-size: .8rem; color: var(--pale); margin-top: .4rem; } .figure { overflow-x: auto; margin: 1rem 0; } .figure svg { max-width: 100%; height: auto; }
)";

  void text(std::string_view words) { ogm::observers::svg::append_escaped(out_, words); }
  void element(std::string_view tag, std::string_view words) {
    out_.append("<").append(tag).append(">");
    text(words);
    out_.append("</").append(tag).append(">\n");
  }
  static std::string percent(double value) { return percent_text(value, 2, "\u2013"); }

  void accuracies(const report& r) {
    element("h2", "Accuracy");
    out_ += "<div class=\"scroll\"><table>\n<tr><th></th>";
    for (const std::string_view head : table_heads) element("th", head);
    out_ += "<th>items</th><th>outside</th></tr>\n";
    for (const auto* rows : {&r.systems, &r.priors})
      for (const auto& [name, a] : *rows) {
        out_ += rows == &r.priors ? "<tr class=\"prior\"><td>" : "<tr><td>";
        text(name);
        out_ += "</td>";
        each_column(a, [&](const tally& t, bool average) {
          out_ += (average ? "<td class=\"average\">" : "<td>") + percent(t.percent()) + "</td>";
        });
        out_ += "<td>" + std::to_string(a.total().items) + "</td><td>" + std::to_string(a.outside()) + "</td></tr>\n";
      }
    out_ += "</table></div>\n";
    element("p", "Percent; outside: answers that the question's template cannot have. Priors, in grey, neither look nor listen.");
    out_ += "<div class=\"bars\">\n";
    bars("All", r, [](const question_accuracy& a) { return a.total(); });
    for (std::size_t t = 0; t < question_type_count; ++t)
      bars(name_of(question_type(t)), r, [t](const question_accuracy& a) { return a.of(question_type(t)); });
    out_ += "</div>\n";
  }
  template <class Of> void bars(std::string_view title, const report& r, const Of& of) {
    out_ += "<section>";
    element("h3", title);
    for (const auto* rows : {&r.systems, &r.priors})
      for (const auto& [name, a] : *rows) {
        const double value = of(a).percent();
        out_ += rows == &r.priors ? "<div class=\"bar prior\"><span class=\"name\">" : "<div class=\"bar\"><span class=\"name\">";
        text(name);
        out_ += "</span><span class=\"track\"><span class=\"fill\" style=\"display:block;width:" +
                percent_text(std::isnan(value) ? 0 : std::clamp(value, 0.0, 100.0), 2, "0") + "%\"></span></span><span class=\"value\">" +
                percent(value) + "</span></div>\n";
      }
    out_ += "</section>\n";
  }

  void question(const answered_question& q) {
    check_attention(q.frames, q.attention);
    if (!q.seconds.empty() && q.seconds.size() != q.frames.size())
      throw ogm::shape_error("avqa: " + std::to_string(q.seconds.size()) + " times beside " + std::to_string(q.frames.size()) + " frames.");
    out_ += "<div class=\"question\">\n";
    element("h3", q.question);
    out_ += "<div class=\"video\">";
    text(q.video);
    out_ += "</div>\n";
    if (!q.likeliest.empty()) answer(q);
    if (!q.frames.empty()) frames(q);
    out_ += "</div>\n";
  }
  void answer(const answered_question& q) {
    const auto& [given, probability] = q.likeliest.front();
    const bool known = !q.expected.empty(), right = known && given == q.expected;
    out_ += "<div><span class=\"answer";
    if (known) out_ += right ? " right" : " wrong";
    out_ += "\">";
    text(given);
    out_ += "</span> (" + percent_text(100 * probability, 1, "?") + " % sure)";
    if (known) {
      out_ += right ? ", right" : ", wrong: ";
      if (!right) text(q.expected);
    }
    out_ += "</div>\n";
    if (q.likeliest.size() < 2) return;
    out_ += "<div class=\"others\">then ";
    for (std::size_t i = 1; i < q.likeliest.size(); ++i) {
      if (i > 1) out_ += ", ";
      text(q.likeliest[i].first);
      out_ += ' ' + percent_text(100 * q.likeliest[i].second, 1, "?") + " %";
    }
    out_ += "</div>\n";
  }
  void frames(const answered_question& q) {
    out_ += "<div class=\"frames\" style=\"grid-template-columns:repeat(" + std::to_string(q.frames.size()) + ",1fr)\">\n";
    const auto& a = q.attention;
    for (std::size_t i = 0; i < q.frames.size(); ++i) {
      out_ += "<figure><img alt=\"frame " + std::to_string(i + 1) + "\" src=\"data:image/png;base64," +
              base64(ogm::data::image::encode_png(shown_frame(q.frames, a, i))) + "\">";
      column(a.seen, i, "seen");
      column(a.heard, i, "heard");
      out_ += "<figcaption>" + (q.seconds.empty() ? std::to_string(i + 1) : percent_text(q.seconds[i], 1, "?") + " s") +
              "</figcaption></figure>\n";
    }
    out_ += "</div>\n";
    if (a.seen.empty() && a.heard.empty()) return;
    out_ += "<div class=\"legend\">";
    if (!a.seen.empty()) out_ += "<span class=\"seen\"></span>picture";
    if (!a.heard.empty()) out_ += "<span class=\"heard\"></span>sound";
    out_ += "</div>\n";
  }
  void column(const std::vector<float>& weight, std::size_t i, std::string_view name) {
    if (weight.empty()) return;
    const float most = *std::max_element(weight.begin(), weight.end());
    const double share = most > 0 ? double(weight[i] / most) : 0;
    out_.append("<div class=\"column\" title=\"").append(name).append(" ").append(percent_text(100 * double(weight[i]), 1, "?"));
    out_.append(" %\"><div class=\"")
        .append(name)
        .append("\" style=\"height:")
        .append(percent_text(100 * share, 1, "0"))
        .append("%\"></div></div>");
  }

  std::string out_;
};

}  // namespace detail

/// The report as HTML.
///
/// Errors     shape_error where a question's attention does not fit its frames
inline std::string report_html(const report& r) { return detail::report_writer().write(r); }

/// Writes the report; an older file is replaced only when the new one is whole.
///
/// Errors     as report_html; data_error where the file cannot be written
inline void write_report(const std::string& path, const report& r) {
  const std::string html = report_html(r);
  ogm::data::write_atomically(path, ogm::data::as_byte_span(html));
}

}  // namespace avqa
