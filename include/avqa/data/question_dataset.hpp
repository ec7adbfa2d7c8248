#pragma once
// Questions with the features of their videos, as a data set for ogm::data::loader.

#include <avqa/data/music_avqa.hpp>
#include <avqa/features/clips.hpp>
#include <avqa/features/negative_frames.hpp>
#include <avqa/features/source.hpp>
#include <avqa/question/answers.hpp>
#include <avqa/question/tokenizer.hpp>
#include <ogm/core/tensor.hpp>
#include <ogm/data/dataset.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

namespace avqa {

/// The questions whose videos a source has, in their order.
template <feature_source Source> std::vector<annotation> with_features(std::span<const annotation> all, const Source& from) {
  std::vector<annotation> out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out),
               [&](const annotation& a) { return from.videos().find(a.video_id).has_value(); });
  return out;
}

/// How questions become items.
struct question_options {
  bool negatives = true;  // off: they have 0 steps, as for an evaluation, in which nothing depends on them
};

/// Item i: sound and maps of the video that question i is about, the question's words, frames of other videos of these questions, each
/// where the item has that part; the label is the answer's class. In the order of the inputs of a network.
///
/// Shapes     (steps, Sound), (steps, Channels, height, width), (words), negatives as maps or (0, Channels, height, width)
/// Cost       reads what an item has: without sound and maps nothing, and the source may be no_features
/// Errors     shape_error where the source has other widths; value_error with the number of the question (from 1) where its video has no
///            features, a word or the answer is unknown, or with negatives where all questions are about one video
template <feature_source Source, int Sound = 128, int Channels = 512, bool HasSound = true, bool HasMaps = true,
          bool HasNegatives = HasMaps>
class question_dataset {
  static constexpr bool has_features = HasSound || HasMaps || HasNegatives;
  template <bool There, class View> using part = std::conditional_t<There, std::tuple<View>, std::tuple<>>;

 public:
  using maps = ogm::view<float, ogm::dyn, Channels, ogm::dyn, ogm::dyn>;
  using item =
      decltype(std::tuple_cat(std::declval<part<HasSound, ogm::view<float, ogm::dyn, Sound>>>(), std::declval<part<HasMaps, maps>>(),
                              std::declval<std::tuple<ogm::view<std::int32_t, ogm::dyn>>>(), std::declval<part<HasNegatives, maps>>()));
  using shapes = typename ogm::data::detail::item_traits<item>::shapes;

  /// The source must outlive the data set.
  question_dataset(const Source& from, std::vector<annotation> questions, const tokenizer& words = tokenizer(),
                   const answer_list& answers = answer_list(), const question_options& how = {})
      : from_(&from), questions_(std::move(questions)), length_(words.length()), words_(questions_.size() * length_) {
    const feature_shape s = from.shape();
    if ((HasSound && s.sound != Sound) || ((HasMaps || HasNegatives) && s.channels != Channels))
      throw ogm::shape_error("avqa: " + std::string(from.name()) + " has " + s.text() + "; a sound of " + std::to_string(Sound) +
                             " and maps of " + std::to_string(Channels) + " channels are needed.");
    for (std::size_t i = 0; i < questions_.size(); ++i) try {
        const annotation& q = questions_[i];
        words.encode(q.content, q.values, std::span(words_).subspan(i * length_, length_));
        labels_.push_back(answers.id(q.answer));
        if constexpr (has_features) videos_.push_back(video_number(from, q.video_id));
      } catch (const ogm::value_error& e) {
        throw ogm::value_error(std::string(e.what()) + " It is question " + std::to_string(i + 1) + " of " +
                               std::to_string(questions_.size()) + ".");
      }
    if (HasNegatives && how.negatives) {
      std::vector<ogm::size_type> distinct;  // in the order of the questions, so that another order in the source draws the same frames
      std::unordered_set<ogm::size_type> seen;
      for (const ogm::size_type video : videos_)
        if (seen.insert(video).second) distinct.push_back(video);
      others_.emplace(std::move(distinct), s.steps);
    }
  }

  ogm::size_type size() const { return ogm::size_type(questions_.size()); }
  const annotation& question(ogm::size_type i) const { return questions_[std::size_t(i)]; }
  const std::vector<annotation>& questions() const { return questions_; }
  const std::vector<std::int32_t>& labels() const { return labels_; }
  shapes item_shapes() const {
    const feature_shape s = from_->shape();
    using map_extents = ogm::extents<ogm::dyn, Channels, ogm::dyn, ogm::dyn>;
    const auto when = [](auto there, const auto& shape) {
      if constexpr (there)
        return std::tuple(shape);
      else
        return std::tuple<>();
    };
    return std::tuple_cat(when(std::bool_constant<HasSound>{}, ogm::extents<ogm::dyn, Sound>(s.steps)),
                          when(std::bool_constant<HasMaps>{}, map_extents(s.steps, s.height, s.width)),
                          std::tuple(ogm::extents<ogm::dyn>(ogm::size_type(length_))),
                          when(std::bool_constant<HasNegatives>{}, map_extents(others_ ? s.steps : 0, s.height, s.width)));
  }
  std::int32_t load(const ogm::data::item_key& key, const item& into) const {
    const auto i = std::size_t(key.index);
    std::span<float> sound, seen;
    if constexpr (HasSound) sound = std::get<0>(into).flat();
    if constexpr (HasMaps) seen = std::get < HasSound ? 1 : 0 > (into).flat();
    if constexpr (HasSound || HasMaps) from_->read(videos_[i], sound, seen);
    const auto& tokens = std::get<std::size_t(HasSound) + std::size_t(HasMaps)>(into);
    std::copy_n(words_.begin() + std::ptrdiff_t(i * length_), length_, tokens.data());
    if constexpr (HasNegatives)
      if (others_) read_negatives(*from_, *others_, {videos_[i], key}, std::get<std::tuple_size_v<item> - 1>(into).flat());
    return labels_[i];
  }

 private:
  const Source* from_;
  std::vector<annotation> questions_;
  std::size_t length_;
  std::vector<std::int32_t> words_;  // (question, length)
  std::vector<std::int32_t> labels_;
  std::vector<ogm::size_type> videos_;
  std::optional<negative_frames> others_;
};

/// The data set that a network takes its inputs from.
template <class Network, feature_source Source>
using dataset_of = question_dataset<Source, Network::audio, Network::channels, Network::hears, Network::looks, Network::grounds>;

}  // namespace avqa
