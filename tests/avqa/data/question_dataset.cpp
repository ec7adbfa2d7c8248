#include <avqa/data/question_dataset.hpp>
#include <avqa/features/published_features.hpp>
#include <avqa/features/store.hpp>
#include <ogm/data/loader.hpp>

#include <catch2/catch.hpp>

#include "avqa/features/stored.hpp"
#include "ogm/data/files.hpp"

namespace question_dataset_test {

using namespace avqa;
namespace test = ogm::test;
using test::has;
using test::message_of;

namespace {

constexpr feature_shape shape{.steps = 3, .sound = 4, .channels = 3, .height = 2, .width = 3};
using dataset = question_dataset<feature_store, 4, 3>;
static_assert(ogm::data::dataset<dataset>);
static_assert(ogm::data::dataset<question_dataset<published_features>>);

annotation about(std::size_t video, const std::string& answer, std::size_t form = 15, std::vector<std::string> values = {}) {
  return {test::video_name(video), {},    question_templates[form].type, std::string(question_templates[form].text),
          std::move(values),       answer};
}
std::vector<annotation> questions() {
  return {about(2, "yes"), about(0, "no", 5, {"pipa"}), about(2, "two", 4), about(4, "yes"), about(0, "indoor", 32), about(4, "no"),
          about(1, "no")};
}

template <class Loader> std::string epoch(Loader& from) {
  std::string out;
  while (const auto* b = from.next()) {
    const auto add = [&](const auto& v) { out += ogm::data::as_text(ogm::data::as_byte_span(v.data(), std::size_t(v.count()))); };
    add(b->template get<0>()), add(b->template get<1>()), add(b->template get<2>()), add(b->template get<3>());
    out += ogm::data::as_text(ogm::data::as_byte_span(b->labels.data(), b->labels.size()));
  }
  return out;
}

}  // namespace

TEST_CASE("a loader's batch has sound, maps, words, negatives and the answer of each question") {
  const test::folder in;
  const feature_store store(test::write_store(in / "a", 5, ogm::data::dtype::f16, shape));
  const dataset data(store, questions());
  CHECK(data.size() == 7);
  ogm::data::loader batches(data, {.batch = 3, .seed = 4, .threads = 0});
  std::size_t seen = 0;
  const tokenizer words;
  const answer_list answers;
  while (const auto* b = batches.next()) {
    const auto sound = b->get<0>();
    const auto maps = b->get<1>();
    const auto tokens = b->get<2>();
    const auto negatives = b->get<3>();
    CHECK(maps.shape().text() == ogm::shape_text(std::vector<ogm::size_type>{b->size(), 3, 3, 2, 3}));
    CHECK(negatives.shape() == maps.shape());
    CHECK(tokens.shape().text() == ogm::shape_text(std::vector<ogm::size_type>{b->size(), 14}));
    for (ogm::size_type i = 0; i < b->size(); ++i, ++seen) {
      const auto id = b->ids[std::size_t(i)];
      const annotation& q = data.question(id);
      const auto video = std::size_t(video_number(store, q.video_id));
      const auto expected_sound = test::sound_of(video, shape), expected_maps = test::maps_of(video, shape);
      CHECK(std::equal(expected_sound.begin(), expected_sound.end(), sound.data() + i * 12));
      CHECK(std::equal(expected_maps.begin(), expected_maps.end(), maps.data() + i * 54));
      const auto ids = words.encode(q.content, q.values);
      CHECK(std::equal(ids.begin(), ids.end(), tokens.data() + i * 14));
      CHECK(b->labels[std::size_t(i)] == answers.id(q.answer));
      for (std::size_t t = 0; t < 3; ++t) {  // each negative is a frame of another video of the questions: 0, 1, 2 or 4
        bool found = false;
        for (const std::size_t other : {0, 1, 2, 4})
          for (std::size_t step = 0; other != video && step < 3; ++step) {
            const auto from = test::maps_of(other, shape);
            found = found || std::equal(from.begin() + std::ptrdiff_t(18 * step), from.begin() + std::ptrdiff_t(18 * step + 18),
                                        negatives.data() + i * 54 + 18 * t);
          }
        CHECK(found);
      }
    }
  }
  CHECK(seen == 7);
}

TEST_CASE("an epoch of questions has the same bits on any number of threads, other negatives in the next", "[threads]") {
  const test::folder in;
  const feature_store store(test::write_store(in / "a", 5, ogm::data::dtype::bf16, shape));
  const dataset data(store, questions());
  ogm::data::loader alone(data, {.batch = 2, .seed = 1, .threads = 0, .shuffle = false});
  const std::string first = epoch(alone), second = epoch(alone);
  CHECK(first != second);
  for (const int threads : {1, 3}) {
    ogm::data::loader together(data, {.batch = 2, .seed = 1, .threads = threads, .prefetch = 3, .shuffle = false});
    CHECK(epoch(together) == first);
    CHECK(epoch(together) == second);
  }
}

TEST_CASE("an evaluation has negatives of no steps and reads none") {
  const test::folder in;
  const feature_store store(test::write_store(in / "a", 5, ogm::data::dtype::f32, shape));
  const dataset data(store, questions(), tokenizer(), answer_list(), {.negatives = false});
  ogm::data::loader batches(data, {.batch = 4, .threads = 0, .shuffle = false});
  while (const auto* b = batches.next())
    CHECK(b->get<3>().shape().text() == ogm::shape_text(std::vector<ogm::size_type>{b->size(), 0, 3, 2, 3}));
  CHECK(store.bytes_read() == 7 * 4 * (12 + 54));
  const std::vector<annotation> one{about(1, "yes")};
  CHECK(dataset(store, one, tokenizer(), answer_list(), {.negatives = false}).size() == 1);
  CHECK(has(message_of<ogm::value_error>([&] { dataset(store, one); }), "at least two"));
}

TEST_CASE("published files and their store give the same items") {
  const test::folder in;
  std::vector<std::string> videos;
  for (std::size_t v = 0; v < 5; ++v) {
    const feature_shape whole{.steps = 7, .sound = 4, .channels = 3, .height = 2, .width = 3};
    videos.push_back(test::video_name(v));
    ogm::data::npy::write<float>(in / ("s/" + videos.back() + ".npy"), test::sound_of(v, whole), std::vector<ogm::size_type>{7, 4});
    ogm::data::npy::write<float>(in / ("m/" + videos.back() + ".npy"), test::maps_of(v, whole), std::vector<ogm::size_type>{7, 3, 2, 3});
  }
  const published_features files(in / "s", in / "m", {.entries = 7, .stride = 3, .sound = 4, .channels = 3, .height = 2, .width = 3});
  store_writer to(in / "store", files.shape());
  std::vector<float> sound(12), maps(54);
  for (ogm::size_type v = 4; v >= 0; --v) {  // in another order
    files.read(v, sound, maps);
    to.add(files.videos()[v], sound, maps);
  }
  to.finish();
  const feature_store store(in / "store");
  const question_dataset<published_features, 4, 3> a(files, questions());
  const dataset b(store, questions());
  ogm::data::loader from_files(a, {.batch = 3});
  ogm::data::loader from_store(b, {.batch = 3});
  CHECK(epoch(from_files) == epoch(from_store));
}

TEST_CASE("errors name the question") {
  const test::folder in;
  const feature_store store(test::write_store(in / "a", 5, ogm::data::dtype::f32, shape));
  auto all = questions();
  all.push_back(about(7, "yes"));
  CHECK(has(message_of<ogm::value_error>([&] { dataset(store, all); }), "the video \"video57\" is none of the 5 of " + store.name()));
  CHECK(has(message_of<ogm::value_error>([&] { dataset(store, all); }), "It is question 8 of 8."));
  CHECK(with_features(all, store).size() == 7);
  all = questions();
  all[3].answer = "perhaps";
  CHECK(has(message_of<ogm::value_error>([&] { dataset(store, all); }), "the answer \"perhaps\" is none of the 42"));
  CHECK(has(message_of<ogm::value_error>([&] { dataset(store, all); }), "question 4 of 7"));
  all = questions();
  all[1].values = {"theremin"};
  CHECK(has(message_of<ogm::value_error>([&] { dataset(store, all); }), "\"theremin\""));
  CHECK(has(message_of<ogm::shape_error>([&] { question_dataset d(store, questions()); }),
            "a sound of 128 and maps of 512 channels are needed"));
}

}  // namespace question_dataset_test
