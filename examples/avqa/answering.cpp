// The subcommand answer.

#include "asking.hpp"
#include "commands.hpp"
#include "json_file.hpp"
#include "outputs.hpp"

#include <avqa/evaluation/report.hpp>
#include <avqa/question/matching.hpp>
#include <avqa/question/tokenizer.hpp>
#include <ogm/core/parallel.hpp>
#include <ogm/data/image.hpp>

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <vector>

namespace program {

void answer_command::add(CLI::App& to) {
  to.add_option("film", film, "a media file, of which the first minute counts")->required()->check(CLI::ExistingFile);
  to.add_option("question", question, "as one of the 33 templates asks: \"Is the violin louder than the piano?\"")->required();
  to.add_option(
        "--model", model,
        "weights (.safetensors or .pt) of a network that takes features of films: maps of 48 channels, or the published 512; or of q")
      ->required();
  to.add_option("--vggish", weights.vggish, "weights of VGGish, for networks of the published widths that listen");
  to.add_option("--resnet", weights.resnet, "weights of ResNet-18, for networks of the published widths that look");
  to.add_option("--picture", picture,
                "file (.png) for a picture of where av_q_tg and avst looked, and when they listened; without it none is drawn");
  to.add_option("--report", report, "file for the same in HTML");
  to.add_option("--threads", threads, "of the processor")->check(CLI::Range(1, 64));
  to.add_option("--json", json, "file for the answer and its evidence");
}

namespace {

std::string list_of(const std::vector<float>& values) {
  std::string out = "[";
  for (const float v : values) out += (out.size() > 1 ? ", " : "") + json_number(double(v));
  return out + ']';
}
/// The moments of the three largest weights.
std::string moments(const std::vector<float>& weight, const std::vector<double>& seconds) {
  std::vector<std::size_t> order(weight.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return weight[a] > weight[b]; });
  if (double(weight[order[0]]) * double(weight.size()) < 1.05) return "no moment more than at another";  // as good as uniform
  std::string out;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, order.size()); ++i) {
    char text[64];
    std::snprintf(text, sizeof text, "%s%.0f s (%.0f %%)", i ? ", " : "", seconds[order[i]], 100 * double(weight[order[i]]));
    out += text;
  }
  return out;
}

}  // namespace

int answer_command::run() {
  const ogm::use_threads pool(threads);
  const avqa::matched_question asked = avqa::understand_question(question);
  require_writable({{"--picture", picture}, {"--report", report}, {"--json", json}});
  const network_entry& entry = network_in(model);
  if ((entry.hears || entry.looks) && !made_of_films(entry.channels))
    throw ogm::value_error(
        "avqa: " + model + " is " + entry.text() +
        ": its features are composed (scenes --composed) and cannot be made of a film. Networks whose maps have 48 or 512 "
        "channels can answer about films, and q.");
  if (!entry.hears && !entry.looks && !(weights.vggish.empty() && weights.resnet.empty()))
    throw ogm::value_error("avqa: " + model + " is " + entry.text() +
                           ", which neither hears nor sees: --vggish and --resnet would do nothing. Leave them out.");
  if (!picture.empty() && !entry.attends)
    throw ogm::value_error("avqa: " + model + " is " + entry.text() + ", which attends to nothing that --picture " + picture +
                           " could show. Networks av_q_tg and avst do.");
  const auto network = entry.open(model);
  question_batch batch;
  batch.count = 1;
  seen_clip seen;
  if (entry.hears || entry.looks) {
    const auto extract = extractor_for(entry.channels, weights);
    batch.shape = extract->shape();
    batch.sound.resize(std::size_t(batch.shape.sound_count())), batch.maps.resize(std::size_t(batch.shape.maps_count()));
    seen = read_film(film, int(batch.shape.steps), entry.hears, entry.looks);
    (*extract)(seen, batch.sound, batch.maps);
  }
  batch.tokens = avqa::tokenizer().encode(asked.form().text, asked.values);
  const reply r = network->answer(batch, true).front();
  const auto answers = likeliest(r, 4);
  const auto pictures = seen.pictures();
  const bool shows = !picture.empty() && !pictures.empty() && !r.attention.seen.empty();
  if (shows) ogm::data::image::write_png(picture, avqa::attention_strip(pictures, r.attention));
  if (!report.empty())
    avqa::write_report(report, {.title = "Audio-visual question answering",
                                .introduction = entry.text(),
                                .systems = {},
                                .priors = {},
                                .protocol = {{"weights", model}},
                                .curves = {},
                                .questions = {{film, question, "", answers, pictures, seen.seconds, r.attention}}});
  if (!json.empty()) {
    std::string all;
    for (const auto& [name, probability] : answers) all += (all.empty() ? "" : ", ") + json_text(name) + ": " + json_number(probability);
    write_json(json, {{"film", json_text(film)},
                      {"question", json_text(question)},
                      {"answer", json_text(answers[0].first)},
                      {"probability", json_number(answers[0].second)},
                      {"likeliest", "{" + all + "}"},
                      {"seen", list_of(r.attention.seen)},
                      {"heard", list_of(r.attention.heard)},
                      {"picture", json_text(shows ? picture : std::string())}});
  }
  std::printf("%s  (%.1f %% sure", answers[0].first.c_str(), 100 * answers[0].second);
  for (std::size_t i = 1; i < answers.size(); ++i)
    std::printf("%s %s %.1f %%", i == 1 ? ";" : ",", answers[i].first.c_str(), 100 * answers[i].second);
  std::printf(entry.hears || entry.looks ? ")\n" : "), from the question alone\n");
  if (!r.attention.heard.empty())
    std::printf("it listened most at: %s\nand looked most at: %s\n", moments(r.attention.heard, seen.seconds).c_str(),
                moments(r.attention.seen, seen.seconds).c_str());
  if (shows) std::printf("where it looked: %s\n", picture.c_str());
  return 0;
}

}  // namespace program
