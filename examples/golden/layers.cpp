#include "layers.hpp"

#include <cstdio>

namespace golden {

namespace {

using ogm::test::golden_tolerance;
using ogm::test::json;

constexpr double float_tolerance = golden_tolerance<float>, double_tolerance = golden_tolerance<double>;

/// Runs one case everywhere and prints a line; false where it is out of tolerance, data_error where none of the families knows it.
bool check_case(const json& c, const std::string& name, const std::vector<runners>& families) {
  for (const runners& family : families) {
    golden_report in_double, eigen, onednn;
    if (!family.in_double(c, in_double)) continue;
    family.float_eigen(c, eigen);
    if (family.float_onednn) family.float_onednn(c, onednn);
    const bool far_onednn = family.float_onednn && !(onednn.worst() <= eigen.worst());
    const golden_report& in_float = far_onednn ? onednn : eigen;
    const bool fine = in_float.worst() <= float_tolerance && in_double.worst() <= double_tolerance;
    std::printf("  %-36s float %8.1e  double %8.1e  %s", name.c_str(), in_float.worst(), in_double.worst(), fine ? "ok" : "OUT");
    if (!(in_float.worst() <= float_tolerance)) std::printf(": in float%s, %s", far_onednn ? " with oneDNN" : "", in_float.where().c_str());
    if (!(in_double.worst() <= double_tolerance)) std::printf(": in double, %s", in_double.where().c_str());
    std::printf("\n");
    return fine;
  }
  throw ogm::data_error("ogm: the case " + name + " is not known here.");
}

/// Adds the case to what is wrong with it.
bool check_named(const json& c, const std::string& name, const std::vector<runners>& families) {
  try {
    return check_case(c, name, families);
  } catch (const json::exception& e) {
    throw ogm::data_error("ogm: the case " + name + ": a field is missing or of another type: " + e.what());
  }
}

}  // namespace

bool check_layers(const json& file, const std::string& path) {
  const std::vector<runners> layers{convolution_runners(), dense_runners(),     pooling_runners(),   function_runners(),
                                    recurrent_runners(),   attention_runners(), embedding_runners(), loss_runners()};
  std::printf("%s, tolerance %.0e in float and %.0e in double\n", path.c_str(), float_tolerance, double_tolerance);
  bool good = true;
  long count = 0;
  const auto list = [&](const char* key, const std::vector<runners>& families) {
    if (!file.contains(key)) return;
    for (const auto& c : file.at(key)) good = check_named(c, c.at("name").get<std::string>(), families) && good, ++count;
  };
  list("layers", layers);
  list("optimizers", {optimiser_runners()});
  list("schedules", {schedule_runners()});
  if (file.contains("clip_grad_norm"))
    good = check_named(file.at("clip_grad_norm"), "clip_grad_norm", {clipping_runners()}) && good, ++count;
  if (count == 0) throw ogm::data_error("ogm: the file holds no case.");
  return good;
}

}  // namespace golden
