// Real spoken digits and real handwriting: what each modality is worth alone, inside a joint model, and under every policy.

#include "data.hpp"
#include "methods.hpp"
#include "report.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>

namespace {

struct arguments {
  std::string data, json, out = "runs/av_digits";
  std::vector<std::uint64_t> seeds;
  std::vector<std::string> variants, methods;
  std::string augment;
  std::uint64_t seed = 0;
  int threads = 2, epochs = 0;
  bool full = false, quick = false, pcm = false, quiet = false;
};

arguments parse(int argc, char** argv) {
  arguments a;
  CLI::App app("Trains on spoken and written digits, with and without modulation, and tells what each modality is worth.");
  app.add_option("--data", a.data, "folder that holds avmnist/ (README of the data set); without it digits are generated");
  app.add_option("--seed", a.seed, "the only seed to run");
  app.add_option("--seeds", a.seeds, "seeds to run; 0 unless --full")->delimiter(',');
  app.add_option("--variants", a.variants, "clean, hard; hard unless --full")->delimiter(',')->check(CLI::IsMember({"clean", "hard"}));
  app.add_option("--methods", a.methods, "which methods to run; all of them by default")
      ->delimiter(',')
      ->check(CLI::IsMember(digits::method_names()));
  app.add_option("--augment", a.augment, "no, yes or both; no unless --full")->check(CLI::IsMember({"no", "yes", "both"}));
  app.add_option("--epochs", a.epochs, "epochs of a run; 0: the protocol's own")->check(CLI::NonNegativeNumber);
  app.add_option("--threads", a.threads, "threads; the result does not depend on them")->check(CLI::Range(1, 64));
  app.add_option("--json", a.json, "file for the results");
  app.add_option("--out", a.out, "folder for the plots");
  app.add_flag("--pcm", a.pcm, "clean speech from its recordings, through the library's own short-time Fourier transform");
  app.add_flag("--full", a.full, "seeds 0, 1, 2, clean and hard, with and without augmentation: hours");
  app.add_flag("--quick", a.quick, "one seed, few epochs: to see that it runs");
  app.add_flag("--quiet", a.quiet, "no progress");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    std::exit(app.exit(e));
  }
  if (a.seeds.empty()) a.seeds = a.full && !app.count("--seed") ? std::vector<std::uint64_t>{0, 1, 2} : std::vector<std::uint64_t>{a.seed};
  if (a.pcm && a.variants.empty()) a.variants = {"clean"};
  if (a.variants.empty()) a.variants = a.full ? std::vector<std::string>{"clean", "hard"} : std::vector<std::string>{"hard"};
  if (a.augment.empty()) a.augment = a.full ? "both" : "no";
  if (a.methods.empty()) a.methods = digits::method_names();
  return a;
}

int run(const arguments& a) {
  const ogm::use_threads threads(a.threads);
  digits::results all;
  all.protocol = digits::protocol_card(a.data.empty(), a.pcm, a.quick);
  for (const auto& variant : a.variants) {
    const digits::split data = digits::load(a.data, variant == "hard", a.pcm, a.quick);
    for (const bool augmented : {false, true}) {
      if ((augmented && a.augment == "no") || (!augmented && a.augment == "yes")) continue;
      const digits::schedule how = digits::schedule_of(variant == "hard", augmented, a.quick, a.epochs);
      for (const auto& method : a.methods)
        for (const auto seed : a.seeds) {
          digits::run_setup setup{
              .method = method,
              .variant = variant,
              .augmented = augmented,
              .seed = seed,
              .how = how,
              .plots = seed == a.seeds.front() ? a.out + "/" + variant + (augmented ? "_augmented_" : "_") + method : std::string()};
          all.runs.push_back(digits::run_method(setup, data));
          if (!a.quiet) digits::print_run(all.runs.back());
        }
    }
  }
  digits::print_table(all);
  const std::string text = digits::to_json(all);
  if (!a.json.empty()) ogm::data::write_atomically(a.json, std::as_bytes(std::span(text)));
  std::printf("plots in %s\nRESULT %s\n", a.out.c_str(), digits::summary_json(all).c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const arguments a = parse(argc, argv);
  try {
    return run(a);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "av_digits: %s\n", e.what());
    return 1;
  }
}
