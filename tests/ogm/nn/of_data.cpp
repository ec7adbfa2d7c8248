// Every layer takes data, whose gradient nobody wants, as it takes variables: the same outputs, the same gradients of its parameters.
#include <ogm/nn/attention.hpp>
#include <ogm/nn/batch_norm.hpp>
#include <ogm/nn/concatenate.hpp>
#include <ogm/nn/conv.hpp>
#include <ogm/nn/gru.hpp>
#include <ogm/nn/layer_norm.hpp>
#include <ogm/nn/linear.hpp>
#include <ogm/nn/lstm.hpp>
#include <ogm/nn/normalize.hpp>
#include <ogm/nn/pooling.hpp>
#include <ogm/nn/slice.hpp>
#include <ogm/nn/softmax.hpp>

#include <support/gradient_check.hpp>

using namespace ogm;
using B = backend::eigen<double>;

namespace {
template <class Layer, class Forward, class X> void takes_data(const char* name, const X& x, const Forward& forward) {
  INFO(name);
  Layer layer;
  test::randomise(layer, 3);
  CHECK(test::data_problem<B>(layer, forward, x) == "");
}
}  // namespace

TEST_CASE("layers take data as they take variables") {
  const auto rows = test::numbers_like(extents<dyn, 6>(5), 1);
  const auto sequence = test::numbers_like(extents<dyn, dyn, 6>(3, 4), 2);
  const auto image = test::numbers_like(extents<dyn, 6, dyn, dyn>(2, 5, 4), 4);
  const auto call = [](auto& t, const auto& m, const auto& x) { return m(t, x); };
  takes_data<nn::linear<6, 4, B>>("linear", rows, call);
  takes_data<nn::batch_norm<6, B>>("batch_norm", image, call);
  takes_data<nn::batch_norm<6, B>>("then_relu", image, [](auto& t, const auto& m, const auto& x) { return m.then_relu(t, x, x); });
  takes_data<nn::layer_norm<6, B>>("layer_norm", sequence, call);
  takes_data<nn::conv2d<6, 3, nn::kernel<3>, nn::padding<1>, B>>("conv2d", image, call);
  takes_data<nn::lstm<6, 3, true, B>>("lstm", sequence, [](auto& t, const auto& m, const auto& x) { return m(t, x).output; });
  takes_data<nn::gru<6, 3, true, B>>("gru", sequence, [](auto& t, const auto& m, const auto& x) { return m(t, x).output; });
  takes_data<nn::multi_head_attention<6, 2, B>>("attention", sequence, [](auto& t, const auto& m, const auto& x) { return m(t, x, x); });
}

TEST_CASE("functions take data as they take variables") {
  const auto rows = test::numbers_like(extents<dyn, 6>(5), 1);
  const auto sequence = test::numbers_like(extents<dyn, dyn, 6>(3, 4), 2);
  const auto image = test::numbers_like(extents<dyn, 6, dyn, dyn>(2, 5, 4), 4);
  const auto check = [](const char* name, const auto& x, const auto& f) {
    takes_data<test::no_model>(name, x, [&](auto& t, const auto&, const auto& v) { return f(t, v); });
  };
  check("softmax", rows, [](auto& t, const auto& x) { return nn::softmax(t, x); });
  check("log_softmax", rows, [](auto& t, const auto& x) { return nn::log_softmax(t, x); });
  check("l2_normalize", rows, [](auto& t, const auto& x) { return nn::l2_normalize(t, x); });
  check("concatenate", rows, [](auto& t, const auto& x) { return nn::concatenate(t, x, x); });
  check("select", sequence, [](auto& t, const auto& x) { return nn::select<1>(t, x, 2); });
  check("mean_over_time", sequence, [](auto& t, const auto& x) { return nn::mean_over_time{}(t, x); });
  check("max_pool2d", image, [](auto& t, const auto& x) { return nn::max_pool2d<nn::kernel<2>>{}(t, x); });
  check("avg_pool2d", image, [](auto& t, const auto& x) { return nn::avg_pool2d<nn::kernel<2>>{}(t, x); });
  check("global_mean", image, [](auto& t, const auto& x) { return nn::global_mean{}(t, x); });
  check("an expression", rows, [](auto& t, const auto& x) { return evaluate(t, tanh(x) * 2.0 + x); });
}
