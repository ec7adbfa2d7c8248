// Annotations of MUSIC-AVQA from memory, every question of theirs to words and to a template; and the same bytes as a list of words.

#include <avqa/data/splits.hpp>
#include <avqa/question/matching.hpp>

#include <cstdlib>
#include <string>

#include "target.hpp"

namespace {

void expect(bool law) {
  if (!law) std::abort();
}

void ask(const avqa::annotation& a) {
  static const avqa::tokenizer tokens;
  const auto words = avqa::split_question(a.content, a.values);  // the reader has refused what cannot be split
  try {
    const auto ids = tokens.encode(a.content, a.values);
    expect(ids.size() == avqa::tokenizer::published_length);
    for (std::size_t i = 0; i < words.size(); ++i) expect(tokens.words()[ids[i]] == words[i]);
  } catch (const ogm::value_error&) {  // unknown words, or too many
  }
  if (const auto match = avqa::match_question(a.content))
    expect(avqa::match_question(match->form().text)->number == match->number);
  else
    try {
      avqa::understand_question(a.content);
      expect(false);
    } catch (const ogm::value_error&) {
    }
  if (const auto* form = a.form()) try {
      const auto match = avqa::match_question(avqa::fill_template(*form, a.values));
      expect(match && &match->form() == form && match->values == a.values);
    } catch (const ogm::value_error&) {  // values that a template cannot have
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::attempt([&] {
    const auto all = avqa::parse_music_avqa(fuzz::bytes(data, size), "input");
    for (const avqa::annotation& a : all) ask(a);
    avqa::find_duplicates(all);
    expect(avqa::compare_videos(all, all).disjoint() == all.empty());
    try {
      avqa::vocabulary_of(all, {.unknown = true, .fold_case = true});
    } catch (const ogm::value_error&) {  // an empty word, or one with a line break
    }
  });
  return fuzz::attempt([&] {
    const auto words = avqa::word_list::parse(fuzz::bytes(data, size), "input");
    for (std::size_t i = 0; i < words.size(); ++i) expect(words.find(words.words()[i]) == std::int32_t(i));
  });
}
