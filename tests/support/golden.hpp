#pragma once
// The golden files: their fill rule, their cases by name, and the comparison with what they hold. tests/golden/README.md tells the rule.
// No test framework here: the program of examples/golden checks with the same code.

#include <ogm/autograd/tape.hpp>
#include <ogm/core/error.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#ifndef OGM_SOURCE_DIR
#define OGM_SOURCE_DIR "."
#endif

namespace ogm::test {

using json = nlohmann::json;

/// The numbers that a name stands for: FNV-1a 64 of it, then splitmix64, 24 bits of each word, rounded to float.
inline std::vector<double> fill(std::string_view name, size_type count, double scale = 1) {
  std::uint64_t h = 0xCBF29CE484222325u;
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  std::vector<double> out(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint64_t z = h + (i + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    out[i] = double(float((2 * (double(z >> 40) / 16777216.0) - 1) * scale));
  }
  return out;
}

inline const json& golden_file(const std::string& name) {
  static std::map<std::string, json> files;
  const auto found = files.find(name);
  if (found != files.end()) return found->second;
  const std::string path = std::string(OGM_SOURCE_DIR) + "/tests/golden/" + name;
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot open " + path);
  return files.emplace(name, json::parse(in)).first->second;
}
/// A case of layers.json: "linear", "lstm_padded", ...; of another list of it: "optimizers", "schedules".
inline const json& golden_case(const std::string& name, const std::string& list = "layers") {
  for (const auto& c : golden_file("layers.json").at(list))
    if (c.at("name") == name) return c;
  throw std::runtime_error("layers.json has no case " + name);
}

/// Relative to the largest magnitude of what is expected: what the element type can keep.
template <class T> inline constexpr double golden_tolerance = std::same_as<T, float> ? 1e-5 : 1e-10;

/// Copies numbers into elements of a space.
template <class Space, class T> void assign(T* to, const std::vector<double>& values) {
  const std::vector<T> converted(values.begin(), values.end());
  if (!converted.empty()) Space::copy_from_host(to, converted.data(), converted.size() * sizeof(T));
}
template <class Space, class T> std::vector<double> numbers_of(const T* from, size_type count) {
  std::vector<std::remove_const_t<T>> values(static_cast<std::size_t>(count));
  if (count) Space::copy_to_host(values.data(), from, values.size() * sizeof(T));
  return {values.begin(), values.end()};
}

/// How far `given` is from an entry, {"shape", "values"} or a summary {"l2", "sum", "head"}: the largest difference, relative to the
/// largest magnitude of what is expected (of a summary: to its norm). Infinity where one is NaN, or where the numbers of elements differ.
inline double golden_distance(const std::vector<double>& given, const json& entry) {
  std::vector<double> expected, got;
  double scale = 0;
  if (entry.contains("values")) {
    expected = entry.at("values").get<std::vector<double>>();
    got = given;
    for (const double e : expected) scale = std::max(scale, std::abs(e));
  } else {
    double l2 = 0, sum = 0;
    for (const double g : given) l2 += g * g, sum += g;
    const auto head = entry.at("head").get<std::vector<double>>();
    expected = {entry.at("l2").get<double>(), entry.at("sum").get<double>()};
    got = {std::sqrt(l2), sum};
    expected.insert(expected.end(), head.begin(), head.end());
    got.insert(got.end(), given.begin(), given.begin() + std::ptrdiff_t(std::min(given.size(), head.size())));
    scale = expected[0];  // of a sum of many elements the norm is the largest magnitude
  }
  if (got.size() != expected.size()) return std::numeric_limits<double>::infinity();
  double worst = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double difference = std::abs(got[i] - expected[i]);
    if (!(difference <= worst)) worst = std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference;
  }
  return worst == 0 ? 0 : scale > 0 ? worst / scale : std::numeric_limits<double>::infinity();
}

/// What the comparisons of a case have found.
class golden_report {
 public:
  void add(const std::string& what, double distance) {
    ++count_;
    if (distance <= worst_) return;
    worst_ = std::isnan(distance) ? std::numeric_limits<double>::infinity() : distance;
    where_ = what;
  }
  void compare(const std::string& what, const std::vector<double>& given, const json& entry) { add(what, golden_distance(given, entry)); }
  /// Elements of a tensor in the space of its type.
  template <class X> void compare(const std::string& what, const X& x, const json& entry) {
    compare(what, numbers_of<typename X::space>(x.data(), x.count()), entry);
  }

  /// The largest distance, and of what; infinity where nothing was compared.
  double worst() const { return count_ ? worst_ : std::numeric_limits<double>::infinity(); }
  const std::string& where() const { return where_; }

 private:
  long count_ = 0;
  double worst_ = 0;
  std::string where_;
};

/// The elements of an entry that is given in full.
inline std::vector<double> golden_values(const json& entry) { return entry.at("values").get<std::vector<double>>(); }

/// From (a, b, rest) to (b, a, rest): the files hold sequences as (time, batch, channel), the library as (batch, time, channel).
inline std::vector<double> swap_axes(const std::vector<double>& x, size_type a, size_type b) {
  std::vector<double> y(x.size());
  const size_type rest = a * b > 0 ? size_type(x.size()) / (a * b) : 0;
  for (size_type i = 0; i < a; ++i)
    for (size_type j = 0; j < b; ++j) std::copy_n(x.begin() + (i * b + j) * rest, rest, y.begin() + (j * a + i) * rest);
  return y;
}

/// The input `name` of a case in the shape of the file.
inline std::vector<double> golden_input(const json& c, const std::string& name = "x") {
  const auto& in = c.at("inputs").at(name);
  size_type count = 1;
  for (const auto& s : in.at("shape")) count *= s.get<size_type>();
  return fill(in.at("fill").get<std::string>(), count);
}
inline std::vector<double> golden_cotangent(const json& c, const std::string& output = "output") {
  size_type count = 1;
  for (const auto& s : c.at("outputs").at(output).at("shape")) count *= s.get<size_type>();
  return fill(c.at("name").get<std::string>() + "/cotangent/" + output, count);
}

/// A case that is not what the code was written for.
[[noreturn]] inline void golden_mismatch(const json& c, const std::string& what) {
  throw data_error("ogm: the case " + c.at("name").get<std::string>() + ": " + what);
}

/// Gives every parameter the numbers of its name; the module must have the parameters of the case and no others.
template <class Module> void fill_golden_parameters(Module& module, const json& c) {
  std::size_t found = 0;
  for_each_parameter(module, [&]<class Tag>(Tag, const std::string& name, auto& p) {
    using P = std::remove_cvref_t<decltype(p)>;
    if (!c.at("parameters").contains(name)) golden_mismatch(c, "it has no parameter " + name + ".");
    size_type n = 1;  // a convolution over one axis keeps its weight with an axis of 1, so that counts are compared
    for (const auto& s : c.at("parameters").at(name)) n *= s.template get<size_type>();
    if (n != p.value.count())
      golden_mismatch(c, "its parameter " + name + " has " + std::to_string(n) + " elements, here it has " + p.value.shape().text() + ".");
    auto values = fill(c.at("name").template get<std::string>() + "/" + name, p.value.count(), 0.5);
    if constexpr (Tag::kind == kind::norm)
      if (name.ends_with("weight"))
        for (double& v : values) v += 1;
    assign<typename P::space>(p.value.data(), values);
    ++found;
  });
  if (found != c.at("parameters").size()) golden_mismatch(c, "it has parameters that the layer has not.");
}

/// Fills a tensor with an input of the case.
template <class X> void fill_golden_input(X& x, const json& c, const std::vector<double>& values) {
  if (size_type(values.size()) != x.count())
    golden_mismatch(c, "an input of " + std::to_string(values.size()) + " elements does not fit the shape " + x.shape().text() + ".");
  assign<typename X::space>(x.data(), values);
}

/// Sets the gradient of an output: what backward(loss) does where loss = sum(output * cotangent).
template <class Var> void seed_gradient(const Var& y, const std::vector<double>& cotangent) {
  if (size_type(cotangent.size()) != y.count())
    throw shape_error("ogm: " + std::to_string(cotangent.size()) + " cotangents for an output of shape " + y.shape().text() + ".");
  assign<typename Var::space>(y.accumulate().data, cotangent);
}

/// The gradient of a var, NaN where none has reached it.
template <class Var> std::vector<double> gradient_of(const Var& x) {
  if (!x.reached()) return std::vector<double>(std::size_t(x.count()), std::numeric_limits<double>::quiet_NaN());
  return numbers_of<typename Var::space>(x.gradient(), x.count());
}
/// The gradient of every parameter of a case.
template <class Store, class Module>
void compare_golden_parameters(golden_report& report, const Store& store, Module& module, const json& c) {
  for_each_parameter(module, [&](auto, const std::string& name, auto& p) {
    std::vector<double> g(std::size_t(p.value.count()), std::numeric_limits<double>::quiet_NaN());
    if (store.reached(p)) g = numbers_of<typename Store::space>(store.data(p), p.value.count());
    report.compare("gradient of " + name, g, c.at("parameter_gradients").at(name));
  });
}

}  // namespace ogm::test
