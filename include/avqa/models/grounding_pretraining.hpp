#pragma once
// The first stage: does this second of sound belong to this frame? What it learns is where AVST begins.

#include <avqa/grounding/spatial.hpp>
#include <avqa/models/match_head.hpp>
#include <avqa/models/widths.hpp>

namespace avqa {

/// Spatial grounding and the match head on single frames.
///
/// Shapes     audio (batch, time, audio), maps (batch, time, channels, height, width) -> logits (batch, time, 2)
/// Checkpoint the published names: fc_a1, fc_a2, fc_gl, fc1 to fc4
/// Source     Li et al., CVPR 2022, Sec. 4.2, and the released code (grounding_gen), on feature maps
template <class Widths = music_avqa_widths, class Backend = ogm::backend::standard> struct grounding_pretraining {
  using backend_type = Backend;
  static constexpr int channels = Widths::channels;

  ogm::nn::linear<Widths::audio, channels, Backend> fc_a1;
  ogm::nn::linear<channels, channels, Backend> fc_a2;
  spatial_grounding<channels, channels, Backend> look;
  match_head<channels, Backend> match;

  template <class Self, class Visit> static constexpr void fields(Self& self, Visit&& visit) {
    visit("fc_a1", self.fc_a1);
    visit("fc_a2", self.fc_a2);
    visit("fc_gl", self.look.project);
    self.match.fields(self.match, visit);
  }

  template <class Tape, class Audio, class Maps> auto operator()(Tape& tape, const Audio& audio, const Maps& maps) const {
    const auto heard = fc_a2(tape, relu(fc_a1(tape, audio)));  // (batch, time, channels)
    return match(tape, heard, look(tape, maps, heard));        // (batch, time, 2)
  }
};

}  // namespace avqa
