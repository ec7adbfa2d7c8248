#pragma once
// The answers of all 33 templates from what happens in a scene.

#include <avqa/data/scenes/scene.hpp>
#include <avqa/question/answers.hpp>
#include <avqa/question/templates.hpp>
#include <ogm/core/error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace avqa {

/// What is too near to be told apart: a question that depends on it has no answer.
struct truth_margins {
  float ratio = 1.2f;  // of two loudnesses or onset rates
  float time_s = 1;    // of two beginnings or durations
};

namespace detail {

/// A template's values as positions in fillers_of() its placeholders.
using value_codes = std::array<std::uint8_t, 4>;

/// The placeholders of each template, in order, as positions in detail::placeholders.
inline const std::vector<std::vector<std::size_t>>& placeholders_of_templates() {
  static const std::vector<std::vector<std::size_t>> all = [] {
    std::vector<std::vector<std::size_t>> out;
    for (const question_template& form : question_templates) {
      auto& own = out.emplace_back();
      for (std::size_t at = form.text.find('<'); at != form.text.npos; at = form.text.find('<', at + 1)) {
        const std::string_view name = form.text.substr(at, form.text.find('>', at) + 1 - at);
        for (std::size_t i = 0; i < placeholders.size(); ++i)
          if (placeholders[i].name == name) own.push_back(i);
      }
    }
    return out;
  }();
  return all;
}

/// Answers one question at a time. Players are told apart only by what a viewer would know of them, so "the violin" is no one where there
/// are two, unless both have the same answer.
class truth {
 public:
  using answer_text = std::optional<std::string_view>;

  truth(const scene& s, const truth_margins& m) : scene_(s), margins_(m) {}

  answer_text operator()(std::size_t number, const value_codes& v) const {
    const auto loudness = [](const player& p) { return p.loudness; };
    const auto rhythm = [](const player& p) { return p.onsets_hz; };
    const auto with_places = [&](std::size_t instrument, std::size_t side) {
      return sounding([&](const player& p) { return p.seen && p.instrument == v[instrument] && p.at == place(v[side]); });
    };
    const auto at_place = [&](std::size_t side) { return alone_at(place(v[side])); };
    const auto sounds = [&](std::size_t value) { return !heard(v[value]).empty(); };
    const auto shown = [&](std::size_t value) { return count_seen(v[value]) > 0; };
    switch (number + 1) {  // the numbers count from 1, as in the published list
      case 1:
        return by_ratio(heard(v[0]), heard(v[1]), loudness);
      case 2:
        return by_ratio(heard(v[0]), heard(v[1]), rhythm);
      case 3:
        return longer(heard(v[0]), heard(v[1]));
      case 4:
        return v[0] == v[1] ? answer_text{} : yes(sounds(0) && sounds(1));
      case 5:
        return count(sounding(any).size());
      case 6:
        return yes(sounds(0));
      case 7:
        return by_ratio(with_places(0, 1), with_places(2, 3), loudness);
      case 8:
        return by_ratio(with_places(0, 1), with_places(2, 3), rhythm);
      case 9:
        return by_ratio(at_place(0), at_place(1), loudness);
      case 10:
        return by_ratio(at_place(0), at_place(1), rhythm);
      case 11:
        return count(sounding(is_seen).size());
      case 12:
        return count(std::size_t(
            std::count_if(scene_.players.begin(), scene_.players.end(), [](const player& p) { return p.seen && !p.sounds(); })));
      case 13:
        return count(sounding([&](const player& p) { return p.seen && p.instrument == v[0]; }).size());
      case 14:
        return count(kinds([](const player& p) { return p.seen && p.sounds(); }));
      case 15:
        return always(v[0]);
      case 16:
        return yes(!scene_.voiceover.empty());
      case 17:
        return from_the_picture();
      case 18: {
        const player* const one = extreme_onset(v[0] == 1);
        const player* const there = alone_seen_at(place(v[1]));
        return one && there ? yes(one == there) : answer_text{};
      }
      case 19: {
        const player* const one = extreme_onset(v[1] == 1);
        return one && one->seen ? neighbour(*one, place(v[0])) : answer_text{};
      }
      case 20:
        return where(extreme_loudness(v[0] == 0));
      case 21:
        return at_the_same_time(v[0]);
      case 22:
        return nth_to_come_in(v[0]);
      case 23:
        return where(extreme_onset(v[0] == 1));
      case 24:
        return which_of_them(v[0], v[1] == 1);
      case 25:
        return next_to(v[1], v[0] == 1);
      case 26:
        return v[0] == v[1] ? answer_text{} : yes(shown(0) && shown(1));
      case 27:
        return count(count_seen(v[0]));
      case 28:
        return count(kinds(is_seen));
      case 29:
        return yes(shown(0));
      case 30: {
        const player* const one = alone_of(v[1]);
        return one ? neighbour(*one, place(v[0])) : answer_text{};
      }
      case 31:
        return outermost(v[0] == 0 ? place::left : place::right);
      case 32:
        return the_one();
      case 33:
        return scene_.where == setting::both ? answer_text{} : answer_text(answers_in(answer_set::surroundings)[std::size_t(scene_.where)]);
      default:
        return {};
    }
  }

 private:
  using group = std::vector<const player*>;

  static constexpr auto any = [](const player&) { return true; };
  static constexpr auto is_seen = [](const player& p) { return p.seen; };

  static answer_text yes(bool so) { return so ? "yes" : "no"; }
  static answer_text count(std::size_t n) { return counts[std::min(n, counts.size() - 1)]; }
  static answer_text name(const player* p) { return p ? answer_text(instruments[p->instrument]) : answer_text{}; }
  static answer_text where(const player* p) {
    return p && p->seen ? answer_text(answers_in(answer_set::side)[std::size_t(p->at)]) : answer_text{};
  }

  template <class Which> group chosen(const Which& which) const {
    group out;
    for (const player& p : scene_.players)
      if (which(p)) out.push_back(&p);
    return out;
  }
  template <class Which> group sounding(const Which& which) const {
    return chosen([&](const player& p) { return p.sounds() && which(p); });
  }
  group heard(std::uint8_t instrument) const {
    return sounding([&](const player& p) { return p.instrument == instrument; });
  }
  std::size_t count_seen(std::uint8_t instrument) const {
    return chosen([&](const player& p) { return p.seen && p.instrument == instrument; }).size();
  }
  template <class Which> std::size_t kinds(const Which& which) const {
    std::array<bool, instruments.size()> there{};
    for (const player* const p : chosen(which)) there[p->instrument] = true;
    return std::size_t(std::count(there.begin(), there.end(), true));
  }
  const player* alone_seen_at(place at) const {
    const group there = chosen([&](const player& p) { return p.seen && p.at == at; });
    return there.size() == 1 ? there[0] : nullptr;
  }
  /// The one at a place, if it sounds.
  group alone_at(place at) const {
    const player* const p = alone_seen_at(at);
    return p && p->sounds() ? group{p} : group{};
  }
  /// The only one of an instrument that is seen.
  const player* alone_of(std::uint8_t instrument) const {
    const group all = chosen([&](const player& p) { return p.seen && p.instrument == instrument; });
    return all.size() == 1 ? all[0] : nullptr;
  }

  /// Whether each of the first is above each of the second; nothing where they disagree, or are one and the same.
  template <class Test> static answer_text all_pairs(const group& a, const group& b, const Test& test) {
    answer_text out;
    for (const player* const x : a)
      for (const player* const y : b) {
        const answer_text one = x == y ? answer_text{} : test(*x, *y);
        if (!one || (out && *out != *one)) return {};
        out = one;
      }
    return out;
  }
  template <class Value> answer_text by_ratio(const group& a, const group& b, const Value& of) const {
    return all_pairs(a, b, [&](const player& x, const player& y) {
      if (of(x) >= margins_.ratio * of(y)) return yes(true);
      return of(y) >= margins_.ratio * of(x) ? yes(false) : answer_text{};
    });
  }
  /// Two that play equally long are both not longer.
  answer_text longer(const group& a, const group& b) const {
    return all_pairs(a, b, [&](const player& x, const player& y) {
      const float more = x.duration_s() - y.duration_s();
      if (more >= margins_.time_s) return yes(true);
      return more <= 0 ? yes(false) : answer_text{};
    });
  }

  answer_text always(std::uint8_t instrument) const {
    answer_text out;
    for (const player& p : scene_.players)
      if (p.seen && p.instrument == instrument) {
        const float missing = scene_.length_s - p.duration_s();
        if (missing > 0 && missing < margins_.time_s) return {};
        const answer_text one = yes(missing <= 0);
        if (out && *out != *one) return {};
        out = one;
      }
    return out;
  }
  /// Where some of the sound is from the picture and some is not, or what is heard could be what is seen but is not, nobody can say.
  answer_text from_the_picture() const {
    const group all = sounding(any), visible = sounding(is_seen);
    if (all.empty() || count_of_seen() == 0) return {};
    if (visible.size() == all.size()) return yes(true);
    const bool alike = std::any_of(all.begin(), all.end(), [&](const player* p) { return count_seen(p->instrument) > 0; });
    return !visible.empty() || alike ? answer_text{} : yes(false);
  }
  std::size_t count_of_seen() const { return chosen(is_seen).size(); }

  /// The one that is beyond all others of a group by the margin; the one that there is.
  template <class Before> static const player* foremost(const group& all, const Before& before) {
    for (const player* const p : all)
      if (std::all_of(all.begin(), all.end(), [&](const player* other) { return other == p || before(*p, *other); })) return p;
    return nullptr;
  }
  const player* extreme_onset(const group& all, bool last) const {
    return foremost(all, [&](const player& a, const player& b) {
      return last ? a.onset_s() >= b.onset_s() + margins_.time_s : a.onset_s() + margins_.time_s <= b.onset_s();
    });
  }
  const player* extreme_onset(bool last) const { return extreme_onset(sounding(any), last); }
  const player* extreme_loudness(bool loudest) const {
    const group all = sounding(any);
    if (all.size() < 2) return nullptr;
    return foremost(all, [&](const player& a, const player& b) {
      return loudest ? a.loudness >= margins_.ratio * b.loudness : margins_.ratio * a.loudness <= b.loudness;
    });
  }

  /// The only instrument on a side of another; nothing where there are several: which of them is meant nobody can say.
  answer_text neighbour(const player& of, place side) const {
    if (side == place::middle) return {};
    const group there = chosen([&](const player& p) { return p.seen && &p != &of && (side == place::left ? p.at < of.at : p.at > of.at); });
    return there.size() == 1 ? name(there[0]) : answer_text{};
  }
  answer_text outermost(place side) const {
    const group all = chosen(is_seen);
    if (all.size() < 2) return {};
    return name(foremost(all, [&](const player& a, const player& b) { return side == place::left ? a.at < b.at : a.at > b.at; }));
  }
  answer_text the_one() const {
    const group all = chosen(is_seen);
    return all.size() == 1 ? name(all[0]) : answer_text{};
  }

  float common_s(const player& a, const player& b) const {
    float sum = 0;
    for (const interval& i : a.on)
      for (const interval& j : b.on) sum += std::max(0.f, std::min(i.end_s, j.end_s) - std::max(i.begin_s, j.begin_s));
    return sum;
  }
  answer_text at_the_same_time(std::uint8_t instrument) const {
    const group own = heard(instrument);
    if (own.size() != 1) return {};
    const player* found = nullptr;
    for (const player* const p : sounding(any))
      if (const float together = p == own[0] ? 0 : common_s(*p, *own[0]); together > 0) {
        if (found || together < margins_.time_s) return {};
        found = p;
      }
    return name(found);
  }
  answer_text nth_to_come_in(std::size_t n) const {
    group all = sounding(any);
    std::sort(all.begin(), all.end(), [](const player* a, const player* b) { return a->onset_s() < b->onset_s(); });
    if (n >= all.size()) return {};
    const auto apart = [&](std::size_t i) { return all[i + 1]->onset_s() - all[i]->onset_s() >= margins_.time_s; };
    return (n > 0 && !apart(n - 1)) || (n + 1 < all.size() && !apart(n)) ? answer_text{} : name(all[n]);
  }
  answer_text which_of_them(std::uint8_t instrument, bool last) const {
    const group all = heard(instrument);
    if (all.size() < 2 || !std::all_of(all.begin(), all.end(), [](const player* p) { return p->seen; })) return {};
    const auto [first, latest] =
        std::minmax_element(all.begin(), all.end(), [](const player* a, const player* b) { return a->onset_s() < b->onset_s(); });
    if ((*first)->onset_s() == (*latest)->onset_s()) return "simultaneously";
    return where(extreme_onset(all, last));
  }
  /// The only one that comes in before another, or after it.
  answer_text next_to(std::uint8_t instrument, bool after) const {
    const group own = heard(instrument);
    if (own.size() != 1) return {};
    const player* found = nullptr;
    for (const player* const p : sounding(any)) {
      const float later = (p->onset_s() - own[0]->onset_s()) * (after ? 1.f : -1.f);
      if (p == own[0] || later <= -margins_.time_s || later == 0) continue;
      if (found || later < margins_.time_s) return {};
      found = p;
    }
    return name(found);
  }

  const scene& scene_;
  truth_margins margins_;
};

}  // namespace detail

/// The answer of a question from what happens in a scene; nothing where the scene does not decide it: it asks about what is not there,
/// about one of several, or about a difference below the margins.
///
/// "Sounding in the video" is what is seen and sounds, "heard" and "sound" is anything that is heard. "Did not sound from beginning to end"
/// counts what is seen and never plays. First and last are by when they come in. What is on the side of another may stand at any distance
/// of it. Where the texts leave a choice it is the one that most published answers of mixed videos fit.
///
/// Errors     value_error for a template that is none of the 33, and for values that it cannot have
/// Example    answer(s, question_templates[28], {{"violin"}}) is "yes" where a violin is seen
inline std::optional<std::string> answer(const scene& s, const question_template& form, std::span<const std::string> values,
                                         const truth_margins& margins = {}) {
  const auto number = find_template(form.text);
  if (!number) throw ogm::value_error("avqa: the template \"" + std::string(form.text) + "\" is none of the 33.");
  fill_template(form, values);  // says what is wrong with them
  detail::value_codes codes{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto fillers = detail::placeholders[detail::placeholders_of_templates()[*number][i]].fillers;
    codes[i] = std::uint8_t(std::find(fillers.begin(), fillers.end(), values[i]) - fillers.begin());
  }
  const auto found = detail::truth(s, margins)(*number, codes);
  return found ? std::optional<std::string>(*found) : std::nullopt;
}

}  // namespace avqa
