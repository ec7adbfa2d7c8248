#pragma once
// Which modalities of which samples of a batch are there: masked copies of the inputs, and labels of -1 for what is not.

#include <ogm/autograd/tape.hpp>
#include <ogm/train/rows.hpp>

#include <array>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace ogm::detail {

/// The masks of one batch and the buffers that they are applied by. Bit u of a sample's mask says that modality u is not there.
template <class Backend, int M> class sample_masks {
 public:
  using T = typename Backend::value_type;
  using space = typename Backend::space;
  using labels_type = basic_view<space, const std::int32_t, dyn>;
  using present_type = std::array<labels_type, std::size_t(M) + 1>;  // the labels of each modality alone, and of the fused prediction

  /// The masks that every batch from now on begins with. Empty: everything is there.
  void set(std::span<const std::uint32_t> dropped) { set_.assign(dropped.begin(), dropped.end()); }
  bool any_set() const { return !set_.empty(); }

  /// Begins a batch with the masks that were set.
  ///
  /// Errors     shape_error where they are of another number of samples
  void begin(const labels_type& labels) {
    const auto n = std::size_t(labels.count());
    read(labels);
    if (set_.empty())
      dropped_.assign(n, 0);
    else if (set_.size() != n)
      throw shape_error("ogm: masks of " + std::to_string(set_.size()) + " samples were set and the batch has " + std::to_string(n) + ".");
    else
      dropped_.assign(set_.begin(), set_.end());
  }
  /// The labels of the batch, on the host, and its masks, which may be changed until they are applied.
  std::span<const std::int32_t> labels() const { return labels_; }
  std::vector<std::uint32_t>& dropped() { return dropped_; }

  /// Labels of -1 where a modality is not there; for the fused prediction, where none is.
  void mark_absent(inference<Backend>& tape, present_type& present) {
    for (unsigned u = 0; u <= unsigned(M); ++u)
      present[u] = upload_labels(tape, [&](std::size_t i) {
        const bool gone = u < unsigned(M) ? dropped_[i] >> u & 1 : dropped_[i] == (1u << M) - 1;
        return gone ? -1 : labels_[i];
      });
  }
  /// The inputs, copies of those of modalities in which a dropped sample's row is 0; inputs of no modality are as they are.
  template <class Inputs> Inputs masked(inference<Backend>& tape, const Inputs& given) {
    const auto one = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
      if constexpr (I < std::size_t(M))
        return masked_input(tape, std::get<I>(given), unsigned(I));
      else
        return std::get<I>(given);
    };
    return [&]<std::size_t... I>(std::index_sequence<I...>) { return Inputs(one(std::integral_constant<std::size_t, I>{})...); }
    (std::make_index_sequence<std::tuple_size_v<Inputs>>{});
  }
  /// The labels, those of removed samples -1.
  labels_type without(inference<Backend>& tape, const labels_type& labels, std::span<const char> removed) {
    read(labels);
    return upload_labels(tape, [&](std::size_t i) { return removed[i] ? -1 : labels_[i]; });
  }

 private:
  void read(const labels_type& labels) {
    labels_.resize(std::size_t(labels.count()));
    space::copy_to_host(labels_.data(), labels.data(), labels_.size() * sizeof(std::int32_t));
  }
  template <class X> X masked_input(inference<Backend>& tape, const X& x, unsigned u) {
    using Number = typename X::value_type;
    static_assert(std::same_as<Number, T> || std::same_as<Number, std::int32_t>,
                  "ogm: an input holds neither the backend's numbers nor std::int32_t. Convert it before the step.");
    auto& factors = [&]() -> auto& {
      if constexpr (std::same_as<Number, T>)
        return factors_;
      else
        return label_buffer_;  // indices: a dropped row is of index 0
    }
    ();
    factors.resize(dropped_.size());
    for (std::size_t i = 0; i < factors.size(); ++i) factors[i] = dropped_[i] >> u & 1 ? Number(0) : Number(1);
    return as_data(scaled_rows(tape, x, upload<Number>(tape, factors)));
  }
  template <class Label> labels_type upload_labels(inference<Backend>& tape, const Label& label) {
    label_buffer_.resize(labels_.size());
    for (std::size_t i = 0; i < label_buffer_.size(); ++i) label_buffer_[i] = label(i);
    return {upload<std::int32_t>(tape, label_buffer_), extents<dyn>(size_type(label_buffer_.size()))};
  }

  std::vector<std::uint32_t> set_, dropped_;
  std::vector<std::int32_t> labels_, label_buffer_;
  std::vector<T> factors_;
};

}  // namespace ogm::detail
