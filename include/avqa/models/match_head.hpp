#pragma once
// Does this sound belong to this picture?

#include <avqa/models/widths.hpp>
#include <ogm/nn/concatenate.hpp>
#include <ogm/nn/linear.hpp>

namespace avqa {

/// Two logits a frame from what is heard and what is seen; class 1: they belong together.
///
/// Shapes     heard, seen (..., Channels) -> (..., 2)
/// Errors     a compile error names the widths
/// Checkpoint fc1 to fc4
/// Source     Li et al., CVPR 2022, Sec. 4.2, and the released code
template <int Channels, class Backend = ogm::backend::standard> struct match_head {
  static_assert(Channels >= 4, "avqa: a match head halves its width twice. Make it 4 or more.");
  using backend_type = Backend;
  ogm::nn::linear<2 * Channels, Channels, Backend> fc1;
  ogm::nn::linear<Channels, Channels / 2, Backend> fc2;
  ogm::nn::linear<Channels / 2, Channels / 4, Backend> fc3;
  ogm::nn::linear<Channels / 4, 2, Backend> fc4;
  OGM_FIELDS(fc1, fc2, fc3, fc4)

  template <class Tape, class Heard, class Seen> auto operator()(Tape& tape, const Heard& heard, const Seen& seen) const {
    constexpr bool fits = detail::a_match_head_of_width<Channels>::template was_given_tensors_of_widths<Heard::width, Seen::width>;
    static_assert(detail::a_match_head_of_width<Channels>::template was_given_tensors_of_widths<Heard::width, Seen::width>,
                  "avqa: what is heard or what is seen is not as wide as the match head. Make them equal.");
    if constexpr (fits) {
      const auto both = ogm::nn::concatenate(tape, heard, seen);                  // (..., 2 Channels)
      return fc4(tape, relu(fc3(tape, relu(fc2(tape, relu(fc1(tape, both)))))));  // (..., 2)
    }
  }
};

}  // namespace avqa
