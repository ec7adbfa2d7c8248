// Checks files of golden outputs: what the published networks give for weights and inputs that a rule makes.

#include "cases.hpp"
#include "layers.hpp"

#include <ogm/core/parallel.hpp>

#include <CLI/CLI.hpp>

#include <fstream>

namespace {

golden::json read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw ogm::data_error("ogm: cannot open the file.");
  try {
    return golden::json::parse(in);
  } catch (const golden::json::exception& e) {
    throw ogm::data_error(std::string("ogm: not JSON: ") + e.what());
  }
}

bool check(const std::string& path) {
  const golden::json file = read(path);
  if (file.contains("fusion") && file.contains("audio_class_bias")) {
    bool good = golden::ogm_on_eigen(file, path + ", float, convolutions by Eigen");
    if (golden::has_onednn()) good &= golden::ogm_on_onednn(file, path + ", float, convolutions by oneDNN");
    return golden::ogm_in_double(file, path + ", double") && good;
  }
  if (file.contains("out_qa") || file.contains("out_match")) {
    bool good = golden::avqa_on_eigen(file, path + ", float, products by Eigen");
    if (golden::has_onednn()) good &= golden::avqa_on_onednn(file, path + ", float, products by oneDNN");
    return golden::avqa_in_double(file, path + ", double") && good;
  }
  for (const char* list : {"layers", "optimizers", "schedules", "clip_grad_norm"})
    if (file.contains(list)) return golden::check_layers(file, path);
  if (file.contains("case"))
    throw ogm::data_error("ogm: the case " + file.at("case").get<std::string>() +
                          " is of no network that is known here (ogm_*, avst_*, avqa_without_grounding_*, grounding_pretrain_*).");
  throw ogm::data_error("ogm: holds no case.");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Compares networks with golden files; 1 where a quantity is out of tolerance, 2 where a file cannot be checked.");
  std::vector<std::string> files;
  int threads = 2;
  app.add_option("files", files, "golden files")->required();
  app.add_option("--threads", threads, "threads; the result does not depend on them")->check(CLI::Range(1, 64));
  CLI11_PARSE(app, argc, argv);
  const ogm::use_threads pool(threads);
  bool good = true, readable = true;
  for (const auto& f : files) {
    try {
      good &= check(f);
    } catch (const golden::json::exception& e) {
      std::fprintf(stderr, "golden: %s: a field is missing or of another type: %s\n", f.c_str(), e.what());
      readable = false;
    } catch (const std::exception& e) {
      std::fprintf(stderr, "golden: %s: %s\n", f.c_str(), e.what());
      readable = false;
    }
  }
  std::printf("%s\n", !readable ? "a file could not be checked" : good ? "all within tolerance" : "OUT of tolerance");
  return !readable ? 2 : good ? 0 : 1;
}
