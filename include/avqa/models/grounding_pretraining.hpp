#pragma once
// The first stage: does this second of sound belong to this frame? What it learns is where AVST begins.

#include <avqa/grounding/spatial.hpp>
#include <avqa/models/match_head.hpp>
#include <avqa/models/widths.hpp>
#include <ogm/nn/linear.hpp>

#include <type_traits>

namespace avqa {

/// Spatial grounding and the match head on single frames.
///
/// Shapes     audio (batch, time, audio), maps (batch, time, channels, height, width) -> logits (batch, time, 2)
/// Checkpoint the published names: fc_a1, fc_a2, fc_gl, fc1 to fc4; fc_am where maps have another number of channels than the width
/// Source     Li et al., CVPR 2022, Sec. 4.2, and the released code (grounding_gen), on feature maps
template <class Widths = music_avqa_widths, class Backend = ogm::backend::standard> struct grounding_pretraining {
  struct no_adapter {
    OGM_NO_FIELDS
  };
  using backend_type = Backend;
  static constexpr int channels = Widths::channels, width = Widths::width;
  static constexpr bool adapts = channels != width;

  ogm::nn::linear<Widths::audio, width, Backend> fc_a1;
  ogm::nn::linear<width, width, Backend> fc_a2;
  std::conditional_t<adapts, ogm::nn::linear<width, channels, Backend>, no_adapter> fc_am;  // the sound as wide as the maps
  spatial_grounding<channels, width, Backend> look;
  match_head<width, Backend> match;

  template <class Self, class Visit> static constexpr void fields(Self& self, Visit&& visit) {
    visit("fc_a1", self.fc_a1);
    visit("fc_a2", self.fc_a2);
    if constexpr (adapts) visit("fc_am", self.fc_am);
    visit("fc_gl", self.look.project);
    self.match.fields(self.match, visit);
  }

  template <class Tape, class Audio, class Maps> auto operator()(Tape& tape, const Audio& audio, const Maps& maps) const {
    const auto heard = fc_a2(tape, relu(fc_a1(tape, audio)));  // (batch, time, width)
    if constexpr (adapts)
      return match(tape, heard, look(tape, maps, fc_am(tape, heard)));  // (batch, time, 2)
    else
      return match(tape, heard, look(tape, maps, heard));
  }
};

}  // namespace avqa
