// What golden.hpp declares, compiled once and not in each test.

#include <support/golden.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

namespace ogm::test {

std::vector<double> fill(std::string_view name, size_type count, double scale) {
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

const json& golden_file(const std::string& name) {
  static std::map<std::string, json> files;
  const auto found = files.find(name);
  if (found != files.end()) return found->second;
  const std::string path = std::string(OGM_SOURCE_DIR) + "/tests/golden/" + name;
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot open " + path);
  return files.emplace(name, json::parse(in)).first->second;
}
const json& golden_case(const std::string& name, const std::string& list) {
  for (const auto& c : golden_file("layers.json").at(list))
    if (c.at("name") == name) return c;
  throw std::runtime_error("layers.json has no case " + name);
}

std::string golden_difference(const std::vector<double>& given, const json& entry, double tolerance) {
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
std::vector<double> golden_values(const json& entry) { return entry.at("values").get<std::vector<double>>(); }

std::vector<double> swap_axes(const std::vector<double>& x, size_type a, size_type b) {
  std::vector<double> y(x.size());
  const size_type rest = a * b > 0 ? size_type(x.size()) / (a * b) : 0;
  for (size_type i = 0; i < a; ++i)
    for (size_type j = 0; j < b; ++j) std::copy_n(x.begin() + (i * b + j) * rest, rest, y.begin() + (j * a + i) * rest);
  return y;
}

std::vector<double> golden_input(const json& c, const std::string& name) {
  const auto& in = c.at("inputs").at(name);
  size_type count = 1;
  for (const auto& s : in.at("shape")) count *= s.get<size_type>();
  return fill(in.at("fill").get<std::string>(), count);
}
std::vector<double> golden_cotangent(const json& c, const std::string& output) {
  size_type count = 1;
  for (const auto& s : c.at("outputs").at(output).at("shape")) count *= s.get<size_type>();
  return fill(c.at("name").get<std::string>() + "/cotangent/" + output, count);
}

std::vector<double> golden_parameter(const json& c, const std::string& name, size_type count, bool norm) {
  INFO(name);
  REQUIRE(c.at("parameters").contains(name));
  size_type expected = 1;  // a convolution over one axis keeps its weight with an axis of 1
  for (const auto& s : c.at("parameters").at(name)) expected *= s.get<size_type>();
  REQUIRE(expected == count);
  auto values = fill(c.at("name").get<std::string>() + "/" + name, count, 0.5);
  if (norm && name.ends_with("weight"))
    for (double& v : values) v += 1;
  return values;
}
const json& golden_parameter_gradient(const json& c, const std::string& name) { return c.at("parameter_gradients").at(name); }
std::size_t golden_parameters(const json& c) { return c.at("parameters").size(); }

void check_golden_numbers(const std::vector<double>& given, const json& entry, double tolerance) {
  CHECK(golden_difference(given, entry, tolerance) == "");
}

}  // namespace ogm::test
