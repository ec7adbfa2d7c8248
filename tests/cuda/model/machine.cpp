// The scheduler of the CPU execution model. Never compiled with -fsanitize=thread: a traced run sees the kernel's accesses only.
#include "machine.hpp"

#include "fiber_stack.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace cuda_model {
namespace {

constexpr char poison = '\xff';  // as a float, half or bfloat16: NaN
constexpr unsigned warp_size = 32;

enum class state { ready, at_barrier, at_collective, left };

struct request {
  collective kind{};
  unsigned mask = 0;
  std::uint64_t value = 0, result = 0;
  int argument = 0;
  unsigned width = warp_size;
  where place;
};

struct cuda_thread {
  thread_state seen;
  uint3 index{};
  state is = state::left;
  bool in_kernel = false, predicate = false;
  request asked;
  fiber_stack stack;
  boost::context::fiber fiber;
  void* sanitizer_stack = nullptr;
};

struct warp {
  unsigned waiting = 0, gone = 0;  // lanes at a collective; lanes that left the kernel, or never were
};

/// Unwinds a kernel whose block has failed.
struct cancelled {};

std::string text(const where& w) {
  const std::string file = w.file_name();
  return file.substr(file.rfind('/') + 1) + ":" + std::to_string(w.line());
}
std::string text(uint3 i) {
  return std::string("(").append(std::to_string(i.x)) + ", " + std::to_string(i.y) + ", " + std::to_string(i.z) + ")";
}
bool same_place(const where& a, const where& b) {
  return a.line() == b.line() && a.column() == b.column() && std::string_view(a.file_name()) == b.file_name();
}

class machine {
 public:
  ~machine();
  void run(const launch_request&);
  void barrier(bool predicate, where);
  int barrier_count() const { return barrier_count_; }
  std::uint64_t warp_collective(const request&);
  void static_shared(range);

  range dynamic_shared() const { return {shared_.get(), shared_.get() + shared_size_}; }
  const thread_state* running_thread() const { return current_ ? &current_->seen : nullptr; }

  memory_watcher* watcher = nullptr;

 private:
  struct free_memory {
    void operator()(char* p) const { std::free(p); }
  };

  void add_thread();
  void run_block(uint3 index);
  void begin_block(uint3 index);
  void give_up();
  void reserve_shared(std::size_t bytes);
  void run_kernel(cuda_thread&);

  void ready(cuda_thread&);
  void wait(cuda_thread&);
  cuda_thread* next();

  void release_barrier();
  void resolve(unsigned warp);
  void complete(unsigned warp, unsigned mask);
  unsigned source_lane(const request&, unsigned lane) const;
  cuda_thread& lane_of(unsigned warp, unsigned lane) { return *threads_[warp * warp_size + lane]; }

  void fail(const std::string& why);
  std::string deadlock() const;

  void go_on(cuda_thread&);
  void suspend();
  void entered(cuda_thread&);
  void leaving(cuda_thread&, bool for_good);

  std::vector<std::unique_ptr<cuda_thread>> threads_;
  std::vector<cuda_thread*> queue_;  // a ring; a thread is in it at most once
  std::size_t head_ = 0, queued_ = 0;
  cuda_thread* current_ = nullptr;
  boost::context::fiber host_;

  launch_request launch_;
  std::unique_ptr<char, free_memory> shared_;
  std::size_t shared_size_ = 0;
  std::map<char*, std::uint32_t> static_shared_;  // -> the block that filled it last

  unsigned size_ = 0, left_ = 0, at_barrier_ = 0;  // threads of the block
  int barrier_count_ = 0;
  std::uint32_t serial_ = 0;
  std::vector<warp> warps_;
  bool ending_ = false, cancelling_ = false;
  std::string failure_;
  std::mt19937_64 random_;

  [[maybe_unused]] void* host_sanitizer_stack_ = nullptr;
  [[maybe_unused]] const void* host_stack_ = nullptr;
  [[maybe_unused]] std::size_t host_stack_size_ = 0;
};

machine& the_machine() {
  static machine m;
  return m;
}

machine::~machine() {
  ending_ = true;
  for (const auto& t : threads_) {
    current_ = t.get();
    while (t->fiber) go_on(*t);
  }
}

// ---- launches and blocks ----

void machine::run(const launch_request& launch) {
  if (current_) throw error("a kernel launched a kernel: this model has no dynamic parallelism");
  launch_ = launch;
  random_.seed(settings().seed);
  reserve_shared(launch.dynamic_shared);
  gridDim = launch.grid;
  blockDim = launch.block;
  size_ = launch.block.x * launch.block.y * launch.block.z;
  while (threads_.size() < size_) add_thread();
  if (watcher) watcher->launch_begins(launch, dynamic_shared());
  const std::uint64_t blocks = std::uint64_t(launch.grid.x) * launch.grid.y * launch.grid.z;
  for (std::uint64_t i = 0; i < blocks; ++i) {
    const std::uint64_t b = settings().threads == order::reverse ? blocks - 1 - i : i;
    run_block({unsigned(b % launch.grid.x), unsigned(b / launch.grid.x % launch.grid.y), unsigned(b / launch.grid.x / launch.grid.y)});
  }
  require_intact_borders();
}

/// Exactly as long as asked for, so that a sanitizer sees what leaves it.
void machine::reserve_shared(std::size_t bytes) {
  const std::size_t rounded = bytes / 16 * 16 + 16;
  if (!shared_ || bytes != shared_size_) shared_.reset(static_cast<char*>(std::aligned_alloc(16, rounded)));
  shared_size_ = bytes;
#if defined(__SANITIZE_ADDRESS__)
  __asan_poison_memory_region(shared_.get() + bytes, rounded - bytes);
#endif
}

void machine::begin_block(uint3 index) {
  blockIdx = index;
  left_ = at_barrier_ = 0;
  failure_.clear();
  cancelling_ = false;
  ++serial_;
  std::fill_n(shared_.get(), shared_size_, poison);
  warps_.assign((size_ + warp_size - 1) / warp_size, warp{});
  if (size_ % warp_size) warps_.back().gone = ~0u << size_ % warp_size;
  queue_.assign(size_, nullptr);
  head_ = queued_ = 0;
  current_ = nullptr;
  for (unsigned i = 0; i < size_; ++i) {
    // next() takes the newest in reverse order, so this puts the highest thread first there.
    cuda_thread& t = *threads_[i];
    t.index = {i % blockDim.x, i / blockDim.x % blockDim.y, i / blockDim.x / blockDim.y};
    t.seen.block_serial = serial_;
    t.seen.barriers = t.seen.warp_syncs = t.seen.collectives = 0;
    ready(t);
  }
}

void machine::run_block(uint3 index) {
  begin_block(index);
  if (watcher) watcher->block_begins();
  while (left_ < size_ && failure_.empty()) {
    if (cuda_thread* const t = next())
      go_on(*t);
    else
      fail(deadlock());
  }
  if (watcher) watcher->block_ends();
  if (!failure_.empty()) give_up();
  current_ = nullptr;
}

void machine::give_up() {
  const std::string failure = failure_;
  cancelling_ = true;
  for (unsigned i = 0; i < size_; ++i)
    if (threads_[i]->in_kernel) go_on(*threads_[i]);
  current_ = nullptr;
  throw error(failure);
}

void machine::add_thread() {
  threads_.push_back(std::make_unique<cuda_thread>());
  cuda_thread* const t = threads_.back().get();
  t->seen.thread = unsigned(threads_.size() - 1);
  t->seen.warp = t->seen.thread / warp_size;
  t->seen.lane = t->seen.thread % warp_size;
  t->seen.stack = t->stack.bounds();
  t->fiber = boost::context::fiber(std::allocator_arg, t->stack.for_boost(), fiber_stack::keeps{}, [this, t](boost::context::fiber&& host) {
    host_ = std::move(host);
    entered(*t);
    while (!ending_) {
      run_kernel(*t);
      leaving(*t, false);
      host_ = std::move(host_).resume();
      entered(*t);
    }
    leaving(*t, true);
    return std::move(host_);
  });
}

void machine::run_kernel(cuda_thread& t) {
  try {
    t.in_kernel = true;
    launch_.body(launch_.arguments);
  } catch (const cancelled&) {
  } catch (const error& e) {
    fail(e.what());
  }
  t.in_kernel = false;
  t.is = state::left;
  ++left_;
  if (cancelling_) return;
  // Whoever leaves no longer holds the others up.
  warps_[t.seen.warp].gone |= 1u << t.seen.lane;
  resolve(t.seen.warp);
  if (at_barrier_ && at_barrier_ + left_ == size_) release_barrier();
}

void machine::static_shared(range array) {
  std::uint32_t& last = static_shared_[array.low];
  if (last == serial_) return;
  last = serial_;
  std::fill(array.low, array.high, poison);
  if (watcher) watcher->static_shared(array);
}

// ---- which thread goes on ----

void machine::ready(cuda_thread& t) {
  t.is = state::ready;
  // Whose arrival completes a meeting goes straight on, unless the order is random.
  if (&t == current_ && settings().threads != order::random) return;
  queue_[(head_ + queued_++) % queue_.size()] = &t;
}

void machine::wait(cuda_thread& t) {
  if (t.is == state::ready && settings().threads != order::random) return;
  suspend();
  if (cancelling_) throw cancelled{};
}

cuda_thread* machine::next() {
  if (queued_ == 0) return nullptr;
  const auto slot = [&](std::size_t i) -> cuda_thread*& { return queue_[(head_ + i) % queue_.size()]; };
  --queued_;
  if (settings().threads == order::forward) {
    cuda_thread* const t = slot(0);
    head_ = (head_ + 1) % queue_.size();
    return t;
  }
  if (settings().threads == order::random) std::swap(slot(random_() % (queued_ + 1)), slot(queued_));
  return slot(queued_);
}

// ---- meetings ----

void machine::barrier(bool predicate, where place) {
  cuda_thread& t = *current_;
  t.predicate = predicate;
  t.asked.place = place;
  t.is = state::at_barrier;
  if (++at_barrier_ + left_ == size_) release_barrier();
  wait(t);
  ++t.seen.barriers;
  ++t.seen.collectives;
}

void machine::release_barrier() {
  const where* first = nullptr;
  barrier_count_ = 0;
  for (unsigned i = 0; i < size_; ++i) {
    cuda_thread& t = *threads_[i];
    if (t.is != state::at_barrier) continue;
    if (!first) first = &t.asked.place;
    if (!same_place(*first, t.asked.place)) fail("divergent __syncthreads: " + text(*first) + " and " + text(t.asked.place));
    barrier_count_ += t.predicate;
    ready(t);
  }
  if (left_) fail("__syncthreads at " + text(*first) + " after " + std::to_string(left_) + " threads left the kernel");
  at_barrier_ = 0;
}

std::uint64_t machine::warp_collective(const request& r) {
  cuda_thread& t = *current_;
  if (!(r.mask >> t.seen.lane & 1u))
    throw error("block " + text(blockIdx) + ": lane " + std::to_string(t.seen.lane) + " is not in its own mask at " + text(r.place));
  t.asked = r;
  t.is = state::at_collective;
  warps_[t.seen.warp].waiting |= 1u << t.seen.lane;
  resolve(t.seen.warp);
  wait(t);
  ++t.seen.collectives;
  if (r.kind == collective::sync) ++t.seen.warp_syncs;
  return t.asked.result;
}

/// A lane has come or gone: completes the collectives in which nobody is missing any more.
void machine::resolve(unsigned w) {
  for (unsigned todo = warps_[w].waiting; todo;) {
    const unsigned lane = unsigned(std::countr_zero(todo));
    const unsigned mask = lane_of(w, lane).asked.mask & ~warps_[w].gone;
    todo &= ~mask & ~(1u << lane);
    if ((mask & ~warps_[w].waiting) == 0) complete(w, mask);
  }
}

void machine::complete(unsigned w, unsigned mask) {
  const request& first = lane_of(w, unsigned(std::countr_zero(mask))).asked;
  unsigned ballot = 0;
  for (unsigned rest = mask; rest; rest &= rest - 1) {
    const unsigned lane = unsigned(std::countr_zero(rest));
    const request& r = lane_of(w, lane).asked;
    if (r.kind != first.kind || r.mask != first.mask)
      return fail("lanes of one warp meet in different collectives: " + text(first.place) + " and " + text(r.place));
    ballot |= unsigned(r.value & 1u) << lane;
  }
  for (unsigned rest = mask; rest; rest &= rest - 1) {
    const unsigned lane = unsigned(std::countr_zero(rest));
    request& r = lane_of(w, lane).asked;
    if (r.kind == collective::ballot) r.result = ballot;
    if (r.kind == collective::ballot || r.kind == collective::sync) continue;
    const unsigned from = source_lane(r, lane);
    r.result = mask >> from & 1u ? lane_of(w, from).asked.value : ~std::uint64_t{0};  // a lane that takes no part: undefined, here NaN
  }
  warps_[w].waiting &= ~mask;
  for (unsigned rest = mask; rest; rest &= rest - 1) ready(lane_of(w, unsigned(std::countr_zero(rest))));
}

unsigned machine::source_lane(const request& r, unsigned lane) const {
  const unsigned argument = unsigned(r.argument), base = lane / r.width * r.width, end = base + r.width;
  switch (r.kind) {
    case collective::shuffle:
      return base + (argument & (r.width - 1));
    case collective::shuffle_xor:
      return (lane ^ argument) < end ? lane ^ argument : lane;
    case collective::shuffle_up:
      return lane >= base + argument ? lane - argument : lane;
    default:
      return lane + argument < end ? lane + argument : lane;
  }
}

// ---- what goes wrong ----

void machine::fail(const std::string& why) {
  if (failure_.empty()) failure_ = why.starts_with("block ") ? why : "block " + text(blockIdx) + ": " + why;
}

std::string machine::deadlock() const {
  std::map<std::string, unsigned> places;
  for (unsigned i = 0; i < size_; ++i) {
    const cuda_thread& t = *threads_[i];
    if (t.is != state::left) ++places[(t.is == state::at_barrier ? "__syncthreads at " : "a warp collective at ") + text(t.asked.place)];
  }
  std::string all = "deadlock:";
  for (const auto& [place, count] : places) all.append(" ").append(std::to_string(count)) += " threads wait in " + place + ",";
  return all + " " + std::to_string(left_) + " have left";
}

// ---- changing over ----

void machine::go_on(cuda_thread& t) {
  current_ = &t;
  threadIdx = t.index;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&host_sanitizer_stack_, t.stack.bounds().low, fiber_stack::size);
#endif
  t.fiber = std::move(t.fiber).resume();
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(host_sanitizer_stack_, nullptr, nullptr);
#endif
}

void machine::suspend() {
  cuda_thread& t = *current_;
  leaving(t, false);
  host_ = std::move(host_).resume();
  entered(t);
}

void machine::entered([[maybe_unused]] cuda_thread& t) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(t.sanitizer_stack, &host_stack_, &host_stack_size_);
#endif
}

void machine::leaving([[maybe_unused]] cuda_thread& t, [[maybe_unused]] bool for_good) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(for_good ? nullptr : &t.sanitizer_stack, host_stack_, host_stack_size_);
#endif
}

std::map<const void*, std::size_t>& permissions() {
  static std::map<const void*, std::size_t> all;
  return all;
}

}  // namespace

options& settings() {
  static options all = [] {
    options from_outside;
    if (const char* const guard = std::getenv("CUDA_MODEL_WITHOUT")) from_outside.removed_guard = guard;
    return from_outside;
  }();
  return all;
}
bool removed(const char* guard) { return settings().removed_guard == guard; }

void block_barrier(where w) { the_machine().barrier(false, w); }
int block_barrier_count(bool predicate, where w) {
  the_machine().barrier(predicate, w);
  return the_machine().barrier_count();
}
std::uint64_t warp_collective(collective kind, unsigned mask, std::uint64_t value, int argument, int width, where w) {
  return the_machine().warp_collective({kind, mask, value, 0, argument, unsigned(width), w});
}
void* dynamic_shared() { return the_machine().dynamic_shared().low; }
void static_shared(void* array, std::size_t bytes) {
  char* const low = static_cast<char*>(array);
  the_machine().static_shared({low, low + bytes});
}
void atomic_access(const void* address, std::size_t bytes, const void* code) {
  if (memory_watcher* const w = the_machine().watcher) w->atomic_access(address, bytes, code);
}
static void (*instead)(const launch_request&) = nullptr;
void run_instead(void (*runs)(const launch_request&)) { instead = runs; }
void run(const launch_request& launch) { instead ? instead(launch) : the_machine().run(launch); }
void allow_dynamic_shared(const void* kernel, std::size_t bytes) { permissions()[kernel] = bytes; }
std::size_t allowed_dynamic_shared(const void* kernel) {
  const auto place = permissions().find(kernel);
  return place == permissions().end() ? 48 * 1024 : place->second;
}

void watch(memory_watcher* w) { the_machine().watcher = w; }
const thread_state* running_thread() { return the_machine().running_thread(); }

}  // namespace cuda_model
