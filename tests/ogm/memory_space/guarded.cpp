// Models and policies on memory that only the backend can touch.

#include "guarded.hpp"

#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/modulation/combinators.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/modulation/uniform.hpp>
#include <ogm/nn/batch_norm.hpp>
#include <ogm/nn/conv.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/nn/pooling.hpp>
#include <ogm/nn/resnet18.hpp>
#include <ogm/train/training_step.hpp>

#include "../modulation/sketches/mla.hpp"
#include "../modulation/sketches/mmpareto.hpp"
#include "../modulation/sketches/opm.hpp"

#include <support/compare.hpp>

#include <catch2/catch.hpp>

#include <csetjmp>
#include <csignal>

using namespace ogm;
using test::guarded;
using test::guarded_memory;

namespace {

using host = backend::eigen<float>;

template <class Backend> struct small_net {
  using backend_type = Backend;
  static constexpr int width = 16;
  nn::conv2d<1, 8, nn::kernel<3>, nn::padding<1>, nn::no_bias, Backend> conv;
  nn::batch_norm<8, Backend> norm;
  nn::basic_block<8, 8, 1, Backend> same;
  nn::basic_block<8, 16, 2, Backend> halved;
  OGM_FIELDS(conv, norm, same, halved)
  auto operator()(auto& tape, const auto& x) const {
    const auto first = nn::max_pool2d<nn::kernel<2>>{}(tape, norm.then_relu(tape, conv(tape, x)));  // (batch, 8, 5, 4)
    return nn::global_mean{}(tape, halved(tape, same(tape, first)));                                // (batch, 16)
  }
};
template <class Backend>
using model = late_fusion<fusion::concat<4>, modality<"image", small_net<Backend>>, modality<"sound", nn::mlp<6, 12, 16, Backend>>>;

/// Losses of a few steps and the weights after them.
template <class Backend, class Policy> std::vector<float> train(const Policy& policy) {
  using space = typename Backend::space;
  tensor<float, dyn, 1, 10, 8> image(7);
  tensor<float, dyn, 6> sound(7);
  tensor<std::int32_t, dyn> labels(7);
  for (size_type i = 0; i < image.count(); ++i) image.data()[i] = std::sin(0.37f * float(i));
  for (size_type i = 0; i < sound.count(); ++i) sound.data()[i] = std::cos(0.61f * float(i));
  for (int i = 0; i < 7; ++i) labels(i) = i % 4;
  const auto x = copy_to<space>(image);
  const auto s = copy_to<space>(sound);
  const auto y = copy_to<space>(labels);
  training_step<model<Backend>, Policy, optim::adam> step(model<Backend>{}, policy, optim::adam{});
  nn::initialise(step.modules(), 4);
  std::vector<float> out;
  for (int i = 0; i < 4; ++i) out.push_back(float(step.step(std::tie(x, s), as_view(y), {.step = i, .learning_rate = 1e-2}, {1.0}).loss));
  for_each_parameter_quietly(step.model(), [&](auto, auto& p) {
    const auto here = copy_to<memory::host>(p.value);
    out.insert(out.end(), here.flat().begin(), here.flat().end());
  });
  return out;
}

/// Uses every hook that edits something.
struct edits {
  static constexpr modulation::needs requirements{.probe = probe::split};
  void on_batch(auto& c) const {
    c.drop(0, 1);
    c.drop(1, 2);
  }
  void on_features(auto& c) const {
    c.row_factors(0)[3] = 0.5f;
    c.gradient_factors(1)[2] = 2;
    c.remove(4);
  }
  void on_feature_gradient(auto& c) const { c.scale(0.75); }
  void scale_update(auto& step) const {
    for_each_modality(step, [&](auto& m) { m.gradients().scale_update(0.5); });
  }
};

std::jmp_buf back;
void on_fault(int) { std::longjmp(back, 1); }

}  // namespace

TEST_CASE("the guarded memory cannot be read from outside") {
  const basic_tensor<guarded_memory, float, dyn> x(4);
  const auto before = std::signal(SIGSEGV, on_fault);
  volatile float read = 1;
  const bool faulted = setjmp(back) != 0;
  if (!faulted) read = *x.data();
  std::signal(SIGSEGV, before);
  CHECK(faulted);
  CHECK(read == 1);
}

TEST_CASE("models and policies train on memory that only the backend can touch, to the host's bits") {
  const auto same = [](const auto& policy) {
    const auto here = train<host>(policy), there = train<guarded>(policy);
    REQUIRE(here.size() == there.size());
    CHECK(std::isfinite(here[3]));
    CHECK(here[3] < here[0]);
    CHECK(test::same_bits(here.data(), there.data(), here.size()));
  };
  same(modulation::none{});
  same(modulation::ogm_ge{.alpha = 0.3});
  same(modulation::chain{modulation::uniform{}, modulation::ogm{.alpha = 0.3}});
  same(modulation::ogm_ge_as_in_paper(0.3));  // a backward pass for each sample
  same(modulation::with_probe<modulation::ogm, probe::zero_feature>{{.alpha = 0.3}});
  same(modulation::with_probe<modulation::ogm, probe::shapley>{{.alpha = 0.3}});
  same(modulation::with_probe<modulation::uniform, probe::aux_head>{});
}

TEST_CASE("policies that edit batches, features, losses and single gradients do so by operations alone") {
  const auto same = [](const auto& here, const auto& there) {
    const auto a = train<host>(here), b = train<guarded>(there);
    INFO(typeid(here).name());
    CHECK(std::isfinite(a[3]));
    CHECK(test::same_bits(a.data(), b.data(), a.size()));
  };
  same(edits{}, edits{});
  same(sketches::opm{}, sketches::opm{});
  same(sketches::mmpareto{}, sketches::mmpareto{});
  same(modulation::chain{edits{}, modulation::ogm_ge{.alpha = 0.3}}, modulation::chain{edits{}, modulation::ogm_ge{.alpha = 0.3}});
  same(sketches::mla<host, 16>{}, sketches::mla<guarded, 16>{});
}
