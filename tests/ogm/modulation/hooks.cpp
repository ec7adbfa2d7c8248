// A policy with every hook: when each is called, and with what.
#include <ogm/modulation/combinators.hpp>
#include <ogm/train/trainer.hpp>

#include "support.hpp"

#include <unistd.h>
#include <filesystem>

using namespace ogm;

namespace {

struct journal {
  std::vector<std::string> calls;
  std::vector<double> learning_rates, norms_of_scores;
  long items_seen = 0;
  double epoch_start_moved = -1, initial_moved = -1, train_accuracy = -1;
  bool widths_right = false;
};

struct everything {
  static constexpr modulation::needs requirements{
      .probe = probe::split, .second_pass = true, .weight_snapshot = true, .train_scan = true, .sampler_control = true};
  journal* book;
  double counted = 0;
  std::vector<double> list{};

  void note(const std::string& what, const modulation::progress& at) const {
    book->calls.push_back(what + " " + std::to_string(at.epoch) + "." + std::to_string(at.step));
  }
  void setup(auto& c) const {
    note("setup", c.at());
    book->widths_right = c.widths[0] == 6 && c.widths[1] == 6 && c.classes == 4 && c.train_size == 12 && c.names[1] == "visual";
  }
  void on_epoch_begin(auto& c) const {
    note("on_epoch_begin", c.at());
    long seen = 0;
    c.scan_train(1, [&](const auto& features, std::span<const std::int32_t> labels) {
      seen += long(labels.size());
      CHECK(features[0].size(1) == 6);
    });
    book->items_seen = seen;
  }
  void plan(auto& c) const {
    note("plan", c.at());
    c.add({});
  }
  void sample(auto& c) const {
    note("sample", c.at());
    CHECK(c.items.size() == 12);
  }
  void on_batch(auto& c) const {
    note("on_batch", c.at());
    CHECK(c.ids().size() == 6);
    CHECK(c.size() == 6);
  }
  void on_features(auto& c) const {
    note("on_features", c.at());
    CHECK(c.scores().present[0] == 6);  // the clean features were scored
    CHECK(c.scores().sums[0] > 0);
  }
  void loss(auto& losses) const { note("loss", losses.at()); }
  void on_feature_gradient(auto& c) const { note("on_feature_gradient/" + std::to_string(c.modality), c.at()); }
  void on_gradients(auto& step) {
    note("on_gradients", step.at());
    ++counted;
    list.push_back(step.score(0));
  }
  void scale_update(auto& step) const {
    note("scale_update", step.at());
    book->learning_rates.push_back(step.at().learning_rate);
  }
  void after_step(auto& step) const { note("after_step", step.at()); }
  void on_epoch_end(auto& c) const {
    note("on_epoch_end", c.at());
    book->train_accuracy = c.metric("train/accuracy", -1);
    const auto& s = c.slots[0];
    const auto moved = [&](const double* from) {
      double sum = 0;
      for (size_type i = 0; i < s.count; ++i) sum += std::abs(s.value[i] - from[i]);
      return sum;
    };
    book->initial_moved = moved(c.initial_value(s));
    book->epoch_start_moved = moved(c.epoch_start_value(s));
  }
  void predict(auto& c) const { note("predict", c.at()); }
  void save(auto& a) const {
    a.value("counted", counted);
    a.value("list", list);
  }
  void load(auto& a) {
    a.value("counted", counted);
    a.value("list", list);
  }
};

struct by_step {
  static constexpr modulation::needs requirements{.probe = probe::split};
  double running = 0;
  void after_step(auto& step) { running = 0.9 * running + step.score(0); }
  void on_gradients(auto& step) const {
    for_each_modality(step, [&](auto& m) { m.gradients() *= 1 / (1 + running); });
  }
  void save(auto& a) const { a.value("running", running); }
  void load(auto& a) { a.value("running", running); }
};

/// Reads features between epochs.
struct scans {
  static constexpr modulation::needs requirements{.train_scan = true, .validation_scan = true};
  std::vector<long>* seen;
  double fraction = 1;
  void on_epoch_begin(auto& c) const {
    const auto count = [&](const auto& features, std::span<const std::int32_t> labels) {
      seen->back() += long(labels.size());
      CHECK(features[1].size(0) == size_type(labels.size()));
      CHECK(features[1].size(1) == 6);
    };
    seen->push_back(0);
    c.scan_train(fraction, count);
    seen->push_back(0);
    c.scan_validation(fraction, count);
  }
};
/// Asks for weights that it did not say it needs.
struct forgetful {
  static constexpr modulation::needs requirements{};
  void on_epoch_end(auto& c) const { c.initial_value(c.slots[0]); }
};

auto small_set() {
  const test::small_batch b;
  const std::vector<std::int32_t> labels(b.labels.flat().begin(), b.labels.flat().end());
  return data::in_memory(labels, b.audio, b.visual);
}
std::string scratch_file(const char* name) {
  return (std::filesystem::temp_directory_path() / (std::string("ogm_") + name + std::to_string(::getpid()))).string();
}
template <class Model> std::vector<double> weights(Model& m) {
  std::vector<double> out;
  for_each_parameter_quietly(m, [&](auto, auto& p) { out.insert(out.end(), p.value.flat().begin(), p.value.flat().end()); });
  return out;
}
}  // namespace

TEST_CASE("hooks are called in the documented order") {
  journal book;
  const auto data = small_set();
  trainer run{test::small_model<>{}, everything{.book = &book}, optim::sgd{.lr = 0.1}};
  run.fit(data, {.epochs = 2, .batch = 6, .validate_on = data});
  std::vector<std::string> expected{"setup 0.0"};
  for (int epoch = 0, step = 0; epoch < 2; ++epoch) {
    const auto at = [&] { return " " + std::to_string(epoch) + "." + std::to_string(step); };
    for (const char* what : {"on_epoch_begin", "plan", "sample"}) expected.push_back(what + at());
    for (int i = 0; i < 2; ++i, ++step) {
      for (const char* what : {"on_batch", "on_features", "loss"}) expected.push_back(what + at());
      expected.push_back("on_feature_gradient/1" + at());  // backward: the last modality first
      expected.push_back("on_feature_gradient/0" + at());
      for (const char* what : {"on_gradients", "scale_update", "after_step"}) expected.push_back(what + at());
    }
    expected.push_back("predict" + at());
    expected.push_back("on_epoch_end " + std::to_string(epoch) + "." + std::to_string(epoch * 2));
  }
  CHECK(book.calls == expected);
}

TEST_CASE("contexts know the run: sizes, snapshots, metrics, the learning rate") {
  journal book;
  const auto data = small_set();
  trainer run{test::small_model<>{}, everything{.book = &book}, optim::sgd{.lr = 0.1}};
  run.fit(data, {.epochs = 3, .batch = 6, .schedule = optim::step_lr{2, 0.5}});
  CHECK(book.widths_right);
  CHECK(book.items_seen == 12);
  CHECK(book.learning_rates == std::vector<double>{0.1, 0.1, 0.1, 0.1, 0.05, 0.05});
  CHECK(book.train_accuracy >= 0);
  CHECK(book.epoch_start_moved > 0);
  CHECK(book.initial_moved > book.epoch_start_moved);
}

TEST_CASE("what a policy saves is there after a resume, bit for bit") {
  const auto data = small_set();
  const auto file = scratch_file("policy");
  const auto train = [&](int epochs, bool resume) {
    trainer run{test::small_model<>{}, by_step{}, optim::sgd{.lr = 0.1}};
    run.fit(data, {.epochs = epochs, .batch = 6, .checkpoint = resume ? file : ""});
    return std::pair{run.policy().running, weights(run.model())};
  };
  std::filesystem::remove(file);
  const auto whole = train(4, false);
  train(2, true);
  const auto resumed = train(4, true);
  std::filesystem::remove(file);
  CHECK(whole.first > 0);
  CHECK(resumed == whole);
}

TEST_CASE("lists are saved too; a checkpoint of another policy is refused") {
  journal book;
  const auto data = small_set();
  const auto file = scratch_file("lists");
  std::filesystem::remove(file);
  std::vector<double> before;
  {
    trainer run{test::small_model<>{}, everything{.book = &book}, optim::sgd{.lr = 0.1}};
    run.fit(data, {.epochs = 1, .batch = 6, .checkpoint = file});
    before = run.policy().list;
  }
  trainer run{test::small_model<>{}, everything{.book = &book}, optim::sgd{.lr = 0.1}};
  run.fit(data, {.epochs = 1, .batch = 6, .checkpoint = file});
  CHECK(before.size() == 2);
  CHECK(run.policy().list == before);
  CHECK(run.policy().counted == 2);
  trainer other{test::small_model<>{}, by_step{}, optim::sgd{.lr = 0.1}};
  CHECK_THROWS_WITH(other.fit(data, {.epochs = 1, .batch = 6, .checkpoint = file}),
                    Catch::Contains("'policy.running'") && Catch::Contains("another policy"));
  std::filesystem::remove(file);
}

TEST_CASE("scans read as many whole batches of either data set as the fraction needs, and say where there is no data") {
  std::vector<long> seen;
  const auto data = small_set();
  tensor<double, dyn, 5> audio(7);
  tensor<double, dyn, 4> visual(7);
  const auto fewer = data::in_memory(std::vector<std::int32_t>(7), audio, visual);
  const auto run_with = [&](double fraction, fit_options<decltype(data::in_memory(std::vector<std::int32_t>{}, audio, visual))> how) {
    seen.clear();
    trainer run{test::small_model<>{}, scans{&seen, fraction}, optim::sgd{.lr = 0.1}};
    how.epochs = 1, how.batch = 6, how.validation_batch = 3;
    run.fit(data, how);
    return seen;
  };
  CHECK(run_with(1, {.validate_on = fewer}) == std::vector<long>{12, 7});
  CHECK(run_with(0.5, {.validate_on = fewer}) == std::vector<long>{6, 3});
  CHECK(run_with(0.6, {.validate_on = fewer}) == std::vector<long>{9, 6});
  CHECK(run_with(0, {.validate_on = fewer}) == std::vector<long>{3, 3});  // one batch at least
  CHECK_THROWS_AS(run_with(1, {}), value_error);
  CHECK_THROWS_WITH(run_with(1, {}), "ogm: the policy reads validation data and fit() was given none. Set .validate_on.");
}

TEST_CASE("weights of before are there for a policy that needs them, and another is told") {
  const auto data = small_set();
  trainer run{test::small_model<>{}, forgetful{}, optim::sgd{.lr = 0.1}};
  CHECK_THROWS_AS(run.fit(data, {.epochs = 1, .batch = 6}), std::logic_error);
  CHECK_THROWS_WITH(run.fit(data, {.epochs = 1, .batch = 6}), Catch::Contains("Set .weight_snapshot in the policy's needs"));
}
