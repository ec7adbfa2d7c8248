#pragma once
// The audio-visual spatial-temporal network, and the one without spatial grounding that it is compared with.

#include <avqa/grounding/spatial.hpp>
#include <avqa/grounding/temporal.hpp>
#include <avqa/models/match_head.hpp>
#include <avqa/models/widths.hpp>
#include <avqa/question/encoder.hpp>
#include <ogm/nn/loss.hpp>
#include <ogm/nn/pooling.hpp>

namespace avqa {

namespace detail {
/// A block of temporal grounding under the published names: `attention`, `inner` and `outer` and `norm` stand at the top.
template <class Block, class Visit>
constexpr void visit_temporal(Block& block, Visit&& visit, const char* attention, const char* inner, const char* outer, const char* norm) {
  visit(attention, block.attention);
  visit(inner, block.inner);
  visit(outer, block.outer);
  visit(norm, block.norm);
}
}  // namespace detail

/// The logits of AVST: of the answers, and of the match of sound and picture.
template <class Answers, class Match> struct avst_output {
  Answers answers;  // (batch, answers)
  Match positive;   // (batch, time, 2), of the clip's own frames
  Match negative;   // (batch, time, 2), of frames of other clips
};

/// AVST: spatial grounding of the sound in every frame, temporal grounding of the question in sound and picture, fusion, answer.
///
/// Shapes     audio (batch, time, audio), maps (batch, time, channels, height, width), tokens (batch, token), negative maps as maps
///            -> avst_output; answer(tape, audio, maps, tokens) -> (batch, answers) without the match head
/// Checkpoint the published names: fc_a1, fc_a2, fc_gl, attn_v, linear11, ..., question_encoder.word2vec, fc_ans, fc1 to fc4
/// Dropout    0.1 in temporal grounding, in training
/// Source     Li et al., CVPR 2022, Sec. 4, and the released code (net_grd_avst)
template <class Widths = music_avqa_widths, class Backend = ogm::backend::standard> struct avst {
  using backend_type = Backend;
  static constexpr int channels = Widths::channels;
  static constexpr int answers = Widths::answers;

  ogm::nn::linear<Widths::audio, channels, Backend> fc_a1;
  ogm::nn::linear<channels, channels, Backend> fc_a2;
  ogm::nn::linear<2 * channels, channels, Backend> fc_fusion;
  temporal_grounding<channels, Widths::heads, Backend> when_seen, when_heard;
  question_encoder<Widths::words, channels, Backend> question;
  ogm::nn::linear<channels, answers, Backend> fc_ans;
  spatial_grounding<channels, channels, Backend> look;
  match_head<channels, Backend> match;

  template <class Self, class Visit> static constexpr void fields(Self& self, Visit&& visit) {
    visit("fc_a1", self.fc_a1);
    visit("fc_a2", self.fc_a2);
    visit("fc_fusion", self.fc_fusion);
    detail::visit_temporal(self.when_seen, visit, "attn_v", "linear11", "linear12", "norm1");
    detail::visit_temporal(self.when_heard, visit, "attn_a", "linear21", "linear22", "norm2");
    visit("question_encoder", self.question);
    visit("fc_ans", self.fc_ans);
    visit("fc_gl", self.look.project);
    self.match.fields(self.match, visit);
  }
  void set_dropout(double p) { when_seen.set_dropout(p), when_heard.set_dropout(p); }

  template <class Tape, class Audio, class Maps, class Tokens, class Negative>
  auto operator()(Tape& tape, const Audio& audio, const Maps& maps, const Tokens& tokens, const Negative& negative) const {
    const auto heard = hear(tape, audio);       // (batch, time, channels)
    const auto seen = look(tape, maps, heard);  // (batch, time, channels)
    const auto positive = match(tape, heard, seen);
    const auto against = match(tape, heard, look(tape, negative, heard));
    const auto logits = decide(tape, heard, seen, tokens);
    return avst_output<std::remove_const_t<decltype(logits)>, std::remove_const_t<decltype(positive)>>{logits, positive, against};
  }
  /// The answer alone.
  template <class Tape, class Audio, class Maps, class Tokens>
  auto answer(Tape& tape, const Audio& audio, const Maps& maps, const Tokens& tokens) const {
    const auto heard = hear(tape, audio);
    return decide(tape, heard, look(tape, maps, heard), tokens);  // (batch, answers)
  }

 private:
  template <class Tape, class Audio> auto hear(Tape& tape, const Audio& audio) const { return fc_a2(tape, relu(fc_a1(tape, audio))); }
  template <class Tape, class Heard, class Seen, class Tokens>
  auto decide(Tape& tape, const Heard& heard, const Seen& seen, const Tokens& tokens) const {
    const ogm::nn::mean_over_time mean;
    const auto q = question(tape, tokens);  // (batch, channels)
    const auto sound = evaluate(tape, when_heard(tape, q, heard) + mean(tape, heard));
    const auto sight = evaluate(tape, when_seen(tape, q, seen) + mean(tape, seen));
    const auto both = fc_fusion(tape, tanh(ogm::nn::concatenate(tape, sound, sight)));  // (batch, channels)
    return fc_ans(tape, tanh(both * q));                                                // (batch, answers)
  }
};

/// The network without spatial grounding: maps are averaged, and there is no match head. The ablation row AV+Q+TG.
///
/// Shapes     audio (batch, time, audio), maps (batch, time, channels, height, width), tokens (batch, token) -> (batch, answers)
/// Checkpoint the published names
/// Source     Li et al., CVPR 2022, Table 4, and the released code (net_grd_baseline): no mean beside the attended vectors
template <class Widths = music_avqa_widths, class Backend = ogm::backend::standard> struct without_spatial_grounding {
  using backend_type = Backend;
  static constexpr int channels = Widths::channels;
  static constexpr int answers = Widths::answers;

  ogm::nn::linear<Widths::audio, channels, Backend> fc_a1;
  ogm::nn::linear<channels, channels, Backend> fc_a2;
  ogm::nn::linear<2 * channels, channels, Backend> fc_fusion;
  temporal_grounding<channels, Widths::heads, Backend> when_seen, when_heard;
  question_encoder<Widths::words, channels, Backend> question;
  ogm::nn::linear<channels, answers, Backend> fc_ans;

  template <class Self, class Visit> static constexpr void fields(Self& self, Visit&& visit) {
    visit("fc_a1", self.fc_a1);
    visit("fc_a2", self.fc_a2);
    visit("fc_fusion", self.fc_fusion);
    detail::visit_temporal(self.when_seen, visit, "attn_v", "linear11", "linear12", "norm1");
    detail::visit_temporal(self.when_heard, visit, "attn_a", "linear21", "linear22", "norm2");
    visit("question_encoder", self.question);
    visit("fc_ans", self.fc_ans);
  }
  void set_dropout(double p) { when_seen.set_dropout(p), when_heard.set_dropout(p); }

  template <class Tape, class Audio, class Maps, class Tokens>
  auto operator()(Tape& tape, const Audio& audio, const Maps& maps, const Tokens& tokens) const {
    const auto heard = fc_a2(tape, relu(fc_a1(tape, audio)));  // (batch, time, channels)
    const auto seen = look(tape, ogm::input(tape, maps));      // (batch, time, channels)
    const auto q = question(tape, tokens);
    const auto both = ogm::nn::concatenate(tape, when_heard(tape, q, heard), when_seen(tape, q, seen));
    return fc_ans(tape, tanh(fc_fusion(tape, tanh(both)) * q));  // (batch, answers)
  }

 private:
  /// The mean of each map.
  template <class Tape, class Maps> static auto look(Tape& tape, const Maps& maps) {
    static_assert(Maps::rank == 5, "avqa: feature maps are (batch, time, channel, height, width). Reshape the tensor.");
    if constexpr (Maps::rank == 5) {
      if (maps.size(2) != channels || maps.size(3) * maps.size(4) == 0)
        throw ogm::shape_error("avqa: without_spatial_grounding was given maps of shape " + maps.shape().text() + ": " +
                               std::to_string(channels) + " channels of at least one pixel are needed.");
      const auto images =
          reshape(maps, ogm::extents<ogm::dyn, channels, ogm::dyn, ogm::dyn>(maps.size(0) * maps.size(1), maps.size(3), maps.size(4)));
      return reshape(ogm::nn::global_mean{}(tape, images), ogm::extents<ogm::dyn, ogm::dyn, channels>(maps.size(0), maps.size(1)));
    }
  }
};

/// The loss of AVST: cross-entropy of the answers + weight times that of the match, own frames being class 1 and others class 0.
///
/// Shapes     output: avst_output; labels (batch); belongs, others (batch * time): labels 1 and labels 0 in the tape's memory -> ()
/// Source     Li et al., CVPR 2022, Sec. 4.4: weight 0.5
template <class Tape, class Output, class Labels, class Ones, class Zeros>
auto avst_loss(Tape& tape, const Output& output, const Labels& labels, const Ones& belongs, const Zeros& others, double weight = 0.5) {
  using T = typename Tape::value_type;
  const auto answer = ogm::nn::cross_entropy(tape, output.answers, labels);
  const auto positive = ogm::nn::cross_entropy(tape, output.positive, belongs),
             negative = ogm::nn::cross_entropy(tape, output.negative, others);
  return evaluate(tape, answer + (positive + negative) * T(weight / 2));
}

}  // namespace avqa
