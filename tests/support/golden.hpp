#pragma once
// The golden files: their fill rule, their cases by name, and the comparison with what they hold. tests/golden/README.md tells the rule.

#include <ogm/autograd/tape.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

namespace ogm::test {

using json = nlohmann::json;

/// The numbers that a name stands for: FNV-1a 64 of it, then splitmix64, 24 bits of each word, rounded to float.
std::vector<double> fill(std::string_view name, size_type count, double scale = 1);
const json& golden_file(const std::string& name);
/// A case of layers.json: "linear", "lstm_padded", ...; of another list of it: "optimizers", "schedules".
const json& golden_case(const std::string& name, const std::string& list = "layers");

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
std::string golden_difference(const std::vector<double>& given, const json& entry, double tolerance);
/// The elements of an entry that is given in full.
std::vector<double> golden_values(const json& entry);
/// From (a, b, rest) to (b, a, rest): the files hold sequences as (time, batch, channel), the library as (batch, time, channel).
std::vector<double> swap_axes(const std::vector<double>& x, size_type a, size_type b);
/// The input `name` of a case in the shape of the file.
std::vector<double> golden_input(const json& c, const std::string& name = "x");
std::vector<double> golden_cotangent(const json& c, const std::string& output = "output");
/// The numbers for the parameter `name` of a case that has `count` of them; a failure of the test where the case has another one.
std::vector<double> golden_parameter(const json& c, const std::string& name, size_type count, bool norm);
/// The gradient of a parameter of a case.
const json& golden_parameter_gradient(const json& c, const std::string& name);
std::size_t golden_parameters(const json& c);

/// Gives every parameter the numbers of its name; REQUIREs that the module has the parameters of the case and no others.
template <class Module> void fill_golden_parameters(Module& module, const json& c) {
  std::size_t found = 0;
  for_each_parameter(module, [&]<class Tag>(Tag, const std::string& name, auto& p) {
    assign<typename std::remove_cvref_t<decltype(p)>::space>(p.value.data(),
                                                             golden_parameter(c, name, p.value.count(), Tag::kind == kind::norm));
    ++found;
  });
  REQUIRE(found == golden_parameters(c));
}

/// Sets the gradient of an output: what backward(loss) does where loss = sum(output * cotangent).
template <class Var> void seed_gradient(const Var& y, const std::vector<double>& cotangent) {
  REQUIRE(size_type(cotangent.size()) == y.count());
  assign<typename Var::space>(y.accumulate().data, cotangent);
}

/// CHECKs numbers against an entry.
void check_golden_numbers(const std::vector<double>& given, const json& entry, double tolerance);
/// CHECKs elements against an entry.
template <class Space, class T> void check_golden(const T* from, size_type count, const json& entry, double tolerance) {
  check_golden_numbers(numbers_of<Space>(from, count), entry, tolerance);
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
    check_golden<typename Store::space>(store.data(p), p.value.count(), golden_parameter_gradient(c, name), tolerance);
  });
}

}  // namespace ogm::test
