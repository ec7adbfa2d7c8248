// Where parameters begin: the distributions by their moments, the streams by their independence.
#include <ogm/nn/initialise.hpp>

#include <ogm/nn/batch_norm.hpp>
#include <ogm/nn/conv.hpp>
#include <ogm/nn/embedding.hpp>
#include <ogm/nn/linear.hpp>

#include <support/gradient_check.hpp>

using namespace ogm;

namespace {
using D = backend::eigen<double>;

struct moments {
  double mean = 0, deviation = 0, least = INFINITY, most = -INFINITY;
};
template <class P> moments moments_of(const P& p) {
  moments m;
  double squares = 0;
  for (const double v : p.value.flat()) {
    m.mean += v, squares += v * v;
    m.least = std::min(m.least, v), m.most = std::max(m.most, v);
  }
  const double n = double(p.value.count());
  m.mean /= n;
  m.deviation = std::sqrt(squares / n - m.mean * m.mean);
  return m;
}
struct model {
  nn::conv2d<8, 32, nn::kernel<3, 5>, D> conv;
  nn::batch_norm<32, D> norm;
  nn::linear<150, 90, D> fc;
  nn::embedding<50, 20, D> table;
  OGM_FIELDS(conv, norm, fc, table)
};
std::vector<double> values(model& m) {
  std::vector<double> out;
  for_each_parameter_quietly(m, [&](auto, auto& p) { out.insert(out.end(), p.value.flat().begin(), p.value.flat().end()); });
  return out;
}
}  // namespace

TEST_CASE("uniform and normal values have the bound, the mean and the deviation that was asked for") {
  parameter<D, kind::dense, 200, 500> p;
  nn::initialiser init(1);
  init.uniform(p, 0.3);
  auto m = moments_of(p);
  CHECK(m.most <= 0.3);
  CHECK(m.least >= -0.3);
  CHECK(m.most > 0.2999);
  CHECK(std::abs(m.mean) < 0.003);
  CHECK(m.deviation == Approx(0.3 / std::sqrt(3.0)).epsilon(0.01));
  init.normal(p, 0.5, 2);
  m = moments_of(p);
  CHECK(m.mean == Approx(2).margin(0.008));
  CHECK(m.deviation == Approx(0.5).epsilon(0.01));
  double within = 0, beyond_three = 0;  // of one deviation
  for (const double v : p.value.flat()) within += std::abs(v - 2)<0.5, beyond_three += std::abs(v - 2)> 1.5;
  CHECK(within / 1e5 == Approx(0.6827).margin(0.006));
  CHECK(beyond_three / 1e5 == Approx(0.0027).margin(0.0007));
  init.constant(p, -4);
  m = moments_of(p);
  CHECK(m.least == -4);
  CHECK(m.most == -4);
}

TEST_CASE("the bounds are those of the papers") {
  CHECK(nn::bound_of_fan_in(25) == Approx(0.2));
  CHECK(nn::bound_of_fan_in(0) == 0);
  CHECK(nn::xavier_normal(30, 20) == Approx(0.2));
  CHECK(nn::xavier_uniform(100, 50) == Approx(0.2));
  CHECK(nn::kaiming_normal_fan_out(50) == Approx(0.2));
}

TEST_CASE("a seed says every value, and each parameter has numbers of its own") {
  model a, b, c;
  nn::initialise(a, 3);
  nn::initialise(b, 3);
  nn::initialise(c, 4);
  CHECK(values(a) == values(b));
  CHECK(values(a) != values(c));
  struct {
    parameter<D, kind::dense, 3, 4> first, second;
  } two;
  nn::initialiser init(1);
  init.uniform(two.first, 1), init.uniform(two.second, 1);
  for (int i = 0; i < 12; ++i) CHECK(two.first.value.data()[i] != two.second.value.data()[i]);
}

TEST_CASE("the values of the OGM-GE experiments") {
  model m, drawn;
  nn::initialise(drawn, 5);
  nn::initialise_as_ogm_ge(m, 5);
  const auto conv = moments_of(m.conv.weight), dense = moments_of(m.fc.weight);
  CHECK(conv.deviation == Approx(std::sqrt(2.0 / (32 * 15))).epsilon(0.05));  // fan out: channels out times the kernel's 3 x 5
  CHECK(std::abs(conv.mean) < 0.005);
  CHECK(dense.deviation == Approx(std::sqrt(2.0 / (150 + 90))).epsilon(0.03));
  for (const auto* bias : {&m.conv.bias.value.data()[0], &m.fc.bias.value.data()[0]}) CHECK(*bias == 0);
  CHECK(moments_of(m.fc.bias).deviation == 0);
  CHECK(moments_of(m.conv.bias).deviation == 0);
  for (int i = 0; i < 32; ++i) {
    CHECK(m.norm.weight.value(i) == 1);
    CHECK(m.norm.bias.value(i) == 0);
  }
  CHECK(std::equal(m.table.weight.value.flat().begin(), m.table.weight.value.flat().end(), drawn.table.weight.value.flat().begin()));
}
