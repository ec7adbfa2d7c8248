#pragma once
// The networks of audio-visual question answering: AVST, and what is left of it as its parts are taken away.

#include <avqa/grounding/spatial.hpp>
#include <avqa/grounding/temporal.hpp>
#include <avqa/models/match_head.hpp>
#include <avqa/models/widths.hpp>
#include <avqa/question/encoder.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/nn/loss.hpp>
#include <ogm/nn/pooling.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace avqa {

/// The rows of the published ablation: which of its parts a network has.
enum class ablation : std::uint8_t {
  question,            // Q: the question alone
  audio,               // A+Q
  visual,              // V+Q
  audio_visual,        // AV+Q
  temporal_grounding,  // AV+Q+TG
  spatial_grounding    // AV+Q+TG+SG: AVST
};
inline constexpr std::array<std::string_view, 6> ablation_names{"q", "a_q", "v_q", "av_q", "av_q_tg", "avst"};
/// As programs and files name it: "av_q_tg".
constexpr std::string_view name_of(ablation row) { return ablation_names[std::size_t(row)]; }

namespace detail {
/// A layer that a network does not have.
struct no_layer {
  OGM_NO_FIELDS
};
template <bool There, class Layer> using layer_if = std::conditional_t<There, Layer, no_layer>;

/// Part of a modality's encoder under a name at the top.
template <int Modality, class Layer, class Visit> constexpr void visit_part(Layer& layer, Visit&& visit, const char* name) {
  ogm::part_of<Modality, ogm::role::encoder, Layer> part{layer};
  visit(name, part);
}
/// A block of temporal grounding under the published names: `attention`, `inner` and `outer` and `norm` stand at the top.
template <int Modality, class Block, class Visit>
constexpr void visit_temporal(Block& block, Visit&& visit, const char* attention, const char* inner, const char* outer, const char* norm) {
  visit_part<Modality>(block.attention, visit, attention);
  visit_part<Modality>(block.inner, visit, inner);
  visit_part<Modality>(block.outer, visit, outer);
  visit_part<Modality>(block.norm, visit, norm);
}
}  // namespace detail

/// The logits of AVST: of the answers, and of the match of sound and picture.
template <class Answers, class Match> struct avst_output {
  Answers answers;  // (batch, answers)
  Match positive;   // (batch, time, 2), of the clip's own frames
  Match negative;   // (batch, time, 2), of frames of other clips
};

/// Cross-entropy of the match: own frames are class 1, others class 0; the mean over both.
///
/// Shapes     positive, negative (batch, time, 2) -> ()
/// Source     Li et al., CVPR 2022, Sec. 4.2
template <class Tape, class Positive, class Negative> auto match_loss(Tape& tape, const Positive& positive, const Negative& negative) {
  using T = typename Tape::value_type;
  const auto of_class = [&](const auto& logits, std::int32_t label) {
    const ogm::size_type rows = logits.size(0) * logits.size(1);
    auto* const labels = tape.template scratch<std::int32_t>(rows);
    tape.run(ogm::op::fill<std::int32_t>{labels, long(rows), label});
    return ogm::nn::cross_entropy(
        tape, logits, ogm::basic_view<typename Tape::space, const std::int32_t, ogm::dyn>(labels, ogm::extents<ogm::dyn>(rows)));
  };
  return evaluate(tape, (of_class(positive, 1) + of_class(negative, 0)) * T(0.5));
}

/// The loss of AVST: cross-entropy of the answers + weight times that of the match.
///
/// Shapes     output: avst_output; labels (batch) -> ()
/// Source     Li et al., CVPR 2022, Sec. 4.4: weight 0.5
template <class Tape, class Output, class Labels>
auto avst_loss(Tape& tape, const Output& output, const Labels& labels, double weight = 0.5) {
  using T = typename Tape::value_type;
  const auto answer = ogm::nn::cross_entropy(tape, output.answers, labels);
  return evaluate(tape, answer + match_loss(tape, output.positive, output.negative) * T(weight));
}

/// Logits with the evidence for them.
template <class Answers, class Where, class When> struct explained {
  Answers answers;  // (batch, answers)
  Where where;      // (batch, time, location): how much each place of a frame counted; std::nullptr_t without spatial grounding
  When seen;        // (batch, head, time): how much each moment's picture counted
  When heard;       // (batch, head, time): and its sound
};

/// One network of the ablation. Sound goes through two dense layers; pictures are averaged over places, or attended to where the sound is
/// (spatial grounding); moments are averaged, or attended to by the question (temporal grounding); fused, multiplied by the question,
/// answered.
///
/// Shapes     audio (batch, time, audio), maps (batch, time, channels, height, width), tokens (batch, token), each where the row has it,
///            in this order -> (batch, answers). AVST also takes maps of other clips as a last argument -> avst_output
/// Training   a joint_model of ogm: a trainer and its policies take it, with the modalities "audio" and "visual" (a row with one has that
///            one; Q has "question"); AVST with maps of other clips adds the loss of the match, weight 0.5
/// Probe      zero_feature: the fused head on one modality's features alone, and the question
/// Checkpoint the published names: fc_a1, fc_a2, fc_gl, attn_v, linear11, ..., question_encoder.word2vec, fc_ans, fc1 to fc4. Where maps
///            have another number of channels than the network is wide: fc_v (maps without spatial grounding), fc_am (sound for the maps)
/// Dropout    0.1 in temporal grounding, in training
/// Errors     a compile error names the width of sound, or the channels of maps, that are given and that are taken; a shape_error
///            names both shapes
/// Source     Li et al., CVPR 2022, Sec. 4 and Table 4, and the released code (net_grd_avst; net_grd_baseline, which has no mean beside
///            the attended vectors). The rows without temporal grounding are described there by their name only: their forms are ours
template <ablation Row, class Widths = music_avqa_widths, class Backend = ogm::backend::standard> struct network {
  static_assert(network_widths<Widths>,
                "avqa: the widths of a network lack audio, channels, width, words, answers or heads. See music_avqa_widths.");
  using backend_type = Backend;
  using value_type = typename Backend::value_type;
  static constexpr ablation row = Row;
  static constexpr bool hears = Row != ablation::question && Row != ablation::visual;
  static constexpr bool looks = Row != ablation::question && Row != ablation::audio;
  static constexpr bool attends = Row >= ablation::temporal_grounding, grounds = Row == ablation::spatial_grounding;
  using widths_type = Widths;
  static constexpr int audio = Widths::audio, channels = Widths::channels, width = Widths::width, answers = Widths::answers,
                       classes = answers;
  static constexpr int modalities = hears && looks ? 2 : 1;
  static constexpr std::array<std::string_view, modalities> modality_names = [] {
    if constexpr (hears && looks)
      return std::array<std::string_view, 2>{"audio", "visual"};
    else
      return std::array<std::string_view, 1>{hears ? "audio" : looks ? "visual" : "question"};
  }();
  static constexpr std::array<int, modalities> widths = [] {
    std::array<int, modalities> w{};
    w.fill(width);
    return w;
  }();
  static constexpr int inputs = int(hears) + int(looks) + 1 + int(grounds);
  struct head_type {
    static constexpr int modalities = network::modalities, classes = answers;
  };

 private:
  template <class Layer> using of_audio = ogm::belongs_to<0, ogm::role::encoder, Layer>;
  template <class Layer> using of_visual = ogm::belongs_to<hears ? 1 : 0, ogm::role::encoder, Layer>;
  template <class Layer> using of_head = ogm::belongs_to<-1, ogm::role::head, Layer>;
  using of_question = std::conditional_t<Row == ablation::question, of_audio<question_encoder<Widths::words, width, Backend>>,
                                         of_head<question_encoder<Widths::words, width, Backend>>>;
  template <int In, int Out> using dense = ogm::nn::linear<In, Out, Backend>;
  static constexpr bool fuses = hears && looks, single = hears != looks, adapts = channels != width;

 public:
  detail::layer_if<hears, of_audio<dense<Widths::audio, width>>> fc_a1;
  detail::layer_if<hears, of_audio<dense<width, width>>> fc_a2;
  detail::layer_if<looks && !grounds && adapts, of_visual<dense<channels, width>>> fc_v;
  detail::layer_if<grounds && adapts, of_visual<dense<width, channels>>> fc_am;
  detail::layer_if<fuses, of_head<dense<2 * width, width>>> fc_fusion;
  detail::layer_if<single, of_head<dense<width, width>>> fc;
  detail::layer_if<attends, of_visual<temporal_grounding<width, Widths::heads, Backend>>> when_seen;
  detail::layer_if<attends, of_audio<temporal_grounding<width, Widths::heads, Backend>>> when_heard;
  of_question question;
  of_head<dense<width, answers>> fc_ans;
  detail::layer_if<grounds, of_visual<spatial_grounding<channels, width, Backend>>> look;
  detail::layer_if<grounds, of_head<match_head<width, Backend>>> match;

  template <class Self, class Visit> static constexpr void fields(Self& self, Visit&& visit) {
    if constexpr (hears) visit("fc_a1", self.fc_a1), visit("fc_a2", self.fc_a2);
    if constexpr (looks && !grounds && adapts) visit("fc_v", self.fc_v);
    if constexpr (grounds && adapts) visit("fc_am", self.fc_am);
    if constexpr (fuses) visit("fc_fusion", self.fc_fusion);
    if constexpr (single) visit("fc", self.fc);
    if constexpr (attends) {
      detail::visit_temporal<1>(self.when_seen, visit, "attn_v", "linear11", "linear12", "norm1");
      detail::visit_temporal<0>(self.when_heard, visit, "attn_a", "linear21", "linear22", "norm2");
    }
    visit("question_encoder", self.question);
    visit("fc_ans", self.fc_ans);
    if constexpr (grounds) {
      detail::visit_part<1>(self.look.project, visit, "fc_gl");
      self.match.fields(self.match, visit);
    }
  }
  void set_dropout(double p) {
    if constexpr (attends) when_seen.set_dropout(p), when_heard.set_dropout(p);
  }

  /// Answers, in the order of the shapes above.
  template <class Tape, class... X> auto operator()(Tape& tape, const X&... x) const {
    static_assert(sizeof...(X) == std::size_t(inputs) || sizeof...(X) + int(grounds) == std::size_t(inputs),
                  "avqa: a network was given another number of inputs than it takes: audio, maps and tokens, where it has them.");
    if constexpr (grounds && sizeof...(X) == std::size_t(inputs)) {
      const auto given = std::tie(x...);
      const auto heard = hear(tape, std::get<0>(given));
      const auto own = look_at(tape, std::get<1>(given), heard), other = look_at(tape, std::get<3>(given), heard);
      const auto positive = match(tape, heard, own.pooled), negative = match(tape, heard, other.pooled);
      const auto logits = decide(tape, std::get<2>(given), heard, own.pooled);
      return avst_output<std::remove_const_t<decltype(logits)>, std::remove_const_t<decltype(positive)>>{logits, positive, negative};
    } else if constexpr (sizeof...(X) + int(grounds) == std::size_t(inputs))
      return ogm::logits_of(tape, encode(tape, x...));
  }
  /// Answers with the evidence for them.
  template <class Tape, class Audio, class Maps, class Tokens>
  auto explain(Tape& tape, const Audio& audio, const Maps& maps, const Tokens& tokens) const {
    static_assert(attends, "avqa: a network without temporal grounding has no evidence for its answers. Use av_q_tg or avst.");
    if constexpr (attends) {
      const auto heard = hear(tape, audio);
      const auto seen = look_at(tape, maps, heard);
      const auto q = question(tape, tokens);
      const auto sound = when_heard.with_weights(tape, q, heard);
      const auto sight = when_seen.with_weights(tape, q, seen.pooled);
      const auto logits = decision<decltype(q)>{this, q}(tape, summed(tape, sound.output, heard), summed(tape, sight.output, seen.pooled));
      return explained<std::remove_const_t<decltype(logits)>, std::remove_cvref_t<decltype(seen.weights)>,
                       std::remove_cvref_t<decltype(sound.weights)>>{logits, seen.weights, sight.weights, sound.weights};
    }
  }

  /// For ogm's trainer: features by modality, and the head with the question in it. Maps of other clips are looked at in training only.
  template <class Tape, class... X> auto encode_all(Tape& tape, const std::tuple<X...>& given) const {
    static_assert(sizeof...(X) == std::size_t(inputs));
    if constexpr (grounds) {
      const auto heard = hear(tape, std::get<0>(given));
      const auto own = look_at(tape, std::get<1>(given), heard);
      const auto plain = summarise(tape, question(tape, std::get<2>(given)), heard, own.pooled);
      if constexpr (Tape::records) {
        const auto other = look_at(tape, std::get<3>(given), heard);
        const auto positive = match(tape, heard, own.pooled), negative = match(tape, heard, other.pooled);
        return with_match<std::remove_const_t<decltype(plain)>, std::remove_const_t<decltype(positive)>>{plain, positive, negative};
      } else
        return plain;
    } else
      return std::apply([&](const auto&... x) { return encode(tape, x...); }, given);
  }

 private:
  /// The head of one batch: the question is in it.
  template <class Question> struct decision : head_type {
    const network* layers;
    Question asked;
    decision(const network* n, const Question& q) : layers(n), asked(q) {}
    template <class Tape, class... Z> auto operator()(Tape& tape, const Z&... z) const {
      if constexpr (Row == ablation::question)
        return layers->fc_ans(tape, tanh(z)...);  // (batch, answers)
      else {
        const auto q = ogm::input(tape, asked);
        if constexpr (fuses) {
          const auto both = layers->fc_fusion(tape, tanh(ogm::nn::concatenate(tape, z...)));  // (batch, width)
          return layers->fc_ans(tape, tanh(both * q));                                        // (batch, answers)
        } else {
          const auto one = layers->fc(tape, tanh(z)...);
          return layers->fc_ans(tape, tanh(one * q));
        }
      }
    }
  };
  /// Features and head, and the logits of the match.
  template <class Plain, class Match> struct with_match : Plain {
    Match positive, negative;
    template <class Tape, class Add> void add_losses(Tape& tape, const Add& add) const {
      add("match", match_loss(tape, positive, negative), 0.5f);
    }
  };

  template <class Tape, class Audio> auto hear(Tape& tape, const Audio& sound) const {
    if constexpr (detail::takes_sound<audio, Audio>()) return fc_a2(tape, relu(fc_a1(tape, sound)));  // (batch, time, width)
  }
  /// pooled (batch, time, width), and the weights of the places where there are any.
  template <class Tape, class Maps, class Heard> auto look_at(Tape& tape, const Maps& maps, const Heard& heard) const {
    if constexpr (detail::takes_maps<channels, Maps>()) {
      if constexpr (grounds && adapts)
        return look.with_map(tape, maps, fc_am(tape, heard));
      else if constexpr (grounds)
        return look.with_map(tape, maps, heard);
      else {
        const auto mean = mean_of_maps(tape, ogm::input(tape, maps));
        return grounded<std::remove_const_t<decltype(mean)>, std::nullptr_t>{mean, nullptr};
      }
    }
  }
  template <class Tape, class Maps> auto mean_of_maps(Tape& tape, const Maps& maps) const {
    if (maps.size(2) != channels || maps.size(3) * maps.size(4) == 0)
      throw ogm::shape_error("avqa: a network was given maps of shape " + maps.shape().text() + ": " + std::to_string(channels) +
                             " channels of at least one pixel are needed.");
    const auto images =
        reshape(maps, ogm::extents<ogm::dyn, channels, ogm::dyn, ogm::dyn>(maps.size(0) * maps.size(1), maps.size(3), maps.size(4)));
    const auto means =
        reshape(ogm::nn::global_mean{}(tape, images), ogm::extents<ogm::dyn, ogm::dyn, channels>(maps.size(0), maps.size(1)));
    if constexpr (adapts)
      return fc_v(tape, means);  // (batch, time, width)
    else
      return means;
  }
  /// What temporal grounding attended to; beside it the mean over time, in AVST.
  template <class Tape, class Attended, class Sequence> auto summed(Tape& tape, const Attended& attended, const Sequence& sequence) const {
    if constexpr (grounds)
      return evaluate(tape, attended + ogm::nn::mean_over_time{}(tape, sequence));
    else
      return attended;
  }
  /// Each sequence as one vector, and the head.
  template <class Tape, class Q, class Heard, class Seen>
  auto summarise(Tape& tape, const Q& q, const Heard& heard, const Seen& seen) const {
    const auto one = [&](const auto& sequence, const auto& when) {
      if constexpr (attends)
        return summed(tape, when(tape, q, sequence), sequence);
      else
        return ogm::nn::mean_over_time{}(tape, sequence);  // (batch, width)
    };
    const auto sound = one(heard, when_heard), sight = one(seen, when_seen);
    return ogm::encoded<decision<Q>, std::remove_const_t<decltype(sound)>, std::remove_const_t<decltype(sight)>>{{sound, sight}, {this, q}};
  }
  template <class Tape, class Tokens, class Heard, class Seen>
  auto decide(Tape& tape, const Tokens& tokens, const Heard& heard, const Seen& seen) const {
    return ogm::logits_of(tape, summarise(tape, question(tape, tokens), heard, seen));
  }
  template <class Tape, class Audio, class Maps, class Tokens>
  auto encode(Tape& tape, const Audio& audio, const Maps& maps, const Tokens& tokens) const {
    const auto heard = hear(tape, audio);
    return summarise(tape, question(tape, tokens), heard, look_at(tape, maps, heard).pooled);
  }
  template <class Tape, class X, class Tokens> auto encode(Tape& tape, const X& x, const Tokens& tokens) const {
    const auto sequence = [&] {
      if constexpr (hears)
        return hear(tape, x);
      else
        return look_at(tape, x, nullptr).pooled;
    }();
    const auto mean = ogm::nn::mean_over_time{}(tape, sequence);
    const auto q = question(tape, tokens);
    return ogm::encoded<decision<std::remove_const_t<decltype(q)>>, std::remove_const_t<decltype(mean)>>{{mean}, {this, q}};
  }
  template <class Tape, class Tokens> auto encode(Tape& tape, const Tokens& tokens) const {
    const auto q = question(tape, tokens);
    return ogm::encoded<decision<std::nullptr_t>, std::remove_const_t<decltype(q)>>{{q}, {this, nullptr}};
  }
};

/// The network of the paper.
template <class Widths = music_avqa_widths, class Backend = ogm::backend::standard>
using avst = network<ablation::spatial_grounding, Widths, Backend>;
/// The published network without spatial grounding.
template <class Widths = music_avqa_widths, class Backend = ogm::backend::standard>
using without_spatial_grounding = network<ablation::temporal_grounding, Widths, Backend>;

}  // namespace avqa
