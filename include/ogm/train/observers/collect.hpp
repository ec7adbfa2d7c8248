#pragma once
// Keeps the run in memory, for tests and tables.

#include <ogm/core/error.hpp>
#include <ogm/train/observers/event.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ogm::observers {

/// One scalar over the run: value[i] was reported at step or epoch at[i].
struct recorded_series {
  std::vector<long> at;
  std::vector<double> value;
};

/// What `collect` has seen. The fixed figures of an event are series too: "loss", "learning_rate", "seconds" by step,
/// "train_loss", "seconds" by epoch.
struct history {
  using table = std::map<std::string, recorded_series, std::less<>>;

  run_begin begin;
  table steps, epochs;
  std::map<std::string, double, std::less<>> final_scalars;
  double seconds = 0;
  bool finished = false;
};

/// An observer that is a handle: copies share one history, so keep one and give the trainer another.
///
/// Errors     steps(), epochs(), last() throw value_error for a name that was never reported, with those that were
/// Cost       16 bytes a scalar and step, without a limit
class collect {
 public:
  void on_run_begin(const run_begin& e) {
    *history_ = {};
    history_->begin = e;
  }
  void on_step(const step_end& e) {
    add(history_->steps, "loss", e.step, e.loss);
    add(history_->steps, "learning_rate", e.step, e.learning_rate);
    add(history_->steps, "seconds", e.step, e.seconds);
    for (const scalar& s : e.scalars) add(history_->steps, s.name, e.step, s.value);
  }
  void on_epoch_end(const epoch_end& e) {
    add(history_->epochs, "train_loss", e.epoch, e.train_loss);
    add(history_->epochs, "seconds", e.epoch, e.seconds);
    for (const scalar& s : e.scalars) add(history_->epochs, s.name, e.epoch, s.value);
  }
  void on_run_end(const run_end& e) {
    history_->seconds = e.seconds;
    for (const scalar& s : e.scalars) history_->final_scalars[std::string(s.name)] = s.value;
    history_->finished = true;
  }

  const history& seen() const { return *history_; }
  const recorded_series& steps(std::string_view name) const { return find(history_->steps, name, "step"); }
  const recorded_series& epochs(std::string_view name) const { return find(history_->epochs, name, "epoch"); }
  /// The value of the last epoch that reported it.
  double last(std::string_view name) const { return epochs(name).value.back(); }

 private:
  static void add(history::table& table, std::string_view name, long at, double value) {
    auto found = table.find(name);
    if (found == table.end()) found = table.emplace(std::string(name), recorded_series{}).first;
    found->second.at.push_back(at);
    found->second.value.push_back(value);
  }
  static const recorded_series& find(const history::table& table, std::string_view name, const char* what) {
    if (const auto found = table.find(name); found != table.end()) return found->second;
    std::string message = "ogm: no " + std::string(what) + " reported \"" + std::string(name) + "\"; reported were:";
    for (const auto& [known, series] : table) message += " \"" + known + "\"";
    throw value_error(message + ".");
  }

  std::shared_ptr<history> history_ = std::make_shared<history>();
};

}  // namespace ogm::observers
