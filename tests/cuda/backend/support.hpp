#pragma once
// What the backend's tests share: the same training on the device and on the host, and how far they are apart.

#include <ogm/autograd/module.hpp>
#include <ogm/core/tensor.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace ogm::test {

/// An array of one of two runs, by a name that both have.
struct named_values {
  std::string name;
  std::vector<float> values;
};

template <class Space> named_values named(std::string name, const float* from, size_type count) {
  named_values v{std::move(name), std::vector<float>(std::size_t(count))};
  Space::copy_to_host(v.values.data(), from, v.values.size() * sizeof(float));
  return v;
}

/// The largest difference, of the largest number of what is expected; infinite where one is not a number or sizes differ.
inline double furthest(const std::vector<float>& got, const std::vector<float>& expected) {
  double largest = 0, worst = 0;
  if (got.size() != expected.size()) return std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double d = std::abs(double(got[i]) - double(expected[i]));
    if (!(d <= std::numeric_limits<double>::max())) return std::numeric_limits<double>::infinity();
    worst = std::max(worst, d), largest = std::max(largest, std::abs(double(expected[i])));
  }
  return largest > 0 ? worst / largest : worst;
}

/// Every parameter of a model, read to the host.
template <class Model> void add_parameters(std::vector<named_values>& to, Model& model) {
  for_each_parameter(model, [&](auto, const std::string& name, auto& p) {
    to.push_back(named<typename std::remove_cvref_t<decltype(p)>::space>(name, p.value.data(), p.value.count()));
  });
}

}  // namespace ogm::test
