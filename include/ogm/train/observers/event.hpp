#pragma once
// What a training loop tells its observers, and how an observer is recognised and called.

#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ogm::observers {

/// A named number. Names are paths: "ratio/audio", "coefficient/audio", "loss/audio", "validation/accuracy/audio".
struct scalar {
  std::string_view name;
  double value = 0;
};

/// Before the first step. `protocol` is what a reader of the results has to know, as pairs of name and value.
struct run_begin {
  std::string title;
  int epochs = 0;
  long steps_per_epoch = 0;  ///< 0 where it is not known
  std::vector<std::string> modalities;
  std::vector<std::pair<std::string, std::string>> protocol;
};

/// After a step. Views are valid during the call only.
struct step_end {
  long step = 0;           ///< from 1, over the whole run: the number of steps done
  int epoch = 0;           ///< from 1
  long step_in_epoch = 0;  ///< from 1
  double loss = 0;
  double learning_rate = 0;
  double seconds = 0;  ///< wall time since the previous step ended, waiting for data included
  std::span<const scalar> scalars;
};

/// After an epoch and its validation.
struct epoch_end {
  int epoch = 0;  ///< from 1
  double train_loss = 0;
  double seconds = 0;  ///< wall time of this epoch, validation included
  std::span<const scalar> scalars;
};

/// After the last epoch.
struct run_end {
  double seconds = 0;
  std::span<const scalar> scalars;
};

template <class Observer>
concept observes_run_begin = requires(Observer& o, const run_begin& e) {
  o.on_run_begin(e);
};
template <class Observer>
concept observes_steps = requires(Observer& o, const step_end& e) {
  o.on_step(e);
};
template <class Observer>
concept observes_epochs = requires(Observer& o, const epoch_end& e) {
  o.on_epoch_end(e);
};
template <class Observer>
concept observes_run_end = requires(Observer& o, const run_end& e) {
  o.on_run_end(e);
};

/// Any type with at least one of on_run_begin, on_step, on_epoch_end, on_run_end. No base class, no registration.
template <class Observer>
concept observer = observes_run_begin<Observer> || observes_steps<Observer> || observes_epochs<Observer> || observes_run_end<Observer>;

/// Calls the observer's function for this event; nothing where it has none.
template <observer Observer> void notify(Observer& o, const run_begin& e) {
  if constexpr (observes_run_begin<Observer>) o.on_run_begin(e);
}
/// Calls the observer's function for this event; nothing where it has none.
template <observer Observer> void notify(Observer& o, const step_end& e) {
  if constexpr (observes_steps<Observer>) o.on_step(e);
}
/// Calls the observer's function for this event; nothing where it has none.
template <observer Observer> void notify(Observer& o, const epoch_end& e) {
  if constexpr (observes_epochs<Observer>) o.on_epoch_end(e);
}
/// Calls the observer's function for this event; nothing where it has none.
template <observer Observer> void notify(Observer& o, const run_end& e) {
  if constexpr (observes_run_end<Observer>) o.on_run_end(e);
}

}  // namespace ogm::observers
