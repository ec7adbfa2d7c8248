#include "asking.hpp"

#include "progress_line.hpp"

#include <avqa/data/question_dataset.hpp>
#include <avqa/question/answers.hpp>
#include <avqa/question/tokenizer.hpp>
#include <ogm/core/parallel.hpp>

#include <algorithm>
#include <iterator>
#include <numeric>

namespace program {

std::vector<reply> ask(answerer& network, const network_entry& entry, const avqa::feature_store* store,
                       std::span<const avqa::annotation> questions, bool with_attention, bool quiet) {
  constexpr std::size_t most = 32;
  const avqa::tokenizer words;
  const progress_line progress("questions", questions.size(), quiet);
  std::vector<reply> out;
  question_batch batch;
  if (store) batch.shape = store->shape();
  const auto sound = entry.hears ? std::size_t(batch.shape.sound_count()) : 0;
  const auto maps = entry.looks ? std::size_t(batch.shape.maps_count()) : 0;
  for (std::size_t first = 0; first < questions.size(); first += most) {
    const std::size_t count = std::min(most, questions.size() - first);
    batch.count = ogm::size_type(count);
    batch.sound.resize(count * sound), batch.maps.resize(count * maps), batch.tokens.resize(count * words.length());
    for (std::size_t i = 0; i < count; ++i) {
      const avqa::annotation& q = questions[first + i];
      words.encode(q.content, q.values, std::span(batch.tokens).subspan(i * words.length(), words.length()));
    }
    if (store)
      ogm::parallel_for(long(count), [&](long i) {
        const auto at = std::size_t(i);
        store->read(video_number(*store, questions[first + at].video_id), std::span(batch.sound).subspan(at * sound, sound),
                    std::span(batch.maps).subspan(at * maps, maps));
      });
    std::vector<reply> replies = network.answer(batch, with_attention);
    std::move(replies.begin(), replies.end(), std::back_inserter(out));
    progress.at(out.size());
  }
  return out;
}

std::unique_ptr<examination> examine(const std::string& model, const std::string& features, const std::string& questions, bool quiet) {
  auto out = std::make_unique<examination>();
  const network_entry& entry = network_in(model);
  out->entry = &entry;
  out->network = entry.open(model);
  out->asked = avqa::read_music_avqa(questions);
  out->all = out->asked.size();
  if (entry.hears || entry.looks || !features.empty()) {
    if (features.empty()) throw ogm::value_error("avqa: " + model + " is " + entry.text() + ". Give --features STORE.");
    out->store.emplace(features);
    if (!entry.takes(out->store->shape()))
      throw ogm::shape_error("avqa: " + model + " is " + entry.text() + "; " + features + " has " + out->store->shape().text() + ".");
    out->asked = avqa::with_features(out->asked, *out->store);
  }
  if (out->asked.empty())
    throw ogm::value_error("avqa: no video of " + questions + " has features" + (features.empty() ? "" : " in " + features) + ".");
  std::vector<std::int32_t> answers;
  out->replies = ask(*out->network, entry, out->store ? &*out->store : nullptr, out->asked, false, quiet);
  for (const reply& r : out->replies) answers.push_back(std::int32_t(r.best()));
  out->accuracy = avqa::accuracy_of(out->asked, answers, avqa::answer_list());
  return out;
}

std::vector<std::pair<std::string, double>> likeliest(const reply& r, std::size_t count) {
  const avqa::answer_list answers;
  std::vector<std::size_t> order(r.probabilities.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  count = std::min(count, order.size());
  std::partial_sort(order.begin(), order.begin() + std::ptrdiff_t(count), order.end(), [&](std::size_t a, std::size_t b) {
    return r.probabilities[a] != r.probabilities[b] ? r.probabilities[a] > r.probabilities[b] : a < b;
  });
  std::vector<std::pair<std::string, double>> out;
  for (std::size_t i = 0; i < count; ++i) out.emplace_back(answers[std::int32_t(order[i])], double(r.probabilities[order[i]]));
  return out;
}

}  // namespace program
