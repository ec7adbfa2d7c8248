#pragma once
// What the tests of lstm and gru share.

#include <ogm/nn/recurrent.hpp>

#include <support/golden_check.hpp>
#include <support/golden_sequence.hpp>
#include <support/gradient_check.hpp>

#include <tuple>

namespace ogm::test {

/// What a recurrent layer gives as a tuple, for lstm and gru alike.
inline constexpr auto as_tuple = [](const auto& r) {
  if constexpr (requires { r.c; })
    return std::tuple{r.output, r.h, r.c};
  else
    return std::tuple{r.output, r.h};
};

/// Gradients of a layer over sizes, without and with masks of both kinds.
template <class Layer, int In> void check_recurrent(long batch, long time) {
  Layer layer;
  randomise(layer, 3);
  auto x = numbers_like(extents<dyn, dyn, In>(batch, time), 1);
  tensor<std::int32_t, dyn> lengths(batch);
  tensor<std::uint8_t, dyn, dyn> mask(batch, time);
  for (long b = 0; b < batch; ++b) {
    lengths(b) = std::int32_t((b + 1) % (time + 1));
    for (long t = 0; t < time; ++t) mask(b, t) = (b + t) % 3 == 0;
  }
  const auto check = [&](const nn::recurrent_options<memory::host>& options) {
    const auto forward = [&](auto& t, const auto& model, const auto& v) { return as_tuple(model(t, v, options)); };
    CHECK(gradient_problem(layer, forward, {.elements = 40}, x) == "");
  };
  INFO("batch " << batch << " time " << time);
  check({});
  check({.lengths = lengths});
  check({.mask = mask});
  check({.lengths = lengths, .mask = mask});
  // only the last state reaches the loss
  const auto last = [&](auto& t, const auto& model, const auto& v) { return model(t, v).h; };
  CHECK(gradient_problem(layer, last, {.elements = 20}, x) == "");
}

/// The same layer in float and in double, forward and backward.
template <class Float, class Double, int In> void check_recurrent_precisions() {
  const auto outcome = []<class Layer>(Layer layer) {
    using B = typename Layer::backend_type;
    using T = typename B::value_type;
    randomise(layer, 5, 0.5);
    gradient_store<B> store(layer);
    tape<B> tape;
    tape.bind(store);
    const auto x = tape.variable(numbers_like<B>(extents<dyn, dyn, In>(3, 4), 6));
    tensor<std::int32_t, dyn> lengths(3);
    lengths(0) = 4, lengths(1) = 2, lengths(2) = 3;
    const auto y = layer(tape, x, {.lengths = lengths});
    seed_gradient(y.output, numbers(std::size_t(y.output.count()), 7));
    tape.run_backward();
    std::vector<doubles> out{numbers_of<memory::host>(y.output.data(), y.output.count()),
                             numbers_of<memory::host>(x.gradient(), x.count())};
    for_each_parameter_quietly(
        layer, [&](auto, auto& p) { out.push_back(numbers_of<memory::host>(static_cast<const T*>(store.data(p)), p.value.count())); });
    return out;
  };
  const auto a = outcome(Float()), b = outcome(Double());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(golden_distance(a[i], {{"values", b[i]}}) <= golden_tolerance<float>);
}

/// Row 1 of a batch gives what it gives alone, cut at its length.
template <class Layer, int In> void check_recurrent_independence() {
  Layer layer;
  randomise(layer, 9);
  inference<typename Layer::backend_type> tape;
  const auto x = numbers_like(extents<dyn, dyn, In>(3, 5), 10);
  tensor<std::int32_t, dyn> lengths(3);
  lengths(0) = 5, lengths(1) = 3, lengths(2) = 0;
  const auto all = layer(tape, x, {.lengths = lengths});
  tensor<double, 1, 3, In> one;
  std::copy_n(x.data() + 5 * In, 3 * In, one.data());
  const auto alone = layer(tape, one);
  for (long c = 0; c < Layer::width; ++c) {
    for (long t = 0; t < 5; ++t) {
      CHECK(!apart(all.output(1, t, c), t < 3 ? alone.output(0, t, c) : 0, 1e-12));
      CHECK(all.output(2, t, c) == 0);
    }
    CHECK(!apart(all.h(1, c), alone.h(0, c), 1e-12));
    CHECK(all.h(2, c) == 0);
  }
}

}  // namespace ogm::test
