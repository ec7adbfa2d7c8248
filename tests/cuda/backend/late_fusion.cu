// Late fusion with modulation, whole training steps, on the device and on the host.
#include "support.hpp"

#include <ogm/backend/eigen.hpp>
#include <ogm/cuda/backend.cuh>
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/modulation/combinators.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/modulation/uniform.hpp>
#include <ogm/nn/initialise.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/nn/resnet18.hpp>
#include <ogm/train/training_step.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <memory>

using namespace ogm;

namespace {

using host = backend::eigen<float>;
using device = backend::cuda;

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
using dense =
    late_fusion<fusion::concat<4>, modality<"left", nn::mlp<20, 24, 16, Backend>>, modality<"right", nn::mlp<6, 12, 16, Backend>>>;
template <class Backend>
using pictures = late_fusion<fusion::concat<4>, modality<"image", small_net<Backend>>, modality<"sound", nn::mlp<6, 12, 16, Backend>>>;

struct outcome {
  std::vector<double> losses, scores;
  std::vector<test::named_values> gradients, weights;
};

/// Four steps; the modulated gradients of the first one.
template <class Model, class Policy, class Optimiser, class First>
outcome train(const Policy& policy, const Optimiser& optimiser, const First& first) {
  using space = typename Model::backend_type::space;
  constexpr size_type batch = 7;
  tensor<float, dyn, 6> second(batch);
  tensor<std::int32_t, dyn> labels(batch);
  for (size_type i = 0; i < second.count(); ++i) second.data()[i] = std::cos(0.61f * float(i));
  for (int i = 0; i < int(batch); ++i) labels(i) = i % 4;
  const auto x = copy_to<space>(first);
  const auto s = copy_to<space>(second);
  const auto y = copy_to<space>(labels);

  const auto engine = [&] {
    auto made = std::make_unique<training_step<Model, Policy, Optimiser>>(Model{}, policy, optimiser);
    nn::initialise(made->modules(), 4);
    return made;
  };
  const auto at = [](int i) { return modulation::progress{.step = i, .seed = 5, .learning_rate = 1e-2}; };
  outcome out;
  {
    const auto step = engine();
    step->observe_gradients([&](auto slots) {
      for (const auto& g : slots)
        if (g.reached) out.gradients.push_back(test::named<space>("gradient " + std::to_string(g.id), g.gradient, g.count));
    });
    step->step(std::tie(x, s), as_view(y), at(0), {1.0});
  }
  const auto step = engine();
  for (int i = 0; i < 4; ++i) {
    const auto result = step->step(std::tie(x, s), as_view(y), at(i), {1.0});
    out.losses.push_back(result.loss);
    for (int u = 0; u < 2; ++u) out.scores.push_back(result.scores.sums[std::size_t(u)]);
  }
  test::add_parameters(out.weights, step->modules());
  return out;
}

/// Trains on both and compares all of it.
template <template <class> class Model, class Policy, class Optimiser, class First>
void check_same(const Policy& policy, const Optimiser& optimiser, const First& first) {
  const outcome there = train<Model<device>>(policy, optimiser, first), here = train<Model<host>>(policy, optimiser, first);
  for (std::size_t i = 0; i < here.losses.size(); ++i) CHECK(there.losses[i] == Approx(here.losses[i]).epsilon(1e-4));
  for (std::size_t i = 0; i < here.scores.size(); ++i) CHECK(there.scores[i] == Approx(here.scores[i]).epsilon(1e-4));
  CHECK(here.losses.back() != here.losses.front());
  REQUIRE(there.gradients.size() == here.gradients.size());
  REQUIRE(!here.gradients.empty());
  for (std::size_t i = 0; i < here.gradients.size(); ++i) {
    INFO(here.gradients[i].name);
    CHECK(test::furthest(there.gradients[i].values, here.gradients[i].values) <= 1e-4);
  }
  REQUIRE(there.weights.size() == here.weights.size());
  for (std::size_t i = 0; i < here.weights.size(); ++i) {
    INFO(here.weights[i].name);
    CHECK(test::furthest(there.weights[i].values, here.weights[i].values) <= 1e-4);
  }
}

tensor<float, dyn, 20> vectors() {
  tensor<float, dyn, 20> x(7);
  for (size_type i = 0; i < x.count(); ++i) x.data()[i] = std::sin(0.29f * float(i));
  return x;
}
tensor<float, dyn, 1, 10, 8> images() {
  tensor<float, dyn, 1, 10, 8> x(7);
  for (size_type i = 0; i < x.count(); ++i) x.data()[i] = std::sin(0.37f * float(i));
  return x;
}

}  // namespace

TEST_CASE("dense encoders train on the device as on the host, with every optimiser and policy") {
  check_same<dense>(modulation::none{}, optim::sgd{.momentum = 0.9}, vectors());
  check_same<dense>(modulation::none{}, optim::adam{}, vectors());
  check_same<dense>(modulation::ogm{.alpha = 0.3}, optim::rmsprop{}, vectors());
  check_same<dense>(modulation::ogm_ge{.alpha = 0.3}, optim::sgd{.momentum = 0.9}, vectors());
  check_same<dense>(modulation::ogm_ge{.alpha = 0.3}, optim::adamw{}, vectors());
  check_same<dense>(modulation::chain{modulation::uniform{}, modulation::ogm{.alpha = 0.3}}, optim::adam{}, vectors());
  check_same<dense>(modulation::ogm_ge_as_in_paper(0.3), optim::adam{}, vectors());
}

TEST_CASE("small images and a residual network train on the device as on the host, with OGM-GE") {
  check_same<pictures>(modulation::none{}, optim::sgd{.momentum = 0.9}, images());
  check_same<pictures>(modulation::ogm_ge{.alpha = 0.3}, optim::adam{}, images());
}
