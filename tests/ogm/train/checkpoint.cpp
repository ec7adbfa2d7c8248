// Files of models and of runs: what comes back from them, and what is refused.
#include <ogm/train/checkpoint.hpp>

#include <ogm/backend/eigen.hpp>
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/nn/batch_norm.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/train/training_step.hpp>

#include <support/gradient_check.hpp>

#include <bit>

#include "ogm/data/files.hpp"

namespace checkpoint_test {

using namespace ogm;

namespace {
using B = backend::eigen<float>;

/// A layer with buffers.
template <int Width> struct normed {
  using backend_type = B;
  static constexpr int width = Width;
  nn::linear<5, Width, B> fc;
  nn::batch_norm<Width, B> norm;
  OGM_FIELDS(fc, norm)
  auto operator()(auto& tape, const auto& x) const { return norm(tape, fc(tape, x)); }
};
struct part {
  normed<6> b;
  OGM_FIELDS(b)
};
struct stage {
  normed<6> b, c;
  OGM_FIELDS(b, c)
};
struct stranger {
  normed<6> z;
  OGM_FIELDS(z)
};
struct of_another_width {
  normed<7> a;
  normed<6> b;
  OGM_FIELDS(a, b)
};
template <int Width> using model_of = late_fusion<fusion::concat<3>, modality<"a", normed<Width>>, modality<"b", normed<6>>>;
using model = model_of<6>;
template <class Model> using step_of = training_step<Model, modulation::none, optim::sgd>;

template <class Model> std::unique_ptr<step_of<Model>> run_after(long steps, std::uint64_t seed) {
  auto run = std::make_unique<step_of<Model>>(Model{}, modulation::none{}, optim::sgd{.momentum = 0.9});
  nn::initialise(run->modules(), seed);
  for (long i = 0; i < steps; ++i) {
    const auto a = ogm::test::numbers_like<B>(extents<dyn, 5>(6), 1), b = ogm::test::numbers_like<B>(extents<dyn, 5>(6), 2);
    tensor<std::int32_t, dyn> labels(6);
    for (int k = 0; k < 6; ++k) labels(k) = k % 3;
    run->step(std::tie(a, b), as_view(labels), {.step = i, .learning_rate = 0.1});
  }
  return run;
}
/// Parameters and buffers.
std::vector<float> state(const auto& modules) {
  std::vector<float> out;
  for (const auto& t : ogm::detail::tensors_of(modules)) {
    out.resize(out.size() + t.bytes / sizeof(float));
    t.to_host(out.data() + out.size() - t.bytes / sizeof(float), t.data, t.bytes);
  }
  return out;
}
std::vector<std::uint64_t> bits(const std::vector<double>& v) {
  std::vector<std::uint64_t> out;
  for (const double x : v) out.push_back(std::bit_cast<std::uint64_t>(x));
  return out;
}

/// A file that is gone afterwards.
struct kept_file {
  ogm::test::folder folder;
  std::string file = folder / "run.safetensors";
  /// Puts other characters, as many, in the place of some that the file has once.
  void replace(const std::string& from, const std::string& to) const {
    std::string text = ogm::test::text_of(file);
    const auto at = text.find(from);
    INFO(from << " in " << text.substr(8, 1500));
    REQUIRE(at != text.npos);
    REQUIRE(text.find(from, at + 1) == text.npos);
    REQUIRE(from.size() == to.size());
    folder.write("run.safetensors", text.replace(at, to.size(), to));
  }
};
const run_settings settings{
    .seed = 18446744073709551615u, .items = 6, .batch = 6, .accumulate = 1, .learning_rate = 0.1, .clip_norm = INFINITY};
run_state somewhere() {
  return {.settings = settings,
          .epoch = 4,
          .phase = 1,
          .step = 37,
          .loader = {18446744073709551615u, 9, 5},
          .epoch_loss = 1.0 / 3,
          .epoch_correct = -0.0,
          .epoch_samples = 5e-324,
          .epoch_correct_by_modality = {0.1, NAN},
          .epoch_present_by_modality = {INFINITY, 1e300},
          .best_epoch = 3,
          .best_accuracy = 0.7};
}
}  // namespace

TEST_CASE("a run goes on from its checkpoint bit by bit, with what it counted") {
  const kept_file at;
  const auto first = run_after<model>(3, 1), second = run_after<model>(1, 2);
  const run_state saved = somewhere();
  save_checkpoint(*first, saved, at.file);
  const run_state loaded = load_checkpoint(*second, at.file, settings);
  CHECK(state(second->modules()) == state(first->modules()));
  CHECK(second->update().steps() == 3);
  CHECK(loaded.epoch == 4);
  CHECK(loaded.phase == 1);
  CHECK(loaded.step == 37);
  CHECK(loaded.loader.seed == 18446744073709551615u);
  CHECK(loaded.loader.epoch == 9);
  CHECK(loaded.loader.position == 5);
  CHECK(loaded.best_epoch == 3);
  CHECK(bits({loaded.epoch_loss, loaded.epoch_correct, loaded.epoch_samples, loaded.best_accuracy}) ==
        bits({saved.epoch_loss, saved.epoch_correct, saved.epoch_samples, saved.best_accuracy}));
  CHECK(bits(loaded.epoch_correct_by_modality) == bits(saved.epoch_correct_by_modality));
  CHECK(bits(loaded.epoch_present_by_modality) == bits(saved.epoch_present_by_modality));
  // The optimiser's momentum came along: the next step goes where the first run's goes.
  const auto a = ogm::test::numbers_like<B>(extents<dyn, 5>(6), 3), b = ogm::test::numbers_like<B>(extents<dyn, 5>(6), 4);
  const tensor<std::int32_t, dyn> labels(6);
  for (const auto* run : {&first, &second}) (*run)->step(std::tie(a, b), as_view(labels), {.learning_rate = 0.1});
  CHECK(state(second->modules()) == state(first->modules()));
}

TEST_CASE("what is missing or damaged in a checkpoint is named, and the run is as it was") {
  const kept_file at;
  const auto run = run_after<model>(2, 1);
  const auto before = state(run->modules());
  const auto writer = run_after<model>(3, 2);
  const auto refused = [&](const std::string& sentence) {
    CHECK_THROWS_AS(load_checkpoint(*run, at.file, settings), data_error);
    CHECK_THROWS_WITH(load_checkpoint(*run, at.file, settings), "ogm: " + at.file + ": " + sentence);
    CHECK(state(run->modules()) == before);
    CHECK(run->update().steps() == 2);
  };
  const auto damaged = [&](const std::string& from, const std::string& to, const std::string& sentence) {
    save_checkpoint(*writer, somewhere(), at.file);
    at.replace(from, to);
    refused(sentence);
  };
  damaged("\"best.epoch\"", "\"best.epuch\"", "has no 'best.epoch'. It is no checkpoint of a run.");
  damaged("\"step\":\"37\"", "\"step\":\"3x\"", "'step' is '3x'; a whole number expected.");
  damaged("\"step\":\"37\"", "\"step\":\"-7\"", "'step' is '-7'; a whole number expected.");
  damaged("\"loader.seed\":\"18446744073709551615\"", "\"loader.seed\":\"18446744073709551616\"",
          "'loader.seed' is '18446744073709551616'; a whole number expected.");
  damaged("3fd5555555555555", "3fd555555555555g", "'3fd555555555555g' is no number of a checkpoint.");  // a third
  run_state other = somewhere();
  other.epoch_correct_by_modality.push_back(1);
  save_checkpoint(*writer, other, at.file);
  refused("counts of 3 modalities; the model has 2.");
  save_model(writer->model(), at.file);
  refused("has no 'format'. It is no checkpoint of a run.");
  const auto wider = run_after<model_of<7>>(1, 2);
  save_checkpoint(*wider, somewhere(), at.file);
  refused("model.a.fc.weight has the shape (7, 5); the model's is (6, 5).");
}

TEST_CASE("a model comes back from its file with its buffers, whatever else the file holds") {
  const kept_file at;
  const auto trained = run_after<model>(3, 1), other = run_after<model>(1, 2);
  save_model(trained->model(), at.file);
  CHECK(state(other->model()) != state(trained->model()));
  load_model(other->model(), at.file);
  CHECK(state(other->model()) == state(trained->model()));
  part alone;
  load_model(alone, at.file);
  CHECK(state(alone.b) == state(std::get<1>(trained->model().encoders)));
}

TEST_CASE("a file that lacks a tensor of the model, or has it in another shape, changes nothing of it") {
  const kept_file at;
  const auto wider = run_after<model_of<7>>(1, 2);
  const auto run = run_after<model>(1, 1);
  const auto before = state(run->model());
  save_model(wider->model(), at.file);
  CHECK_THROWS_WITH(load_model(run->model(), at.file), "ogm: " + at.file + ": a.fc.weight has the shape (7, 5); the model's is (6, 5).");
  save_model(run_after<model>(1, 3)->model(), at.file);
  at.replace("\"head.bias\"", "\"head.bios\"");  // the last parameter
  CHECK_THROWS_WITH(load_model(run->model(), at.file), Catch::Contains(at.file) && Catch::Contains("head.bias"));
  CHECK(state(run->model()) == before);
}

TEST_CASE("a second stage begins with what its file and the model both have") {
  const kept_file at;
  const auto run = run_after<model>(1, 1), pretrained = run_after<model>(2, 3);
  stage next;
  nn::initialise(next, 5);
  const auto of_c = state(next.c);
  save_model(pretrained->model(), at.file);
  const data::safetensors::file file(at.file);
  CHECK(warm_start(next, file) == ogm::detail::tensors_of(next.b).size());
  CHECK(state(next.b) == state(std::get<1>(pretrained->model().encoders)));
  CHECK(state(next.c) == of_c);
  stranger nothing_in_common;
  CHECK_THROWS_WITH(warm_start(nothing_in_common, file), "ogm: " + at.file + " has no tensor of the model.");
  of_another_width other;
  nn::initialise(other, 5);
  const auto before = state(other);
  CHECK_THROWS_WITH(warm_start(other, file), Catch::Contains("a.fc.weight has the shape (6, 5); the model's is (7, 5)."));
  CHECK(state(other) == before);
}

}  // namespace checkpoint_test
