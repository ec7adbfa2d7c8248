#pragma once
// Questions about scenes at random, with the shares of their answers under control.

#include <avqa/data/music_avqa.hpp>
#include <avqa/data/scenes/draw.hpp>
#include <avqa/data/scenes/scene.hpp>
#include <avqa/data/scenes/truth.hpp>
#include <avqa/question/answers.hpp>
#include <avqa/question/templates.hpp>
#include <ogm/core/error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace avqa {

/// A question about a scene, and its answer.
struct scene_question {
  std::size_t number = 0;           // of the template in question_templates
  std::vector<std::string> values;  // of its placeholders
  std::string answer;

  const question_template& form() const { return question_templates[number]; }
  friend bool operator==(const scene_question&, const scene_question&) = default;
};

/// How answers other than yes and no are chosen among those that a scene offers.
enum class answer_shares : std::uint8_t {
  as_drawn,  // by chance: what is frequent in the scenes is frequent in the answers
  even,      // the one that was given least often so far
};

/// What is asked, and how often.
struct asking_options {
  std::vector<std::size_t> templates{};  // their numbers; none: all 33
  std::vector<std::uint8_t> absent{};    // instruments to ask for where they are not there; none: all 22
  answer_shares shares = answer_shares::even;
  std::size_t slack = 2;  // of a template, as many "yes" as "no", but for this many
  truth_margins margins{};
};

/// Asks about scenes, one after the other. It keeps count of the answers: the questions of a scene depend on the scenes before it, and a
/// sequence of scenes has the same questions wherever it is asked about.
///
/// Errors     value_error for a template or an instrument that there is not
class question_drawer {
 public:
  explicit question_drawer(std::uint64_t seed, asking_options how = {}) : seed_(seed), how_(std::move(how)) {
    for (const std::size_t t : how_.templates)
      if (t >= question_templates.size())
        throw ogm::value_error("avqa: questions from the template " + std::to_string(t) + "; a number below 33 expected.");
    for (const std::uint8_t i : how_.absent)
      if (i >= instruments.size())
        throw ogm::value_error("avqa: questions about the instrument " + std::to_string(i) + "; a number below 22 expected.");
    if (how_.templates.empty()) {
      how_.templates.resize(question_templates.size());
      std::iota(how_.templates.begin(), how_.templates.end(), std::size_t(0));
    }
    if (how_.absent.empty()) {
      how_.absent.resize(instruments.size());
      std::iota(how_.absent.begin(), how_.absent.end(), std::uint8_t(0));
    }
  }

  /// Up to `count` different questions about the scene, from different templates as long as there are some; fewer where no more have an
  /// answer that keeps the shares.
  std::vector<scene_question> draw(const scene& s, std::uint32_t index, std::size_t count) {
    ogm::random::generator g = detail::scene_generator(seed_, detail::scene_stream::questions, index);
    std::vector<scene_question> out;
    const std::vector<std::uint8_t> named = instruments_to_name(s, g);
    for (bool more = true; more && out.size() < count;) {
      more = false;
      std::vector<std::size_t> order = how_.templates;
      for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[std::size_t(g.below(i))]);
      for (std::size_t t = 0; t < order.size() && out.size() < count; ++t)
        if (auto question = ask(s, order[t], named, g, out)) {
          ++given_[question->number][std::size_t(*position_of(question->answer))];
          out.push_back(*std::move(question));
          more = true;
        }
    }
    return out;
  }

  /// How often a template has had an answer so far.
  std::size_t given(std::size_t number, std::string_view answer) const {
    const auto at = position_of(answer);
    return at ? given_.at(number)[*at] : 0;
  }

 private:
  struct candidate {
    detail::value_codes codes;
    std::size_t answer;  // in published_answers
  };

  static std::optional<std::size_t> position_of(std::string_view answer) {
    const auto at = std::find(published_answers.begin(), published_answers.end(), answer);
    return at == published_answers.end() ? std::nullopt : std::optional(std::size_t(at - published_answers.begin()));
  }

  /// Those of the scene, and as many that are not there but could be.
  std::vector<std::uint8_t> instruments_to_name(const scene& s, ogm::random::generator& g) const {
    std::vector<std::uint8_t> out;
    const auto take = [&](std::uint8_t i) {
      if (std::find(out.begin(), out.end(), i) == out.end()) out.push_back(i);
    };
    for (const player& p : s.players) take(p.instrument);
    const std::size_t there = out.size();
    for (std::size_t tries = 0; tries < 4 * there && out.size() < 2 * there; ++tries)
      take(how_.absent[std::size_t(g.below(how_.absent.size()))]);
    return out;
  }

  /// Every way to fill the template that has an answer.
  std::vector<candidate> candidates(const scene& s, std::size_t number, const std::vector<std::uint8_t>& named) const {
    const auto& holes = detail::placeholders_of_templates()[number];
    const detail::truth truth(s, how_.margins);
    std::array<std::size_t, 4> size{1, 1, 1, 1}, at{};
    const auto is_object = [&](std::size_t hole) { return holes[hole] == 0; };
    for (std::size_t h = 0; h < holes.size(); ++h) size[h] = is_object(h) ? named.size() : detail::placeholders[holes[h]].fillers.size();
    std::vector<candidate> out;
    for (;;) {
      candidate c{};
      for (std::size_t h = 0; h < holes.size(); ++h) c.codes[h] = is_object(h) ? named[at[h]] : std::uint8_t(at[h]);
      if (const auto found = truth(number, c.codes)) {
        c.answer = *position_of(*found);
        out.push_back(c);
      }
      std::size_t h = 0;
      while (h < at.size() && ++at[h] == size[h]) at[h++] = 0;
      if (h == at.size()) return out;
    }
  }

  std::optional<scene_question> ask(const scene& s, std::size_t number, const std::vector<std::uint8_t>& named, ogm::random::generator& g,
                                    const std::vector<scene_question>& before) const {
    std::vector<candidate> all = candidates(s, number, named);
    const auto& counts = given_[number];
    const auto keep = [&](const auto& wanted) {
      all.erase(std::remove_if(all.begin(), all.end(), [&](const candidate& c) { return !wanted(c); }), all.end());
    };
    const bool yes_no = question_templates[number].answers == answer_set::yes_no;
    if (yes_no) {
      const std::size_t yes = *position_of("yes"), no = *position_of("no");
      keep([&](const candidate& c) { return counts[c.answer] < counts[c.answer == yes ? no : yes] + how_.slack; });
    }
    keep([&](const candidate& c) {
      return std::none_of(before.begin(), before.end(), [&](const scene_question& q) { return q == spelt(number, c); });
    });
    if (all.empty()) return std::nullopt;
    if (yes_no || how_.shares == answer_shares::even) {
      std::size_t least = counts[all[0].answer];
      for (const candidate& c : all) least = std::min(least, counts[c.answer]);
      keep([&](const candidate& c) { return counts[c.answer] == least; });
    }
    return spelt(number, all[std::size_t(g.below(all.size()))]);
  }

  static scene_question spelt(std::size_t number, const candidate& c) {
    scene_question out{number, {}, std::string(published_answers[c.answer])};
    const auto& holes = detail::placeholders_of_templates()[number];
    for (std::size_t h = 0; h < holes.size(); ++h) out.values.emplace_back(detail::placeholders[holes[h]].fillers[c.codes[h]]);
    return out;
  }

  std::uint64_t seed_;
  asking_options how_;
  std::array<std::array<std::size_t, published_answers.size()>, question_templates.size()> given_{};
};

/// A question as a record of the annotations.
inline annotation annotation_of(const scene_question& q, std::string video_id, std::uint64_t question_id) {
  return {std::move(video_id), question_id, q.form().type, std::string(q.form().text), q.values, q.answer};
}

}  // namespace avqa
