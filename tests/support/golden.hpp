#pragma once
// The golden files: their fill rule, their cases by name, and the comparison with what they hold. tests/golden/README.md tells the rule.

#include <ogm/autograd/tape.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <fstream>
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

/// What is wrong with `given`, or nothing: an entry is {"shape", "values"} or a summary {"l2", "sum", "head"}. NaN is always wrong.
inline std::string golden_difference(const std::vector<double>& given, const json& entry, double tolerance) {
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
  std::ostringstream out;
  out.precision(17);
  if (got.size() != expected.size()) {
    out << expected.size() << " elements expected, " << got.size() << " given";
    return out.str();
  }
  for (std::size_t i = 0; i < got.size(); ++i)
    if (!(std::abs(got[i] - expected[i]) <= tolerance * scale)) {
      out << "element " << i << ": " << expected[i] << " expected, " << got[i] << " given, largest magnitude " << scale;
      return out.str();
    }
  return {};
}
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

/// Gives every parameter the numbers of its name; REQUIREs that the module has the parameters of the case and no others.
template <class Module> void fill_golden_parameters(Module& module, const json& c) {
  std::size_t found = 0;
  for_each_parameter(module, [&]<class Tag>(Tag, const std::string& name, auto& p) {
    using P = std::remove_cvref_t<decltype(p)>;
    INFO(name);
    REQUIRE(c.at("parameters").contains(name));
    const bool same_count = [&] {  // a convolution over one axis keeps its weight with an axis of 1
      size_type n = 1;
      for (const auto& s : c.at("parameters").at(name)) n *= s.template get<size_type>();
      return n == p.value.count();
    }();
    REQUIRE(same_count);
    auto values = fill(c.at("name").template get<std::string>() + "/" + name, p.value.count(), 0.5);
    if constexpr (Tag::kind == kind::norm)
      if (name.ends_with("weight"))
        for (double& v : values) v += 1;
    assign<typename P::space>(p.value.data(), values);
    ++found;
  });
  REQUIRE(found == c.at("parameters").size());
}

/// Sets the gradient of an output: what backward(loss) does where loss = sum(output * cotangent).
template <class Var> void seed_gradient(const Var& y, const std::vector<double>& cotangent) {
  REQUIRE(size_type(cotangent.size()) == y.count());
  assign<typename Var::space>(y.accumulate().data, cotangent);
}

/// CHECKs elements against an entry.
template <class Space, class T> void check_golden(const T* from, size_type count, const json& entry, double tolerance) {
  CHECK(golden_difference(numbers_of<Space>(from, count), entry, tolerance) == "");
}
template <class X> void check_golden(const X& x, const json& entry, double tolerance = golden_tolerance<typename X::value_type>) {
  check_golden<typename X::space>(x.data(), x.count(), entry, tolerance);
}
/// CHECKs the gradient of a var.
template <class Var>
void check_golden_gradient(const Var& x, const json& entry, double tolerance = golden_tolerance<typename Var::value_type>) {
  REQUIRE(x.reached());
  check_golden<typename Var::space>(x.gradient(), x.count(), entry, tolerance);
}
/// CHECKs the gradient of every parameter of a case.
template <class Store, class Module>
void check_golden_parameters(const Store& store, Module& module, const json& c,
                             double tolerance = golden_tolerance<typename Store::value_type>) {
  for_each_parameter(module, [&](auto, const std::string& name, auto& p) {
    INFO(name);
    REQUIRE(store.reached(p));
    check_golden<typename Store::space>(store.data(p), p.value.count(), c.at("parameter_gradients").at(name), tolerance);
  });
}

}  // namespace ogm::test
