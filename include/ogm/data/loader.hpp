#pragma once
// Batches from background threads. A batch depends on the seed, the epoch and its position, never on the number of threads.

#include <ogm/core/random.hpp>
#include <ogm/core/tensor.hpp>
#include <ogm/data/dataset.hpp>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace ogm::data {

/// How batches are made.
struct loader_options {
  size_type batch = 64;
  std::uint64_t seed = 0;
  int threads = 1;   // 0: items are loaded inside next()
  int prefetch = 2;  // batches that may lie ready
  bool shuffle = true;
  bool drop_last = false;  // a last batch that is not full
};

/// What is needed to go on: next() after seek(state) gives the batch that it would have given.
struct loader_state {
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
  size_type position = 0;  // batches that were taken of this epoch
  friend bool operator==(const loader_state&, const loader_state&) = default;
};

/// Items one after the other: batch.get<m>() is (size, ...) of modality m. Valid until the loader's next call of next() or seek().
template <class Item> class batch {
 public:
  using traits = detail::item_traits<Item>;

  size_type size() const { return size_type(labels.size()); }
  template <std::size_t Modality> auto get() const { return traits::template part<Modality>::head(std::get<Modality>(tensors), size()); }

  typename traits::tensors tensors;  // room for a full batch
  std::vector<std::int32_t> labels;
  std::vector<std::int32_t> ids;  // indices in the data set
};

/// No augmentation.
struct as_stored {
  template <class Item> void operator()(const item_key&, const Item&) const {}
};

/// The indices of an epoch: Fisher and Yates by counter-based numbers.
inline void shuffled_order(size_type count, std::uint64_t seed, std::uint32_t epoch, std::vector<std::int32_t>& order) {
  order.resize(std::size_t(count));
  std::iota(order.begin(), order.end(), 0);
  const random::key key{seed, random::stream_of(random::purpose::shuffle, 0), epoch};
  for (std::uint64_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random::below(key, i, i)]);
}

/// Batches of a data set, which must outlive the loader.
///
/// Augment    augment(item_key, views): called for every item after it was loaded, from any thread
/// Memory     batches are reused: after the first `prefetch` batches the loader itself allocates nothing
/// Errors     value_error for options out of range; what load() or augment() throws comes out of next()
template <dataset Data, class Augment = as_stored> class loader {
 public:
  using item = typename Data::item;
  using batch_type = batch<item>;

  loader(const Data& data, const loader_options& how, Augment augment = {})
      : data_(&data), how_(how), augment_(std::move(augment)), shapes_(data.item_shapes()), state_{how.seed, 0, 0} {
    if (how.batch < 1 || how.threads < 0 || how.prefetch < 1)
      throw value_error("ogm: a loader with batch " + std::to_string(how.batch) + ", " + std::to_string(how.threads) +
                        " threads, prefetch " + std::to_string(how.prefetch) + ".");
    if (data.size() > INT32_MAX)
      throw value_error("ogm: a data set of " + std::to_string(data.size()) + " items; at most 2^31 - 1 expected.");
    slots_.resize(std::size_t(how.threads == 0 ? 1 : std::max(how.prefetch, how.threads) + 1));  // one more: the caller's
    for (slot& s : slots_) make_room(s.content, std::make_index_sequence<detail::item_traits<item>::modalities>());
    restart(state_);
    for (int i = 0; i < how.threads; ++i) workers_.emplace_back([this] { work(); });
  }
  loader(const loader&) = delete;
  loader& operator=(const loader&) = delete;
  ~loader() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    for (auto& w : workers_) w.join();
  }

  size_type batches() const { return how_.drop_last ? items() / how_.batch : (items() + how_.batch - 1) / how_.batch; }
  /// Items of an epoch: those of the data set, or of the order that was given.
  size_type items() const { return given_.empty() ? data_->size() : size_type(given_.size()); }
  /// From the next seek() on, epochs consist of these items in this order: repeats and omissions are allowed. Empty: the data set,
  /// shuffled.
  ///
  /// Errors     value_error for an item that is not there
  void set_order(std::vector<std::int32_t> order) {
    for (const std::int32_t i : order)
      if (i < 0 || i >= data_->size())
        throw value_error("ogm: item " + std::to_string(i) + " of a data set of " + std::to_string(data_->size()) + " items.");
    wait_for_workers();
    given_ = std::move(order);
  }
  const loader_options& options() const { return how_; }
  loader_state state() const { return state_; }

  /// The next batch of the epoch, or nullptr at its end; the call after that begins the next epoch.
  const batch_type* next() {
    if (state_.position == batches()) {
      restart({state_.seed, state_.epoch + 1, 0});
      return nullptr;
    }
    slot& s = slots_[std::size_t(state_.position) % slots_.size()];
    if (workers_.empty()) {
      fill(s.content, state_.position);
    } else {
      std::unique_lock lock(mutex_);
      taken_ = state_.position;  // gives the previous batch back
      changed_.notify_all();
      changed_.wait(lock, [&] { return s.holds == state_.position; });
      if (s.failure) std::rethrow_exception(s.failure);
    }
    ++state_.position;
    return &s.content;
  }

  /// Errors     value_error for a position after the end of an epoch
  void seek(const loader_state& to) {
    if (to.position < 0 || to.position > batches())
      throw value_error("ogm: batch " + std::to_string(to.position) + " of a loader with " + std::to_string(batches()) + " an epoch.");
    restart(to);
  }

 private:
  struct slot {
    batch_type content;
    size_type holds = -1;  // the batch in it, when it is complete
    std::exception_ptr failure;
  };

  template <std::size_t... I> void make_room(batch_type& b, std::index_sequence<I...>) {
    using traits = detail::item_traits<item>;
    b.tensors = typename traits::tensors(traits::template part<I>::make(how_.batch, std::get<I>(shapes_))...);
    b.labels.reserve(std::size_t(how_.batch));
    b.ids.reserve(std::size_t(how_.batch));
  }

  void wait_for_workers() {
    std::unique_lock lock(mutex_);
    claimed_ = PTRDIFF_MAX;  // nobody begins another batch before restart()
    changed_.wait(lock, [&] { return busy_ == 0; });
  }
  /// Stops what is under way, then begins at `to`.
  void restart(const loader_state& to) {
    wait_for_workers();
    std::unique_lock lock(mutex_);
    state_ = to;
    if (!given_.empty())
      order_ = given_;
    else if (how_.shuffle)
      shuffled_order(data_->size(), to.seed, to.epoch, order_);
    else if (order_.empty())
      order_.resize(std::size_t(data_->size())), std::iota(order_.begin(), order_.end(), 0);
    for (slot& s : slots_) s.holds = -1, s.failure = nullptr;
    taken_ = to.position;
    claimed_ = to.position;
    lock.unlock();
    changed_.notify_all();
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      // Slot b % n is free once batch b - n was given back: batches before taken_ were.
      changed_.wait(lock, [&] { return stop_ || (claimed_ < batches() && claimed_ < taken_ + size_type(slots_.size())); });
      if (stop_) return;
      const size_type mine = claimed_++;
      slot& s = slots_[std::size_t(mine) % slots_.size()];
      ++busy_;
      lock.unlock();
      std::exception_ptr failure;
      try {
        fill(s.content, mine);
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      --busy_;
      s.failure = failure;
      s.holds = mine;
      changed_.notify_all();
    }
  }

  void fill(batch_type& b, size_type position) {
    const size_type first = position * how_.batch, count = std::min(how_.batch, items() - first);
    b.labels.resize(std::size_t(count));
    b.ids.resize(std::size_t(count));
    for (size_type i = 0; i < count; ++i) {
      const std::int32_t id = order_[std::size_t(first + i)];
      const item_key key{state_.seed, state_.epoch, id};
      const item into = row(b, i, std::make_index_sequence<detail::item_traits<item>::modalities>());
      b.ids[std::size_t(i)] = id;
      b.labels[std::size_t(i)] = data_->load(key, into);
      augment_(key, into);
    }
  }
  template <std::size_t... I> item row(batch_type& b, size_type i, std::index_sequence<I...>) {
    return item(detail::item_traits<item>::template part<I>::row(std::get<I>(b.tensors), i, std::get<I>(shapes_))...);
  }

  const Data* data_;
  loader_options how_;
  Augment augment_;
  typename detail::item_traits<item>::shapes shapes_;
  std::vector<slot> slots_;
  std::vector<std::int32_t> order_;
  std::vector<std::int32_t> given_;
  loader_state state_;

  std::mutex mutex_;
  std::condition_variable changed_;
  size_type claimed_ = 0, taken_ = 0;
  int busy_ = 0;
  bool stop_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace ogm::data
