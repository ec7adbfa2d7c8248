#pragma once
// parallel_for over chunks whose number never depends on the number of threads: that is what keeps the bits the same.

#include <atomic>
#include <bit>
#include <cstdint>
#include <exception>
#include <thread>
#include <utility>
#include <vector>

namespace ogm {

/// Threads that wait for chunks. One thread means: everything runs in the caller.
///
/// An exception in a chunk is thrown again by run() after the others have ended; the first one wins. Where the system has no more threads
/// the constructor throws std::system_error.
class thread_pool {
 public:
  explicit thread_pool(int threads) {
    workers_.reserve(threads > 1 ? std::size_t(threads - 1) : 0);
    try {
      for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { work(); });
    } catch (...) {  // the system has no more threads
      stop();
      throw;
    }
  }
  thread_pool(const thread_pool&) = delete;
  thread_pool& operator=(const thread_pool&) = delete;
  ~thread_pool() { stop(); }
  int threads() const { return int(workers_.size()) + 1; }

  /// Calls f(i) for i in [0, chunks), in any order, from any of the threads.
  template <class F> void run(long chunks, const F& f) {
    body_ = &f;
    call_ = [](const void* body, long i) { (*static_cast<const F*>(body))(i); };
    next_.store(0);
    chunks_ = chunks;
    busy_.store(int(workers_.size()));
    round_.fetch_add(1);
    round_.notify_all();
    drain();
    for (int spins = 0; busy_.load(std::memory_order_acquire) != 0; ++spins)
      if (spins > 1000) std::this_thread::yield();
    if (failed_.exchange(false)) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

 private:
  void stop() {
    stop_.store(true);
    round_.fetch_add(1);
    round_.notify_all();
    for (auto& w : workers_) w.join();
  }
  void drain() {
    for (long i; (i = next_.fetch_add(1)) < chunks_;) {
      try {
        call_(body_, i);
      } catch (...) {
        if (!failed_.exchange(true)) failure_ = std::current_exception();
      }
    }
  }
  void work();

  std::atomic<unsigned> round_{0};
  std::atomic<long> next_{0};
  std::atomic<int> busy_{0};
  std::atomic<bool> stop_{false}, failed_{false};
  std::exception_ptr failure_;
  long chunks_ = 0;
  const void* body_ = nullptr;
  void (*call_)(const void*, long) = nullptr;
  std::vector<std::thread> workers_;
};

/// The pool that parallel_for uses in this thread, or none: set it with `use_threads`.
inline thread_pool*& current_pool() {
  static thread_local thread_pool* pool = nullptr;
  return pool;
}

inline void thread_pool::work() {
  for (unsigned seen = 0;;) {
    for (int spin = 0; spin < 4000 && round_.load(std::memory_order_acquire) == seen; ++spin)
#if defined(__x86_64__) || defined(__i386__)
      __builtin_ia32_pause();
#else
      std::this_thread::yield();
#endif
    round_.wait(seen);
    seen = round_.load();
    if (stop_.load()) return;
    drain();
    busy_.fetch_sub(1, std::memory_order_release);
  }
}

/// While it lives, parallel_for of this thread uses `threads` threads.
class use_threads {
 public:
  explicit use_threads(int threads) : pool_(threads), before_(std::exchange(current_pool(), threads > 1 ? &pool_ : nullptr)) {}
  use_threads(const use_threads&) = delete;
  use_threads& operator=(const use_threads&) = delete;
  ~use_threads() { current_pool() = before_; }

 private:
  thread_pool pool_;
  thread_pool* before_;
};

/// f(i) for i in [0, chunks). Chunks must not depend on each other, and their number must not depend on the number of threads.
/// A parallel_for inside a chunk runs in the thread of that chunk.
template <class F> void parallel_for(long chunks, const F& f) {
  thread_pool* const pool = current_pool();
  if (!pool || chunks < 2) {
    for (long i = 0; i < chunks; ++i) f(i);
    return;
  }
  current_pool() = nullptr;  // nested calls stay in this thread
  struct restore {
    thread_pool* pool;
    ~restore() { current_pool() = pool; }
  } guard{pool};
  pool->run(chunks, f);
}

/// Numbers of scratch areas for chunks that run at the same time: one thread always works in area 0, whose memory stays in its cache.
/// What a chunk computes must not depend on what the area held before. At most 64 chunks.
class scratch_areas {
 public:
  /// While it lives, the area is this chunk's alone.
  class lease {
   public:
    explicit lease(scratch_areas& from) : from_(&from), index_(from.take()) {}
    lease(const lease&) = delete;
    lease& operator=(const lease&) = delete;
    ~lease() { from_->taken_.fetch_and(~(std::uint64_t(1) << index_)); }
    int index() const { return index_; }

   private:
    scratch_areas* from_;
    int index_;
  };

 private:
  int take() {
    for (std::uint64_t now = taken_.load();;) {
      const int free = std::countr_one(now);
      if (taken_.compare_exchange_weak(now, now | std::uint64_t(1) << free)) return free;
    }
  }
  std::atomic<std::uint64_t> taken_{0};
};

}  // namespace ogm
