#include <avqa/evaluation/report.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace avqa;

namespace {
bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

report example() {
  report r;
  r.title = "Scenes <1> & others";
  r.systems.push_back({"AVST", {}});
  annotation a;
  a.type = question_type::audio_counting;
  a.content = "Is there a <Object> sound?";
  a.values = {"violin"};
  a.answer = "yes";
  r.systems[0].accuracy.add(a, "yes");
  r.systems[0].accuracy.add(a, "yes");
  r.systems[0].accuracy.add(a, "violin");
  r.priors.push_back({"most_frequent", {}});
  r.priors[0].accuracy.add(a, "no");
  r.protocol = {{"seed", "0"}};
  ogm::data::image::picture frame{.height = 8, .width = 8, .channels = 3, .pixels = std::vector<std::uint8_t>(8 * 8 * 3, 90)};
  r.questions.push_back(
      {.video = "scene 7",
       .question = "Is there a violin sound?",
       .expected = "no",
       .likeliest = {{"yes", 0.75}, {"no", 0.2}},
       .frames = {frame, frame},
       .seconds = {0.5, 6.5},
       .attention = {.rows = 2, .columns = 2, .where = {0, 0, 0, 1, 1, 0, 0, 0}, .seen = {0.8f, 0.2f}, .heard = {0.5f, 0.5f}}});
  r.curves.push_back({.title = "loss",
                      .panels = {{.title = "loss",
                                  .x_label = "step",
                                  .y_label = {},
                                  .log_y = false,
                                  .guides = {},
                                  .lines = {{.name = "a", .x = {0, 1}, .y = {2, 1}}}}}});
  return r;
}
}  // namespace

TEST_CASE("base64 is that of the standard") {  // RFC 4648, Sec. 10
  CHECK(base64("").empty());
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foob") == "Zm9vYg==");
  CHECK(base64("fooba") == "Zm9vYmE=");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64(std::string("\xff\xfe\x00", 3)) == "//4A");
}

TEST_CASE("a report holds accuracies, questions with their evidence, curves and protocol in one file") {
  const std::string html = report_html(example());
  CHECK(contains(html, "<title>Scenes &lt;1&gt; &amp; others</title>"));
  CHECK(!contains(html, "Scenes <1>"));
  CHECK(contains(html, "66.67"));
  CHECK(contains(html, "<td>3</td><td>1</td>"));  // items, outside
  CHECK(contains(html, "<tr class=\"prior\"><td>most_frequent</td><td>0.00</td>"));
  CHECK(contains(html, "width:66.67%"));
  CHECK(contains(html, "<span class=\"answer wrong\">yes</span> (75.0 % sure), wrong: no"));
  CHECK(contains(html, "then no 20.0 %"));
  CHECK(contains(html, "data:image/png;base64,iVBORw0KGgo"));
  CHECK(contains(html, "class=\"seen\" style=\"height:25.0%\""));
  CHECK(contains(html, "<figcaption>6.5 s</figcaption>"));
  CHECK(contains(html, "<svg "));
  CHECK(contains(html, "<th>seed</th><td>0</td>"));
  for (const char* fetched : {"src=\"http", "href=", "url(", "@import", "<script"}) CHECK(!contains(html, fetched));
}

TEST_CASE("what is empty is left out, and evidence that does not fit is refused") {
  report nothing;
  nothing.title = "empty";
  const std::string html = report_html(nothing);
  CHECK(!contains(html, "<h2>"));
  report wrong = example();
  wrong.questions[0].seconds = {1};
  CHECK_THROWS_WITH(report_html(wrong), Catch::Contains("1 times beside 2 frames"));
  wrong = example();
  wrong.questions[0].attention.where.pop_back();
  CHECK_THROWS_AS(report_html(wrong), ogm::shape_error);
}

TEST_CASE("a report is written whole or not at all") {
  const auto folder = std::filesystem::temp_directory_path() / "avqa_report_test";
  std::filesystem::create_directories(folder);
  const std::string path = (folder / "report.html").string();
  write_report(path, example());
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  CHECK(text.str() == report_html(example()));
  CHECK_THROWS_AS(write_report((folder / "nowhere" / "report.html").string(), example()), ogm::data_error);
  std::filesystem::remove_all(folder);
}
