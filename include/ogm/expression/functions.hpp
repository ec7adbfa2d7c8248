#pragma once
// The functions of an expression. value(x) and slope(x, y): the derivative at x, where y = value(x) is at hand.

#include <ogm/core/math.hpp>

namespace ogm::expression {

// clang-format off
struct relu     { template <class V> OGM_HD V value(V x) const { return math::relu(x); }
                  template <class V> OGM_HD V slope(V, V y) const { return y > V{} ? V{} + 1.f : V{}; } };
struct tanh     { template <class V> OGM_HD V value(V x) const { return math::tanh(x); }
                  template <class V> OGM_HD V slope(V, V y) const { return 1.f - y * y; } };
struct sigmoid  { template <class V> OGM_HD V value(V x) const { return math::sigmoid(x); }
                  template <class V> OGM_HD V slope(V, V y) const { return y * (1.f - y); } };
struct exp      { template <class V> OGM_HD V value(V x) const { return math::exp(x); }
                  template <class V> OGM_HD V slope(V, V y) const { return y; } };
struct log      { template <class V> OGM_HD V value(V x) const { return math::log(x); }
                  template <class V> OGM_HD V slope(V x, V) const { return 1.f / x; } };
struct sqrt     { template <class V> OGM_HD V value(V x) const { return math::sqrt(x); }
                  template <class V> OGM_HD V slope(V, V y) const { return 0.5f / y; } };
struct negate   { template <class V> OGM_HD V value(V x) const { return -x; }
                  template <class V> OGM_HD V slope(V, V) const { return V{} - 1.f; } };
struct square   { template <class V> OGM_HD V value(V x) const { return x * x; }
                  template <class V> OGM_HD V slope(V x, V) const { return x + x; } };
struct abs      { template <class V> OGM_HD V value(V x) const { return x < V{} ? -x : x; }
                  template <class V> OGM_HD V slope(V x, V) const { return x < V{} ? V{} - 1.f : (x > V{} ? V{} + 1.f : V{}); } };
struct leaky_relu { double negative_slope = 0.01;
                  template <class V> OGM_HD V value(V x) const { return x < V{} ? V(x * math::scalar<V>(negative_slope)) : x; }
                  template <class V> OGM_HD V slope(V x, V) const { return x > V{} ? V{} + 1.f : V{} + math::scalar<V>(negative_slope); } };
struct elu      { double alpha = 1;
                  template <class V> OGM_HD V value(V x) const { const V e = (math::exp(x) - 1.f) * math::scalar<V>(alpha); return x > V{} ? x : e; }
                  template <class V> OGM_HD V slope(V x, V y) const { return x > V{} ? V{} + 1.f : V(y + math::scalar<V>(alpha)); } };
/// The exact form, x times the normal distribution function; not the tanh approximation.
struct gelu     { template <class V> OGM_HD V value(V x) const { return x * math::normal(x).cdf; }
                  template <class V> OGM_HD V slope(V x, V) const { const auto n = math::normal(x); return n.cdf + x * n.bell * math::scalar<V>(0.39894228040143268); } };

struct plus     { template <class V> OGM_HD static V value(V a, V b) { return a + b; }
                  template <class V> OGM_HD static V slope_left(V, V) { return V{} + 1.f; }
                  template <class V> OGM_HD static V slope_right(V, V) { return V{} + 1.f; } };
struct minus    { template <class V> OGM_HD static V value(V a, V b) { return a - b; }
                  template <class V> OGM_HD static V slope_left(V, V) { return V{} + 1.f; }
                  template <class V> OGM_HD static V slope_right(V, V) { return V{} - 1.f; } };
struct times    { template <class V> OGM_HD static V value(V a, V b) { return a * b; }
                  template <class V> OGM_HD static V slope_left(V, V b) { return b; }
                  template <class V> OGM_HD static V slope_right(V a, V) { return a; } };
struct divides  { template <class V> OGM_HD static V value(V a, V b) { return a / b; }
                  template <class V> OGM_HD static V slope_left(V, V b) { return 1.f / b; }
                  template <class V> OGM_HD static V slope_right(V a, V b) { return -a / (b * b); } };
/// Where both are equal the left one gets the gradient.
struct maximum  { template <class V> OGM_HD static V value(V a, V b) { return b > a ? b : a; }
                  template <class V> OGM_HD static V slope_left(V a, V b) { return b > a ? V{} : V{} + 1.f; }
                  template <class V> OGM_HD static V slope_right(V a, V b) { return b > a ? V{} + 1.f : V{}; } };
struct minimum  { template <class V> OGM_HD static V value(V a, V b) { return b < a ? b : a; }
                  template <class V> OGM_HD static V slope_left(V a, V b) { return b < a ? V{} : V{} + 1.f; }
                  template <class V> OGM_HD static V slope_right(V a, V b) { return b < a ? V{} + 1.f : V{}; } };
// clang-format on

}  // namespace ogm::expression
