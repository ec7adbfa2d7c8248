#pragma once
// A table of trained vectors.

#include <ogm/autograd/tape.hpp>
#include <ogm/backend/op/embedding.hpp>
#include <ogm/nn/initialise.hpp>

namespace ogm::nn {

/// Embedding: y = weight[index].
///
/// Shapes     index (...) of std::int32_t, in the tape's memory -> (..., Width); weight (Entries, Width)
/// Gradient   of an entry: the sum over its uses in the order of the indices, the same bits on any number of threads. The entry Padding
///            (-1: none) gets none
/// Errors     value_error names the index, its position and the entries
/// Initial    standard normal, Padding 0: as PyTorch's
template <int Entries, int Width, class Backend = backend::standard, int Padding = -1> struct embedding {
  static_assert(Padding < Entries, "ogm: the padding index of an embedding is not one of its entries. Give one from 0 on, or -1.");
  using backend_type = Backend;
  using value_type = typename Backend::value_type;
  static constexpr int width = Width;

  parameter<Backend, kind::embedding, Entries, Width> weight;
  OGM_FIELDS(weight)

  template <class Initialiser> void initialise(Initialiser& init) {
    init.normal(weight, 1);
    if constexpr (Padding >= 0) {
      const value_type zeros[Width]{};
      Backend::space::copy_from_host(weight.value.data() + long(Padding) * Width, zeros, sizeof zeros);
    }
  }

  template <class Tape, class Index> auto operator()(Tape& tape, const Index& given) const {
    using T = value_type;
    check(tape, given);
    const auto index = as_view(given);
    const long rows = index.count();
    auto y = tape.template make<T>(append(index.shape()));  // (..., Width)
    tape.run(op::gather_rows<T>{weight.value.data(), index.data(), y.data(), rows, Width});
    if constexpr (Tape::records)
      tape.record([this, index, y, rows](auto& t) {
        if (!y.reached()) return;
        const auto dw = t.gradient(weight);
        t.run(op::scatter_rows<T>{y.gradient(), index.data(), dw.data, rows, Entries, Width, dw.add(), Padding});
      });
    return y;
  }

  /// Whether every index is an entry.
  ///
  /// Errors     as of the layer
  template <class Tape, class Index> static void check(Tape& tape, const Index& index) {
    static_assert(std::same_as<typename Index::value_type, std::int32_t>,
                  "ogm: indices of an embedding are not std::int32_t. Convert them.");
    tape.template fail_unless_mine<Index>();
    auto* const at = tape.template scratch<std::int64_t>(1);
    tape.run(op::first_outside{index.data(), at, long(index.count()), 0, Entries});
    std::int64_t bad = -1;
    Tape::space::copy_to_host(&bad, at, sizeof bad);
    if (bad < 0) return;
    std::int32_t value = 0;
    Tape::space::copy_to_host(&value, index.data() + bad, sizeof value);
    throw value_error("ogm: embedding<" + std::to_string(Entries) + ", " + std::to_string(Width) + "> was given the index " +
                      std::to_string(value) + " at position " + std::to_string(bad) + ": its entries are 0 to " +
                      std::to_string(Entries - 1) + ".");
  }

 private:
  template <int... E> static auto append(const extents<E...>& e) {
    std::array<size_type, sizeof...(E) + 1> sizes{};
    std::copy(e.sizes.begin(), e.sizes.end(), sizes.begin());
    sizes.back() = Width;
    return extents<E..., Width>(sizes);
  }
};

}  // namespace ogm::nn
