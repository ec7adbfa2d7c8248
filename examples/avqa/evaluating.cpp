// The subcommand evaluate.

#include "asking.hpp"
#include "commands.hpp"
#include "films.hpp"
#include "json_file.hpp"
#include "outputs.hpp"

#include <avqa/data/splits.hpp>
#include <avqa/evaluation/accuracy_table.hpp>
#include <avqa/evaluation/priors.hpp>
#include <avqa/evaluation/report.hpp>
#include <ogm/core/parallel.hpp>
#include <ogm/data/bytes.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>
#include <utility>
#include <vector>

namespace program {

void evaluate_command::add(CLI::App& to) {
  annotations.add(to, {.validation = false});
  to.add_option("--model", model, "weights of a network of this program (.safetensors or .pt)")->required();
  to.add_option("--features", features, "feature store; q needs none");
  to.add_option("--json", json, "file for the accuracies");
  to.add_option("--answers", answers, "file for each question with its answer");
  auto* const page = to.add_option("--report", report, "file for a report in HTML");
  to.add_option("--media", media, "folder of the videos, for the frames of the report")->needs(page);
  to.add_option("--shown", shown, "questions that the report shows with their evidence")->check(CLI::Range(0, 1000))->needs(page);
  to.add_option("--threads", threads, "of the processor")->check(CLI::Range(1, 64));
  to.add_flag("--quiet", quiet, "no progress");
}

namespace {

/// Questions to show: of each type the first, then of each the second, and so on; those first whose films are there, and each about another
/// video while there are others.
std::vector<std::size_t> chosen(const std::vector<avqa::annotation>& asked, std::size_t count, const std::string& media) {
  std::vector<std::size_t> order, again;
  std::set<std::string_view> videos;
  for (std::size_t i = 0; i < asked.size(); ++i) (videos.insert(asked[i].video_id).second ? order : again).push_back(i);
  order.insert(order.end(), again.begin(), again.end());
  if (!media.empty())
    std::stable_partition(order.begin(), order.end(), [&](std::size_t i) { return !film_of(media, asked[i].video_id).empty(); });
  std::array<std::size_t, avqa::question_type_count> seen{};
  std::vector<std::pair<std::size_t, std::size_t>> ranked;  // how many of its type come before it, and which it is
  for (const std::size_t i : order) ranked.emplace_back(seen[std::size_t(asked[i].type)]++, i);
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < std::min(count, ranked.size()); ++i) out.push_back(ranked[i].second);
  return out;
}

std::string overlap_text(const std::vector<avqa::annotation>& training, const std::vector<avqa::annotation>& asked) {
  const avqa::video_overlap o = avqa::compare_videos(training, asked);
  if (o.disjoint())
    return "apart: none of the " + std::to_string(o.second) + " videos is among the " + std::to_string(o.first) + " of the training";
  return std::to_string(o.shared) + " of the " + std::to_string(o.second) + " videos are those of training questions, with " +
         std::to_string(o.questions_on_shared) + " of " + std::to_string(asked.size()) + " questions: a network may know them";
}

}  // namespace

int evaluate_command::run() {
  const ogm::use_threads pool(threads);
  annotations.complete();
  if (annotations.test.empty()) throw ogm::value_error("avqa: there are no questions to answer. Give --test, or --annotations DIR.");
  require_writable({{"--json", json}, {"--answers", answers}, {"--report", report}});
  const auto done = examine(model, features, annotations.test, quiet);
  const network_entry& entry = *done->entry;
  const std::vector<avqa::annotation>& asked = done->asked;
  if (asked.size() < done->all)
    std::printf("%zu of %zu questions are left out: their videos have no features\n", done->all - asked.size(), done->all);

  avqa::report out;
  out.title = "Audio-visual question answering", out.introduction = entry.text();
  out.systems = {{std::string(entry.name), done->accuracy}};
  if (!annotations.train.empty()) {
    const auto training = avqa::read_music_avqa(annotations.train);
    out.priors = avqa::accuracy_of_priors(avqa::question_priors(training), asked);
    out.protocol.emplace_back("videos of the test", overlap_text(training, asked));
    std::printf("videos of the test: %s\n", out.protocol.back().second.c_str());
  }
  std::vector<avqa::named_accuracy> rows = out.systems;
  rows.insert(rows.end(), out.priors.begin(), out.priors.end());
  std::printf("%s", avqa::accuracy_table(rows).c_str());
  if (!json.empty()) ogm::data::write_atomically(json, ogm::data::as_byte_span(avqa::accuracy_json(done->accuracy, out.priors)));
  if (!answers.empty()) {
    std::string all = "[";
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const auto [answer, probability] = likeliest(done->replies[i], 1).front();
      all += (i ? ",\n" : "\n") + json_object({{"video_id", json_text(asked[i].video_id)},
                                               {"question", json_text(asked[i].question())},
                                               {"answer", json_text(answer)},
                                               {"probability", json_number(probability)},
                                               {"expected", json_text(asked[i].answer)}});
    }
    ogm::data::write_atomically(answers, ogm::data::as_byte_span(all += "\n]\n"));
  }
  if (report.empty()) return 0;

  std::vector<avqa::annotation> few;
  for (const std::size_t i : chosen(asked, std::size_t(shown), media)) few.push_back(asked[i]);
  const std::vector<reply> told = ask(*done->network, entry, done->store ? &*done->store : nullptr, few, true, quiet);
  for (std::size_t i = 0; i < few.size(); ++i) {
    avqa::answered_question q{.video = few[i].video_id,
                              .question = few[i].question(),
                              .expected = few[i].answer,
                              .likeliest = likeliest(told[i], 4),
                              .frames = {},
                              .seconds = {},
                              .attention = {}};
    if (done->store && !media.empty())
      if (const std::string film = film_of(media, few[i].video_id); !film.empty()) {
        try {
          const seen_clip seen = read_film(film, int(done->store->shape().steps), false, true);
          q.frames = seen.pictures(), q.seconds = seen.seconds;
          q.attention = told[i].attention;
        } catch (const ogm::error& e) {
          std::fprintf(stderr, "without its frames: %s\n", said_by(e).c_str());
        }
      }
    out.questions.push_back(std::move(q));
  }
  for (const auto& figure : curves)
    if (!figure.panels.empty()) out.curves.push_back(figure);
  out.protocol.insert(out.protocol.end(), protocol.begin(), protocol.end());
  out.protocol.emplace_back("weights", model);
  out.protocol.emplace_back("questions", annotations.test + ", " + std::to_string(asked.size()) + " of " + std::to_string(done->all));
  if (done->store) out.protocol.emplace_back("features", features + ", " + done->store->shape().text());
  out.protocol.emplace_back("types", "as the file of questions has them");
  avqa::write_report(report, out);
  std::printf("%s\n", report.c_str());
  return 0;
}

}  // namespace program
