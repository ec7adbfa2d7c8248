#include <ogm/train/trainer.hpp>

#include <ogm/backend/eigen.hpp>
#include <ogm/data/synthetic.hpp>
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/train/observers/collect.hpp>

#include <catch2/catch.hpp>

#include <cstdio>
#include <fstream>
#include <iterator>

namespace trainer_test {

using namespace ogm;

namespace {

using B = backend::eigen<float>;
constexpr int classes = 4;
using model = late_fusion<fusion::concat<classes>, modality<"audio", nn::mlp<8, 16, 8, B>>, modality<"visual", nn::mlp<6, 16, 8, B>>>;

auto clusters(size_type items, std::uint64_t seed) {
  tensor<float, dyn, 8> a(items);
  tensor<float, dyn, 6> v(items);
  std::vector<std::int32_t> labels(static_cast<std::size_t>(items));
  random::generator draw({.seed = seed, .stream = 0, .step = 0});
  for (size_type i = 0; i < items; ++i) {
    labels[std::size_t(i)] = std::int32_t(i % classes);
    for (int k = 0; k < 8; ++k) a(i, k) = draw.normal() + (k % classes == i % classes ? 2.f : 0.f);
    for (int k = 0; k < 6; ++k) v(i, k) = draw.normal() + (k % classes == i % classes ? 0.7f : 0.f);
  }
  return data::in_memory(labels, a, v);
}
using set = decltype(clusters(1, 1));

template <class Policy>
std::vector<float> weights_after(const Policy& policy, const fit_options<set>& how, const set& data, int threads = 1) {
  const use_threads pool(threads);
  trainer run{model{}, policy, optim::sgd{.lr = 0.05, .momentum = 0.9}, {.seed = 2}};
  run.fit(data, how);
  std::vector<float> out;
  for_each_parameter_quietly(run.model(), [&](auto, auto& p) { out.insert(out.end(), p.value.flat().begin(), p.value.flat().end()); });
  return out;
}

}  // namespace

TEST_CASE("training learns, and reports what each modality is worth") {
  const auto train = clusters(800, 1), test = clusters(200, 2);
  trainer run{model{}, modulation::ogm_ge{.alpha = 0.3, .noise = 0.2f}, optim::sgd{.lr = 0.05, .momentum = 0.9}, {.seed = 1}};
  observers::collect seen;
  run.observe(seen);
  const auto r = run.fit(train, {.epochs = 8, .batch = 32, .validate_on = test});
  CHECK(r.last.fused.accuracy > 0.8);
  CHECK(r.last.modalities.size() == 2);
  CHECK(r.last.modalities[0].accuracy > r.last.modalities[1].accuracy);
  CHECK(r.steps == 8 * 25);
  CHECK(seen.steps("ratio/audio").value.size() == 200);
  CHECK(seen.last("validation/accuracy") == r.last.fused.accuracy);
  CHECK(linear_probe<0>(run.model(), train, test) > 0.7);
  const auto shapley = shapley_of_accuracy(run.model(), test);
  CHECK(shapley[0] > shapley[1]);
}

TEST_CASE("the same bits for any number of threads, of the loader too", "[threads]") {
  const auto data = clusters(300, 3);
  const modulation::ogm_ge policy{.alpha = 0.3};
  const auto one = weights_after(policy, {.epochs = 3, .batch = 32, .loader_threads = 0}, data, 1);
  CHECK(one == weights_after(policy, {.epochs = 3, .batch = 32, .loader_threads = 1}, data, 2));
  CHECK(one == weights_after(policy, {.epochs = 3, .batch = 32, .loader_threads = 3}, data, 4));
}

TEST_CASE("the model of the best epoch is kept, also over a resume") {
  const auto folder = std::filesystem::temp_directory_path() / "ogm_best_model_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const auto train = clusters(200, 1), test = clusters(120, 2);
  const std::string best = (folder / "best.safetensors").string(), last = (folder / "last.safetensors").string();
  const auto run_for = [&](int epochs) {
    // A rate that grows by the epoch: the best epoch is an early one.
    trainer run{model{}, modulation::none{}, optim::sgd{.lr = 0.02}, {.seed = 1}};
    return run.fit(train, {.epochs = epochs,
                           .batch = 20,
                           .validate_on = test,
                           .schedule = optim::step_lr{.every = 1, .gamma = 4},
                           .checkpoint = last,
                           .best_model = best});
  };
  const auto whole = run_for(8);
  REQUIRE(whole.best_epoch < 8);
  const auto accuracy_of_best = [&] {
    trainer kept{model{}, modulation::none{}, optim::sgd{}, {.seed = 99}};
    load_model(kept.model(), best);
    return kept.evaluate(test).fused.accuracy;
  };
  CHECK(accuracy_of_best() == whole.best.fused.accuracy);
  CHECK(whole.best.fused.accuracy >= whole.last.fused.accuracy);

  std::filesystem::remove(last);
  std::filesystem::remove(best);
  run_for(whole.best_epoch);
  const auto resumed = run_for(8);  // nothing better comes after it
  CHECK(resumed.best_epoch == whole.best_epoch);
  CHECK(resumed.best.fused.accuracy == whole.best.fused.accuracy);
  CHECK(accuracy_of_best() == whole.best.fused.accuracy);
  std::filesystem::remove_all(folder);
}

TEST_CASE("a run goes on from its own checkpoint only, and an error names both values") {
  const auto folder = std::filesystem::temp_directory_path() / "ogm_other_run_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const auto data = clusters(48, 1), more = clusters(50, 1);
  const std::string file = (folder / "last.safetensors").string();
  struct other {
    std::uint64_t seed = 18446744073709551615u;
    double rate = 0.02;
  };
  const auto run_with = [&](const other& one, fit_options<set> how, const set& train) {
    trainer run{model{}, modulation::none{}, optim::sgd{.lr = one.rate}, {.seed = one.seed}};
    how.checkpoint = file;
    return run.fit(train, how).steps;
  };
  CHECK(run_with({}, {.epochs = 2, .batch = 16}, data) == 6);
  const auto refused = [&](const other& one, const fit_options<set>& how, const set& train, const std::string& sentence) {
    CHECK_THROWS_WITH(run_with(one, how, train), Catch::StartsWith("ogm: " + file + " is of a run with the " + sentence));
  };
  refused({.seed = 2}, {.epochs = 3, .batch = 16}, data, "seed 18446744073709551615, and this run has 2. Go on with the same");
  refused({.rate = 0.1}, {.epochs = 3, .batch = 16}, data, "learning rate 0.02, and this run has 0.1.");
  refused({}, {.epochs = 3, .batch = 8}, data, "batch 16, and this run has 8.");
  refused({}, {.epochs = 3, .batch = 16, .accumulate = 3}, data, "accumulate 1, and this run has 3.");
  refused({}, {.epochs = 3, .batch = 16, .clip_norm = 2.5}, data, "clip_norm inf, and this run has 2.5.");
  refused({}, {.epochs = 3, .batch = 16, .drop_last = true}, data, "drop_last false, and this run has true.");
  refused({}, {.epochs = 3, .batch = 16}, more, "items 48, and this run has 50.");
  {  // one that an earlier version of the library wrote
    std::fstream bytes(file, std::ios::binary | std::ios::in | std::ios::out);
    std::string text(std::istreambuf_iterator<char>(bytes), {});
    const auto at = text.find("ogm checkpoint 2");
    REQUIRE(at != text.npos);
    bytes.seekp(std::streamoff(at)).write("ogm checkpoint 1", 16);
    bytes.close();
    CHECK_THROWS_WITH(run_with({}, {.epochs = 3, .batch = 16}, data),
                      "ogm: " + file + ": is written as 'ogm checkpoint 1'; 'ogm checkpoint 2' expected.");
    std::ofstream(file, std::ios::binary) << text;
  }
  CHECK(run_with({}, {.epochs = 3, .batch = 16}, data) == 9);  // more epochs are the same run
  CHECK(run_with({.seed = 2}, {.epochs = 1, .batch = 16, .resume = false}, data) == 3);
  std::filesystem::remove_all(folder);
}

TEST_CASE("accumulated batches take the step of the whole batch") {
  const auto data = clusters(64, 4);
  const auto whole = weights_after(modulation::none{}, {.epochs = 2, .batch = 64}, data);
  const auto parts = weights_after(modulation::none{}, {.epochs = 2, .batch = 16, .accumulate = 4}, data);
  double worst = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) worst = std::max(worst, std::abs(double(whole[i]) - double(parts[i])));
  CHECK(worst <= 1e-5);
}

TEST_CASE("misuse is a sentence") {
  const auto data = clusters(16, 5);
  trainer run{model{}, modulation::none{}, optim::sgd{}};
  CHECK_THROWS_WITH(run.fit(data, {.epochs = -1}), Catch::Contains("-1 epochs"));
  CHECK_THROWS_WITH(run.fit(data, {.accumulate = 0}), Catch::Contains("accumulate 0"));
  CHECK_THROWS_WITH(run.fit(data, {.validate_every = 0}), Catch::Contains("validate_every 0"));
  CHECK_THROWS_WITH(run.fit(data, {.checkpoint_every = -2}), Catch::Contains("checkpoint_every -2"));
  CHECK_THROWS_WITH(run.fit(clusters(0, 5), {.epochs = 1}), "ogm: fit on a data set without items.");
  tensor<float, dyn, 8> a(4);
  tensor<float, dyn, 6> v(5);
  tensor<std::int32_t, dyn> y(4);
  CHECK_THROWS_WITH(run.step(std::tie(a, v), as_view(y)), Catch::Contains("'visual' has a batch of 5") && Catch::Contains("4 labels"));
  tensor<float, dyn, 6> right(4);
  y(2) = 9;
  CHECK_THROWS_WITH(run.step(std::tie(a, right), as_view(y)), Catch::Contains("label 9") && Catch::Contains("row 2"));
}

namespace {
using strong = modality<"audio", nn::mlp<16, 32, 16, B>>;
using weak = modality<"visual", nn::mlp<16, 32, 16, B>>;

auto generated(std::uint64_t part) {
  const auto made = data::imbalanced(1, {.part = part});
  tensor<float, dyn, 16> a(made.audio.size(0)), v(made.visual.size(0));
  std::copy(made.audio.flat().begin(), made.audio.flat().end(), a.data());
  std::copy(made.visual.flat().begin(), made.visual.flat().end(), v.data());
  return std::pair{data::in_memory(made.labels, a, v), data::in_memory(made.labels, v)};
}
struct worth {
  double fused, weak_probe, ratio_at_start;
};
template <class Policy, class Data> worth of_joint(const Policy& policy, const Data& train, const Data& test) {
  trainer run{late_fusion<fusion::concat<8>, strong, weak>{}, policy, optim::sgd{.lr = 0.05, .momentum = 0.9}, {.seed = 3}};
  observers::collect seen;
  run.observe(seen);
  const auto r = run.fit(train, {.epochs = 30, .batch = 64, .validate_on = test, .validate_every = 30});
  const auto ratios = [&] {
    double sum = 0;
    for (int i = 0; i < 30; ++i) sum += seen.steps("ratio/audio").value[std::size_t(i)] / 30;
    return sum;
  };
  return {r.last.fused.accuracy, linear_probe<1>(run.model(), train, test), Policy::requirements.probe == probe::none ? 0 : ratios()};
}
}  // namespace

TEST_CASE("the generated imbalanced set is imbalanced, and modulation acts on it") {
  const auto [train, weak_train] = generated(0);
  const auto [test, weak_test] = generated(1);
  trainer alone{late_fusion<fusion::concat<8>, weak>{}, modulation::none{}, optim::sgd{.lr = 0.05, .momentum = 0.9}, {.seed = 3}};
  const double solo =
      alone.fit(weak_train, {.epochs = 30, .batch = 64, .validate_on = weak_test, .validate_every = 30}).last.fused.accuracy;
  const auto plain = of_joint(modulation::none{}, train, test), slowed = of_joint(modulation::ogm{.alpha = 0.3}, train, test);
  std::printf("generated set, 30 epochs, fused / linear probe of the weak encoder: joint %.3f / %.3f, ogm %.3f / %.3f; weak alone %.3f\n",
              plain.fused, plain.weak_probe, slowed.fused, slowed.weak_probe, solo);
  CHECK(plain.fused > solo);  // two modalities know more than the weak one
  CHECK(slowed.fused > solo);
  CHECK(slowed.ratio_at_start > 1);  // the strong modality leads
  CHECK(plain.weak_probe > 1.0 / 8);
  CHECK(slowed.weak_probe != plain.weak_probe);  // which way is measured and printed, not assumed
}

}  // namespace trainer_test
