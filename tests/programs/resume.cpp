// labels: slow
// Twenty runs killed at random moments, while a checkpoint is written too, all end in the bits of a run that was left alone.

#include <ogm/backend/eigen.hpp>
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/modulation/uniform.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/train/trainer.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

using namespace ogm;

namespace {

using encoder = nn::mlp<24, 64, 32, backend::eigen<float>>;
using model = late_fusion<fusion::concat<4>, modality<"audio", encoder>, modality<"visual", encoder>>;

auto clusters(size_type items) {
  tensor<float, dyn, 24> a(items), v(items);
  std::vector<std::int32_t> labels(static_cast<std::size_t>(items));
  random::generator draw({.seed = 5, .stream = 0, .step = 0});
  for (size_type i = 0; i < items; ++i) {
    labels[std::size_t(i)] = std::int32_t(i % 4);
    for (int k = 0; k < 24; ++k)
      a(i, k) = draw.normal() + (k % 4 == i % 4 ? 1.f : 0.f), v(i, k) = draw.normal() + (k % 4 == i % 4 ? 0.4f : 0.f);
  }
  return data::in_memory(labels, a, v);
}

/// Trains to the end, or on from the checkpoint; the final weights go to `result`.
void train(const std::string& checkpoint, const std::string& result) {
  const auto data = clusters(1000);
  trainer run{model{}, modulation::chain{modulation::uniform{}, modulation::ogm_ge{.alpha = 0.3f}}, optim::adam{.lr = 1e-3f}, {.seed = 3}};
  fit_options<decltype(data)> how{.epochs = 6, .batch = 32, .schedule = optim::cosine{6}, .checkpoint = checkpoint, .checkpoint_every = 1};
  how.accumulate = 2;
  how.augment = [](const data::item_key& key, const auto& item) {
    auto draw = key.generator();
    for (float& x : std::get<0>(item).flat()) x += 0.1f * draw.normal();
  };
  run.fit(data, how);
  save_model(run.model(), result);
}

std::string bytes_of(const std::string& path) {
  std::string out;
  if (std::FILE* f = std::fopen(path.c_str(), "rb")) {
    char part[4096];
    for (std::size_t n; (n = std::fread(part, 1, sizeof part, f)) > 0;) out.append(part, n);
    std::fclose(f);
  }
  return out;
}

pid_t start(const std::string& checkpoint, const std::string& result) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      train(checkpoint, result);
      std::_Exit(0);
    } catch (const std::exception& e) {
      std::fprintf(stderr, "%s\n", e.what());
      std::_Exit(3);
    }
  }
  return child;
}

}  // namespace

int main() {
  char folder[] = "/tmp/ogm_resume_XXXXXX";
  if (!::mkdtemp(folder)) return 1;
  const std::string at = folder;
  const auto began = std::chrono::steady_clock::now();
  train("", at + "/alone");
  const double whole = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const std::string expected = bytes_of(at + "/alone");
  random::generator moment({.seed = std::uint64_t(::getpid()), .stream = 0, .step = 0});
  std::printf("a whole run: %.2f s, %zu bytes of weights; kills drawn from seed %d\n", whole, expected.size(), int(::getpid()));

  int failures = 0, killed = 0;
  for (int run = 0; run < 20; ++run) {
    const std::string checkpoint = at + "/checkpoint" + std::to_string(run), result = at + "/result" + std::to_string(run);
    int kills = 0;
    for (int attempt = 0;; ++attempt) {
      const pid_t child = start(checkpoint, result);
      const bool last = attempt == 3;
      if (!last) {
        ::usleep(useconds_t(1e6 * whole * 1.5 * double(moment.uniform())));
        ::kill(child, SIGKILL);
      }
      int status = 0;
      ::waitpid(child, &status, 0);
      if (WIFSIGNALED(status)) {
        ++kills;
        continue;
      }
      if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) ++failures, std::printf("run %d: the resumed run failed\n", run);
      break;
    }
    killed += kills > 0;
    if (expected.empty() || bytes_of(result) != expected) ++failures, std::printf("run %d: other bits after %d kills\n", run, kills);
  }
  std::printf("%d of 20 runs were killed at least once, %d ended in other bits\n", killed, failures);
  if (std::system(("rm -rf " + at).c_str()) != 0) return 1;
  return failures || killed < 10 ? 1 : 0;
}
