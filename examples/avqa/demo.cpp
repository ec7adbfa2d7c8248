// The subcommand demo: the whole way from scenes to answers.

#include "asking.hpp"
#include "commands.hpp"
#include "json_file.hpp"
#include "outputs.hpp"

#include <avqa/data/music_avqa.hpp>
#include <ogm/data/bytes.hpp>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace program {

void demo_command::add(CLI::App& to) {
  to.add_option("--data", data, "folder with av_instruments: real photographs and sampled notes instead of drawn ones");
  to.add_option("--out", out, "folder for everything that is made");
  to.add_option("--json", json, "file for the result");
  to.add_option("--seed", seed, "of the scenes and of the training");
  to.add_option("--threads", threads, "of the processor")->check(CLI::Range(1, 64));
  to.add_flag("--quick", quick, "fewer scenes and epochs: shows the way, learns little");
}

int demo_command::run() {
  const auto begin = std::chrono::steady_clock::now();
  const auto step = [&](const char* what) {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::printf("[%5.1f s] %s\n", seconds, what);
    std::fflush(stdout);
  };
  const std::string mark = out + "/made_by_avqa_demo";
  if (std::filesystem::exists(out) && !std::filesystem::is_empty(out) && !std::filesystem::exists(mark))
    throw ogm::value_error("avqa: " + out + " has something else in it, and the demo begins with an empty folder. Give another --out.");
  if (std::filesystem::exists(out) || !json.starts_with(out + "/")) require_writable({{"--json", json}});  // before anything is removed
  std::filesystem::remove_all(out);
  require_folder("--out", out);
  require_writable({{"--json", json}});
  ogm::data::write_atomically(mark, ogm::data::byte_span());

  step("scenes with questions whose answers are known");
  scenes_command scenes;
  scenes.out = out + "/scenes", scenes.seed = seed, scenes.threads = threads;
  scenes.train = quick ? 60 : 1800, scenes.validation = quick ? 20 : 150, scenes.test = quick ? 20 : 300, scenes.films = 3;
  if (!data.empty()) scenes.source = "instruments", scenes.instruments = data + "/av_instruments";
  if (const int code = scenes.run()) return code;

  step("training AVST on them");
  train_command train;
  train.annotations.folder = scenes.out, train.how.features = scenes.out + "/features.store", train.how.out = out + "/training";
  train.how.epochs = quick ? 2 : 16, train.how.rate = 1e-3, train.how.rate_every = 12, train.how.seed = seed, train.threads = threads;
  train.report = out + "/report.html", train.json = out + "/accuracy.json", train.media = scenes.out + "/films";
  if (const int code = train.run()) return code;

  step("three questions about films");
  std::string answers;
  std::set<std::string> films;
  for (const avqa::annotation& q : avqa::read_music_avqa(scenes.out + "/avqa-test.json")) {
    const std::string film = film_of(scenes.out + "/films", q.video_id);
    if (film.empty() || !films.insert(film).second) continue;
    answer_command answer;
    answer.film = film, answer.question = q.question(), answer.model = train.how.out + "/best.safetensors", answer.threads = threads;
    answer.picture = out + "/attention" + std::to_string(films.size()) + ".png";
    answer.json = out + "/answer" + std::to_string(films.size()) + ".json";
    std::printf("%s: %s (%s)\n", film.c_str(), answer.question.c_str(), q.answer.c_str());
    if (const int code = answer.run()) return code;
    const auto told = ogm::data::read_bytes(answer.json);
    std::string text(ogm::data::as_text(told));
    text.pop_back();
    answers += (answers.empty() ? "" : ", ") + text;
  }

  step("done");
  const auto table = ogm::data::read_bytes(train.json);
  std::string accuracy(ogm::data::as_text(table));
  accuracy.pop_back();
  const std::string result = json_object({{"accuracy", accuracy}, {"answers", "[" + answers + "]"}, {"report", json_text(train.report)}});
  if (!json.empty()) ogm::data::write_atomically(json, ogm::data::as_byte_span(result));
  std::printf("RESULT %s\n", result.c_str());
  return 0;
}

}  // namespace program
