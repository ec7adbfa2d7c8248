#pragma once
// YAMNet: 1024 numbers, and scores of 521 kinds of sound, for each window of 0.96 s.

#include <avqa/features/network_weights.hpp>
#include <avqa/features/op/each_in_area.hpp>
#include <avqa/features/op/frame_magnitudes.hpp>
#include <avqa/features/op/separable_block.hpp>

#include <ogm/core/error.hpp>
#include <ogm/core/math.hpp>
#include <ogm/core/pack.hpp>
#include <ogm/core/tensor.hpp>

#include <algorithm>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace avqa {

/// YAMNet for one channel at 16 kHz, its spectrogram inside: 96 frames of 25 ms every 10 ms, magnitudes, 64 mel bands, log; a convolution
/// and 13 depth-wise ones, each followed by a product; their mean.
///
/// Shapes     samples -> (window, 1024), none below 0; (window, 521) scores
/// Units      samples in [-1, 1]; scores are probabilities, each kind by itself
/// Windows    one begins every `hop` samples and has 15,600 of them; what comes after the last whole one is left out, and a sound that is
///            shorter than a window is followed by silence. No samples give no window
/// Checkpoint a folder of NN_conv_w.npy, NN_dw_w.npy (floats, or bytes with NN_..._w_scale.npy), NN_..._b.npy, mel, dense and window.npy
/// Numerics   floats; the spectra in double. The same bits on any number of threads, and whatever windows come together
/// Errors     data_error where a file is not what is expected; value_error for a hop below 1
/// Cost       140 MFLOP a window, two for a multiplication and addition. Eight windows go together, so that the weights are read from the
///            second-level cache or further only once for them
/// Source     Plakal and Ellis, TensorFlow Models, research/audioset/yamnet; batch norms are in the weights
class yamnet {
 public:
  static constexpr int rate_hz = 16000, frames = 96, bands = 64, width = 1024, classes = 521;
  static constexpr long window_samples = 15600, usual_hop = 15360;  // 0.96 s
  using embeddings = ogm::tensor<float, ogm::dyn, width>;
  using score_tensor = ogm::tensor<float, ogm::dyn, classes>;
  using log_mels = ogm::tensor<float, ogm::dyn, frames, bands>;

  /// Reads the weights of a folder.
  explicit yamnet(const std::string& folder) : yamnet(network_weights(folder)) {}

  /// How many windows begin in so many samples.
  static long windows(long samples, long hop = usual_hop) {
    if (hop < 1) throw ogm::value_error("avqa: yamnet was given a hop of " + std::to_string(hop) + " samples; at least 1 expected.");
    return samples < window_samples ? long(samples > 0) : (samples - window_samples) / hop + 1;
  }

  /// What is heard in each window.
  embeddings embed(std::span<const float> samples, long hop = usual_hop) const {
    embeddings out(windows(long(samples.size()), hop));
    const std::vector<float> padded = padded_to_a_window(samples);
    const float* const from = padded.empty() ? samples.data() : padded.data();
    in_groups(long(out.size(0)), [&](long first, long count, memory& m) {
      float* const mel = m.mel.take<float>(together * frames * bands);
      for (long i = 0; i < count; ++i) log_mel_of(from + (first + i) * hop, mel + i * frames * bands, m);
      network(count, mel, out.data() + first * width, m);
    });
    return out;
  }
  /// The probability of each of the kinds of sound, in the order of the published class map.
  score_tensor scores(const ogm::view<const float, ogm::dyn, width>& embedded) const {
    score_tensor out(embedded.size(0));
    in_groups(long(out.size(0)), [&](long first, long count, memory&) {
      float* const to = out.data() + first * classes;
      dense_.run(count, embedded.data() + first * width, {unlimited}, to);
      ogm::each_pack<float>(count * classes,
                            [&](long i, auto at) { ogm::store(to + i, ogm::math::sigmoid(ogm::load<ogm::float_pack>(to + i, at)), at); });
    });
    return out;
  }
  /// The spectrograms that the network hears: (window, frame, band), natural logarithms.
  log_mels log_mel(std::span<const float> samples, long hop = usual_hop) const {
    log_mels out(windows(long(samples.size()), hop));
    const std::vector<float> padded = padded_to_a_window(samples);
    const float* const from = padded.empty() ? samples.data() : padded.data();
    in_groups(long(out.size(0)), [&](long first, long count, memory& m) {
      for (long i = first; i < first + count; ++i) log_mel_of(from + i * hop, out.data() + i * frames * bands, m);
    });
    return out;
  }

  /// f(rows, inner, columns) for each product of a window.
  template <class F> void each_product(const F& f) const {
    f(frames, mel_.inner(), mel_.columns());
    f(48 * 32, stem_.inner(), stem_.columns());
    for (const auto& b : blocks_) f(b.shape.out_height() * b.shape.out_width(), b.product.inner(), b.product.columns());
  }
  /// Floating-point operations of a window without its Fourier transforms, two for a multiplication and addition.
  double flop() const {
    double sum = 0;
    each_product([&](long rows, long inner, long columns) { sum += 2.0 * double(rows) * double(inner) * double(columns); });
    for (const auto& b : blocks_) sum += b.filter_flop();
    return sum;
  }

 private:
  static constexpr long together = 8, window_length = 400, frame_hop = 160;
  static constexpr op::limits rectified{0, std::numeric_limits<float>::infinity()};
  static constexpr op::limits unlimited{-std::numeric_limits<float>::infinity(), std::numeric_limits<float>::infinity()};
  struct layer {
    long channels, stride;
  };
  static constexpr layer layers[]{{64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2}, {512, 1},
                                  {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1}};
  static constexpr long padded_bands = bands + 1;  // a zero after each frame, and a frame of zeros after the last

  struct memory {
    op::block_scratch scratch;
    ogm::backend::workspace mel, magnitudes, image, first, second;
  };

  explicit yamnet(const network_weights& weights)
      : spectrum_(weights.floats("window", {window_length})),
        mel_(weights.scaled("mel_w", "mel_w_scale", {bands, op::frame_magnitudes::bins}, 0), weights.floats("mel_b", {bands})),
        stem_(product_of(weights, "00_conv", {32, 3, 3, 1})),
        dense_(product_of(weights, "dense", {classes, width})) {
    long channels = 32, height = 48, columns = 32;
    for (const layer& l : layers) {
      const long number = 1 + 2 * long(blocks_.size());
      const std::string filter = network_weights::two_digits(number) + "_dw";
      op::separable_block& b = blocks_.emplace_back();
      b.shape = {.height = height, .width = columns, .channels = channels, .stride = l.stride, .pad_before = l.stride == 1 ? 1 : 0};
      b.weight = weights.scaled(filter + "_w", filter + "_w_scale", {1, 3, 3, channels}, 3);
      b.bias = weights.floats(filter + "_b", {channels});
      b.limit = rectified;
      b.product = product_of(weights, network_weights::two_digits(number + 1) + "_conv", {l.channels, 1, 1, channels});
      channels = l.channels, height /= l.stride, columns /= l.stride;
    }
  }
  static op::packed_product product_of(const network_weights& weights, const std::string& name, const network_weights::shape_type& shape) {
    return {weights.scaled(name + "_w", name + "_w_scale", shape, 0), weights.floats(name + "_b", {shape[0]})};
  }

  /// Empty where the samples fill a window, or there are none.
  static std::vector<float> padded_to_a_window(std::span<const float> samples) {
    std::vector<float> out;
    if (samples.empty() || long(samples.size()) >= window_samples) return out;
    out.assign(samples.begin(), samples.end());
    out.resize(std::size_t(window_samples), 0.f);
    return out;
  }
  /// f(first, count, memory) for groups of windows.
  template <class F> static void in_groups(long windows, const F& f) {
    op::each_in_area<memory>((windows + together - 1) / together,
                             [&](long g, memory& mine) { f(g * together, std::min(together, windows - g * together), mine); });
  }

  void log_mel_of(const float* samples, float* out, memory& m) const {
    float* const magnitudes = m.magnitudes.take<float>(frames * op::frame_magnitudes::bins);
    spectrum_(samples, frame_hop, frames, magnitudes);
    mel_.run(frames, magnitudes, {unlimited}, out);
    ogm::each_pack<float>(frames * bands,
                          [&](long i, auto at) { ogm::store(out + i, ogm::math::log(ogm::load<ogm::float_pack>(out + i, at)), at); });
  }

  void network(long count, const float* mel, float* out, memory& m) const {
    constexpr long most = 48 * 32 * 64;  // numbers of a window behind the first block; later ones have half of them at most
    float* x = m.first.take<float>(count * most);
    float* y = m.second.take<float>(count * most / 2);
    float* const image = m.image.take<float>((frames + 1) * padded_bands);
    for (long i = 0; i < count; ++i) {
      for (long t = 0; t < frames; ++t) {
        std::copy_n(mel + (i * frames + t) * bands, bands, image + t * padded_bands);
        image[t * padded_bands + bands] = 0;
      }
      std::fill_n(image + frames * padded_bands, padded_bands, 0.f);
      const auto stem = [&](long first, long last, float* to) {  // rows of 48 x 32 x 32
        const auto window = [&](long p) { return image + (first + p / 32) * 2 * padded_bands + p % 32 * 2; };
        stem_.run((last - first) * 32, {3, 3, padded_bands}, window, {rectified}, to);
      };
      blocks_[0].run_made(stem, {rectified}, x + i * most, m.scratch);
    }
    for (std::size_t b = 1; b < blocks_.size(); ++b, std::swap(x, y)) blocks_[b].run(count, x, {rectified}, y, m.scratch);
    constexpr long last = 3 * 2;
    for (long i = 0; i < count; ++i) op::mean_of_rows(last, width, x + i * last * width, out + i * width);
  }

  op::frame_magnitudes spectrum_;
  op::packed_product mel_, stem_, dense_;
  std::vector<op::separable_block> blocks_;
};

}  // namespace avqa
