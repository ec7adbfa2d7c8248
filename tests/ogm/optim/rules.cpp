#include <ogm/backend/eigen.hpp>
#include <ogm/optim/rules.hpp>
#include <ogm/optim/update_pass.hpp>

#include "support/golden.hpp"

using namespace ogm;

namespace {

/// The case's parameter after each of its steps, by one optimiser, against the file.
template <class T, class Optimiser> void check(const std::string& name, const Optimiser& optimiser) {
  using backend_type = backend::eigen<T>;
  const auto& c = test::golden_case(name, "optimizers");
  const auto& expected = c.at("after_each_step");
  const size_type n = size_type(expected.at(0).size());
  tensor<T, dyn> p(n), g(n);
  test::assign<memory::host>(p.data(), test::fill(c.at("parameter_fill").get<std::string>(), n));
  inference<backend_type> tape;
  optim::update_pass<backend_type, Optimiser> pass(optimiser, n);
  for (std::size_t step = 0; step < expected.size(); ++step) {
    auto fill = c.at("gradient_fill").get<std::string>();
    fill.replace(fill.find("<step>"), 6, std::to_string(step));
    test::assign<memory::host>(g.data(), test::fill(fill, n));
    tape.rewind();
    pass.begin();
    pass.add(p.data(), g.data(), long(n), 0, 0);
    pass.finish(tape, optimiser.lr, {}, 1, {});
    const auto want = expected[step].get<std::vector<double>>();
    double largest = 0, worst = 0;
    for (const double w : want) largest = std::max(largest, std::abs(w));
    for (size_type i = 0; i < n; ++i) worst = std::max(worst, std::abs(double(p(i)) - want[std::size_t(i)]));
    INFO(name << " step " << step << ": " << worst);
    CHECK(worst <= (std::same_as<T, float> ? 1e-5 : 1e-10) * largest);
  }
}

template <class T> void check_all() {
  check<T>("sgd", optim::sgd{.lr = 0.1});
  check<T>("sgd_momentum_decay", optim::sgd{.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01});
  check<T>("sgd_nesterov", optim::sgd{.lr = 0.1, .momentum = 0.9, .nesterov = true});
  check<T>("adam", optim::adam{.lr = 0.01});
  check<T>("adam_decay", optim::adam{.lr = 0.01, .weight_decay = 0.1});
  check<T>("adamw", optim::adamw{.lr = 0.01, .weight_decay = 0.1});
  check<T>("rmsprop", optim::rmsprop{.lr = 0.01});
}

}  // namespace

TEST_CASE("optimisers take PyTorch's steps, in float") { check_all<float>(); }
TEST_CASE("optimisers take PyTorch's steps, in double") { check_all<double>(); }

TEST_CASE("a step over tables of every length leaves what lies beyond alone") {
  for (const size_type n : {1, 3, 7, 15, 16, 17, 33, 65535, 65536, 65537}) {
    tensor<float, dyn> p(n + 1), g(n + 1);
    for (size_type i = 0; i <= n; ++i) p(i) = 1, g(i) = float(i % 5);
    inference<backend::eigen<float>> tape;
    optim::update_pass<backend::eigen<float>, optim::sgd> pass(optim::sgd{}, n + 1);
    pass.begin();
    pass.add(p.data(), g.data(), long(n), 0, 0);
    pass.finish(tape, 0.5, {}, 1, {});
    bool right = p(n) == 1;
    for (size_type i = 0; i < n; ++i) right &= p(i) == 1 - 0.5f * float(i % 5);
    CHECK(right);
  }
}

TEST_CASE("clipping scales to the norm, as PyTorch's clip_grad_norm_") {
  const auto& c = test::golden_file("layers.json").at("clip_grad_norm");
  std::vector<tensor<double, dyn>> gradients, values;
  for (const auto& name : c.at("gradient_fills")) {
    const size_type n = size_type(c.at("after").at(gradients.size()).size());
    gradients.emplace_back(n);
    values.emplace_back(n);
    test::assign<memory::host>(gradients.back().data(), test::fill(name.get<std::string>(), n, c.at("scale").get<double>()));
  }
  inference<backend::eigen<double>> tape;
  optim::update_pass<backend::eigen<double>, optim::sgd> pass(optim::sgd{}, 64);
  pass.begin();
  long offset = 0;
  for (std::size_t i = 0; i < gradients.size(); ++i, offset += 8)
    pass.add(values[i].data(), gradients[i].data(), long(values[i].count()), offset, 0);
  const double norm = pass.finish(tape, -1, {}, 1, {c.at("max_norm").get<double>()});  // the value becomes the clipped gradient
  CHECK(std::abs(norm - c.at("norm").get<double>()) <= 1e-10);
  for (std::size_t i = 0; i < gradients.size(); ++i)
    for (size_type k = 0; k < values[i].count(); ++k)
      CHECK(std::abs(values[i](k) - c.at("after").at(i).at(std::size_t(k)).get<double>()) <= 1e-7);
}
