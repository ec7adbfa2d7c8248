// Sequence layers, heads, and a whole run of a trainer on memory that only the backend can touch.

#include "guarded.hpp"

#include <ogm/fusion/film.hpp>
#include <ogm/fusion/gated.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/fusion/sum.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/nn/attention.hpp>
#include <ogm/nn/concatenate.hpp>
#include <ogm/nn/conv.hpp>
#include <ogm/nn/dropout.hpp>
#include <ogm/nn/embedding.hpp>
#include <ogm/nn/gru.hpp>
#include <ogm/nn/layer_norm.hpp>
#include <ogm/nn/lstm.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/nn/normalize.hpp>
#include <ogm/nn/pooling.hpp>
#include <ogm/nn/slice.hpp>
#include <ogm/nn/softmax.hpp>
#include <ogm/train/trainer.hpp>

#include <support/compare.hpp>

#include <catch2/catch.hpp>

#include <unistd.h>
#include <filesystem>

namespace guarded_layers_test {

using namespace ogm;
using test::guarded;

namespace {
using host = backend::eigen<float>;

/// Tokens (batch, 6) through every layer for sequences.
template <class Backend> struct sentence {
  using backend_type = Backend;
  static constexpr int width = 8;
  nn::embedding<11, 8, Backend> table;
  nn::lstm<8, 4, true, Backend> forward;
  nn::gru<8, 8, false, Backend> second;
  nn::layer_norm<8, Backend> norm;
  nn::multi_head_attention<8, 2, Backend> attention;
  nn::dropout drop{0.25};
  OGM_FIELDS(table, forward, second, norm, attention)
  auto operator()(auto& tape, const auto& tokens) const {
    const auto e = drop(tape, table(tape, tokens));                       // (batch, time, 8)
    const auto s = second(tape, forward(tape, e).output).output;          // (batch, time, 8)
    const auto n = norm(tape, s + e);                                     // (batch, time, 8)
    const auto a = nn::softmax(tape, attention(tape, n, n)) * 2.0;        // (batch, time, 8)
    const auto last = nn::select<1>(tape, n, 5);                          // (batch, 8)
    return nn::l2_normalize(tape, nn::mean_over_time{}(tape, a) + last);  // (batch, 8)
  }
};
/// Images (batch, 1, 9, 9) through the layers that the residual network does not have.
template <class Backend> struct picture {
  using backend_type = Backend;
  static constexpr int width = 8;
  nn::conv2d<1, 4, nn::kernel<3>, nn::stride<2>, Backend> conv;
  nn::linear<16, 4, Backend> fc;
  OGM_FIELDS(conv, fc)
  auto operator()(auto& tape, const auto& x) const {
    const auto y = gelu(conv(tape, x)) + 0.5;                          // (batch, 4, 4, 4)
    const auto p = nn::avg_pool2d<nn::kernel<2>>{}(tape, y);           // (batch, 4, 2, 2)
    const auto q = fc(tape, reshape(p, extents<dyn, 16>(p.size(0))));  // (batch, 4)
    return nn::concatenate(tape, q, nn::log_softmax(tape, q));         // (batch, 8)
  }
};
template <class Head, class Backend>
using model = late_fusion<Head, modality<"text", sentence<Backend>>, modality<"image", picture<Backend>>>;

auto made(size_type items) {
  tensor<std::int32_t, dyn, 6> tokens(items);
  tensor<float, dyn, 1, 9, 9> image(items);
  std::vector<std::int32_t> labels;
  for (size_type i = 0; i < items; ++i) {
    labels.push_back(std::int32_t(i % 3));
    for (int k = 0; k < 6; ++k) tokens(i, k) = std::int32_t((i * 5 + k * k + (k == 0 ? i % 3 : 0)) % 11);
    for (int k = 0; k < 81; ++k) image.data()[i * 81 + k] = std::sin(0.31f * float(k * (i % 3 + 1))) + 0.2f * std::cos(float(i + k));
  }
  return data::in_memory(labels, tokens, image);
}

/// The weights after a run with validation and a checkpoint in between, and what it measured.
template <class Head, class Backend, probe K> std::vector<float> train(const char* name) {
  const auto data = made(20), test = made(9);
  using policy = modulation::with_probe<modulation::ogm_ge, K>;
  const auto file = (std::filesystem::temp_directory_path() / (std::string("ogm_guarded_") + name + std::to_string(::getpid()))).string();
  std::filesystem::remove(file);
  std::vector<float> out;
  for (const int epochs : {1, 2}) {  // the second run resumes
    trainer run{model<Head, Backend>{}, policy{{.alpha = 0.3}}, optim::adam{.lr = 1e-2}, {.seed = 2}};
    const auto r = run.fit(data, {.epochs = epochs, .batch = 7, .validate_on = test, .clip_norm = 1, .checkpoint = file});
    out.insert(out.end(), {float(r.train_loss), float(r.last.fused.loss), float(r.last.modalities[1].loss)});
    out.push_back(float(linear_probe<1>(run.model(), data, test)));
    for (const double v : shapley_of_accuracy(run.model(), test)) out.push_back(float(v));
    for_each_parameter_quietly(run.model(), [&](auto, auto& p) {
      const auto here = copy_to<memory::host>(p.value);
      out.insert(out.end(), here.flat().begin(), here.flat().end());
    });
  }
  std::filesystem::remove(file);
  return out;
}
template <class Head, probe K> void same(const char* name) {
  const auto here = train<Head, host, K>(name), there = train<Head, guarded, K>(name);
  REQUIRE(here.size() == there.size());
  for (const float v : here) REQUIRE(std::isfinite(v));
  CHECK(test::same_bits(here.data(), there.data(), here.size()));
}
}  // namespace

TEST_CASE("sequence layers, evaluation, checkpoints and every head work on it, to the host's bits") {
  same<fusion::sum<3>, probe::split>("sum");
  same<fusion::film<3>, probe::self_head>("film");
  same<fusion::gated<3, 5>, probe::zero_input>("gated");
}

}  // namespace guarded_layers_test
