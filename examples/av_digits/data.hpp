#pragma once
// The digits, real or generated, and how they are augmented.

#include "model.hpp"

#include <ogm/data/av_digits.hpp>
#include <ogm/data/synthetic.hpp>
#include <ogm/data/transforms.hpp>

#include <string>

namespace digits {

struct split {
  data::av_digits_set train, test;
};

inline data::av_digits_set generated(size_type items, std::uint64_t part, bool hard) {
  const data::synthetic_digits_options how{.part = part,
                                           .image_noise = hard ? 0.6f : 0.15f,
                                           .audio_noise = hard ? 0.5f : 0.15f,
                                           .image_strength = hard ? 0.5f : 1.f,
                                           .audio_strength = 1.f};
  const auto set = data::synthetic_digits(items, 7, how);
  tensor<float, dyn, 1, 40, 64> speech(items);
  tensor<float, dyn, 1, 28, 28> pictures(items);
  std::transform(set.audio.flat().begin(), set.audio.flat().end(), speech.data(), [](std::uint8_t v) { return float(v) / 255; });
  std::transform(set.images.flat().begin(), set.images.flat().end(), pictures.data(), [](std::uint8_t v) { return float(v) / 255; });
  return data::av_digits_set(set.labels, std::move(speech), std::move(pictures));
}

/// `folder` holds avmnist/; empty: digits that are generated here.
inline split load(const std::string& folder, bool hard, bool pcm, bool quick) {
  if (folder.empty()) return {generated(quick ? 1000 : 4000, 0, hard), generated(quick ? 300 : 1000, 1, hard)};
  const data::av_digits_options how{.hard = hard, .from_pcm = pcm};
  return {data::av_digits(folder + "/avmnist", data::part::train, how), data::av_digits(folder + "/avmnist", data::part::test, how)};
}

/// Shifts of both, a gain, and masked bands and frames of the log-mel (SpecAugment, Park et al., 2019).
struct augmentation {
  template <class Item> void operator()(const data::item_key& key, const Item& item) const {
    auto draw = key.generator();
    if constexpr (std::tuple_size_v<Item> == 2)
      speech(std::get<0>(item), draw), picture(std::get<1>(item), draw);
    else if constexpr (std::remove_cvref_t<decltype(std::get<0>(item))>::width == 64)
      speech(std::get<0>(item), draw);
    else
      picture(std::get<0>(item), draw);
  }

 private:
  template <class X, class Random> static void speech(const X& x, Random& draw) {
    const view<float, dyn, dyn, dyn> v(x.data(), extents<dyn, dyn, dyn>(1, x.size(1), x.size(2)));
    data::random_shift(v, 1, 6, draw);
    const float gain = 0.1f * (2 * draw.uniform() - 1);
    for (float& value : x.flat()) value = std::clamp(value + gain, 0.f, 1.f);
    mask(v, 1, 6, draw);
    mask(v, 2, 10, draw);
  }
  template <class X, class Random> static void picture(const X& x, Random& draw) {
    data::random_shift(view<float, dyn, dyn, dyn>(x.data(), extents<dyn, dyn, dyn>(1, x.size(1), x.size(2))), 2, 2, draw);
  }
  /// Sets up to `most` bands (axis 1) or frames (axis 2) to the mean.
  template <class Random> static void mask(const view<float, dyn, dyn, dyn>& x, int axis, size_type most, Random& draw) {
    const auto width = size_type(draw.below(std::uint64_t(most) + 1)),
               first = size_type(draw.below(std::uint64_t(x.size(axis) - width) + 1));
    float mean = 0;
    for (const float v : x.flat()) mean += v;
    mean /= float(x.count());
    for (size_type i = 0; i < x.size(1); ++i)
      for (size_type j = 0; j < x.size(2); ++j)
        if (const size_type at = axis == 1 ? i : j; at >= first && at < first + width) x(0, i, j) = mean;
  }
};

/// One modality of a two-modality set, for a model of that modality alone.
template <int U> auto only(const data::av_digits_set& set) {
  const auto& whole = set.template array<std::size_t(U)>();
  using array = std::remove_cvref_t<decltype(whole)>;
  array rows([&] {
    auto sizes = whole.shape().sizes;
    sizes[0] = set.size();
    return sizes;
  }());
  const size_type item = whole.count() / whole.size(0);
  data::av_digits_set::item into;
  tensor<float, dyn, 1, 40, 64> speech(1);
  tensor<float, dyn, 1, 28, 28> picture(1);
  into = {view<float, 1, 40, 64>(speech.data(), {}), view<float, 1, 28, 28>(picture.data(), {})};
  for (size_type i = 0; i < set.size(); ++i) {
    set.load({.index = i}, into);
    std::copy_n(std::get<std::size_t(U)>(into).data(), item, rows.data() + i * item);
  }
  return data::in_memory<array>(set.labels(), std::move(rows));
}

}  // namespace digits
