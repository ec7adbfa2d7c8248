#pragma once
// The first stage: does this second of sound belong to this frame? What it learns is where AVST begins.

#include <avqa/grounding/spatial.hpp>
#include <avqa/models/match_head.hpp>
#include <avqa/models/widths.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/nn/linear.hpp>

#include <array>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace avqa {

/// Spatial grounding and the match head on single frames.
///
/// Shapes     audio (batch, time, audio), maps (batch, time, channels, height, width) -> logits (batch, time, 2)
/// Training   a joint_model of ogm: a trainer takes it with frame_pairs as its data, a pair an item (time 1); class 1: they belong together
/// Checkpoint the published names: fc_a1, fc_a2, fc_gl, fc1 to fc4; fc_am where maps have another number of channels than the width
/// Source     Li et al., CVPR 2022, Sec. 4.2, and the released code (grounding_gen), on feature maps
template <class Widths = music_avqa_widths, class Backend = ogm::backend::standard> struct grounding_pretraining {
  struct no_adapter {
    OGM_NO_FIELDS
  };
  using backend_type = Backend;
  using value_type = typename Backend::value_type;
  static constexpr int audio = Widths::audio, channels = Widths::channels, width = Widths::width;
  static constexpr bool adapts = channels != width;
  static constexpr int modalities = 2, classes = 2, inputs = 2;
  static constexpr std::array<std::string_view, 2> modality_names{"audio", "visual"};
  static constexpr std::array<int, 2> widths{width, width};
  struct head_type {
    static constexpr int modalities = 2, classes = 2;
  };

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

  template <class Tape, class Audio, class Maps> auto operator()(Tape& tape, const Audio& sound, const Maps& maps) const {
    const auto heard = hear(tape, sound);
    return match(tape, heard, look_at(tape, maps, heard));  // (batch, time, 2)
  }
  /// For ogm's trainer.
  ///
  /// Errors     shape_error for pairs of more than one moment
  template <class Tape, class Audio, class Maps> auto encode_all(Tape& tape, const std::tuple<Audio, Maps>& given) const {
    const auto& [sound, maps] = given;
    if (sound.size(1) != 1)
      throw ogm::shape_error("avqa: the grounding stage was given pairs with sound of shape " + sound.shape().text() +
                             " to train on; (batch, 1, " + std::to_string(audio) + ") is needed.");
    const auto one = [](const auto& sequence) { return reshape(sequence, ogm::extents<ogm::dyn, width>(sequence.size(0))); };
    const auto heard = hear(tape, sound), seen = look_at(tape, maps, heard);
    const auto x = one(heard), y = one(seen);
    return ogm::encoded<const decltype(match)&, std::remove_const_t<decltype(x)>, std::remove_const_t<decltype(y)>>{{x, y}, match};
  }

 private:
  template <class Tape, class Audio> auto hear(Tape& tape, const Audio& sound) const {
    if constexpr (detail::takes_sound<audio, Audio>()) return fc_a2(tape, relu(fc_a1(tape, sound)));  // (batch, time, width)
  }
  template <class Tape, class Maps, class Heard> auto look_at(Tape& tape, const Maps& maps, const Heard& heard) const {
    if constexpr (detail::takes_maps<channels, Maps>()) {
      if constexpr (adapts)
        return look(tape, maps, fc_am(tape, heard));  // (batch, time, width)
      else
        return look(tape, maps, heard);
    }
  }
};

}  // namespace avqa
