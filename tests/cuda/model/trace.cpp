// The runtime behind the compiler's memory-access callbacks: with -fsanitize=thread every load and store of the unmodified kernel calls one
// of the functions at the end of this file. Not ThreadSanitizer's algorithm: CUDA's rules of what orders two accesses.
#include "trace.hpp"

#include "machine.hpp"
#include "source_places.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

// Of the program: where its code ends and where what it may write begins. Constants lie between.
extern "C" char etext;
extern "C" __attribute__((weak)) char data_start;

namespace cuda_model {
namespace {

using address = std::uintptr_t;
address of(const void* p) { return reinterpret_cast<address>(p); }

/// Who touched a byte last in one way, and when.
struct mark {
  static constexpr std::uint16_t none = 0xffff, many = 0xfffe;
  std::uint32_t block = 0, barriers = 0, warp_syncs = 0;
  std::uint16_t thread = none, warp = none;
  address code = 0;
  std::uint64_t calls = 0;
};
struct byte_history {
  mark write, read, atomic;
};

struct region {
  address low = 0, high = 0;
  bool shared = false;
  std::vector<byte_history> bytes;
};

/// An instruction of a warp, lane by lane as they come.
struct instruction {
  address code = 0;
  bool write = false, shared = false, atomic = false;
  unsigned bytes = 0;
  std::vector<std::pair<unsigned, address>> lanes;
};
/// Lanes belong to one instruction if they come to the same code, by the same calls, for the same time since the warp last met.
struct instruction_key {
  std::uint64_t site, warp_and_time;
  bool operator==(const instruction_key&) const = default;
};
struct instruction_hash {
  std::size_t operator()(const instruction_key& k) const {
    return k.site * 0x9e3779b97f4a7c15u ^ (k.warp_and_time + (k.site >> 29)) * 0xbf58476d1ce4e5b9u;
  }
};

struct thread_history {
  std::uint32_t collectives = 0;
  std::unordered_map<std::uint64_t, std::uint32_t> visits;  // of a site, since the last collective
  std::vector<std::pair<address, std::uint64_t>> calls;     // where from, and the hash of those before
  std::uint64_t calls_hash = 0;
};

struct site {
  address code;
  std::uint64_t calls;  // a hash; the places are in tracer::calls_
  auto operator<=>(const site&) const = default;
};
struct race {
  site earlier, later;
  bool earlier_writes, later_writes, shared;
  auto operator<=>(const race&) const = default;
};
struct stray {
  site at;
  unsigned bytes;
  bool write;
  auto operator<=>(const stray&) const = default;
};

class tracer final : public memory_watcher {
 public:
  void launch_begins(const launch_request&, range dynamic_shared) override;
  void block_begins() override;
  void block_ends() override;
  void static_shared(range array) override { add(array, true); }
  void atomic_access(const void* p, std::size_t bytes, const void* code) override { touch(of(p), unsigned(bytes), true, true, of(code)); }

  void touch(address, unsigned bytes, bool write, bool atomic, address code);
  void enter(address caller);
  void leave();
  trace result();

 private:
  site here(const thread_state&, address code);
  void add(range, bool shared);
  region* find(address, unsigned bytes);
  bool harmless(address, unsigned bytes, bool write) const;
  void order(region&, const thread_state&, address, unsigned bytes, bool write, bool atomic, const site&);
  void collect(const region&, const thread_state&, address, unsigned bytes, bool write, bool atomic, address code);
  using sites = std::map<std::tuple<address, bool, bool>, access_site>;
  void launch_ends();
  void count(const instruction&);
  static void count(const instruction&, sites&);
  static void count_global(const instruction&, access_site&);
  static void count_shared(const instruction&, access_site&);

  std::vector<region> regions_;
  range arguments_;
  std::vector<thread_history> threads_;
  std::unordered_map<instruction_key, instruction, instruction_hash> open_;
  sites sites_;
  struct kernel {
    kernel_traffic all;
    sites at;
  };
  std::map<const void*, kernel> kernels_;
  kernel* running_ = nullptr;
  std::unordered_map<std::uint64_t, std::vector<address>> calls_;  // by hash, outermost first
  std::set<race> races_;
  std::set<stray> strays_;
  std::unordered_set<address> loaded_, stored_;  // sectors of the launch
};

tracer* active = nullptr;

// ---- what memory there is ----

void tracer::launch_begins(const launch_request& launch, range dynamic_shared) {
  regions_.clear();
  for_each_allocation([this](range r) { add(r, false); });
  add(dynamic_shared, true);
  arguments_ = {static_cast<char*>(launch.arguments), static_cast<char*>(launch.arguments) + launch.arguments_size};
  threads_.assign(launch.block.x * launch.block.y * launch.block.z, {});
  launch_ends();
  running_ = &kernels_[launch.kernel];
  kernel_traffic& k = running_->all;
  if (Dl_info symbol{}; k.kernel.empty())
    k.kernel = dladdr(launch.kernel, &symbol) && symbol.dli_sname && symbol.dli_saddr == launch.kernel ? symbol.dli_sname : "?";
  k.threads = std::max(k.threads, unsigned(threads_.size()));
  k.dynamic_shared = std::max(k.dynamic_shared, launch.dynamic_shared);
}

void tracer::launch_ends() {
  if (running_) {
    running_->all.distinct_load_sectors += loaded_.size();
    running_->all.distinct_store_sectors += stored_.size();
  }
  loaded_.clear();
  stored_.clear();
  running_ = nullptr;
}

void tracer::block_begins() {
  for (thread_history& t : threads_) t = {};
}
void tracer::block_ends() {
  for (const auto& [key, i] : open_) count(i);
  open_.clear();
}

void tracer::add(range r, bool shared) {
  if (r.size() == 0) return;
  const auto place = std::lower_bound(regions_.begin(), regions_.end(), of(r.low), [](const region& x, address a) { return x.low < a; });
  if (place != regions_.end() && place->low == of(r.low)) return;
  regions_.insert(place, {of(r.low), of(r.high), shared, std::vector<byte_history>(r.size())});
}

region* tracer::find(address a, unsigned bytes) {
  auto after = std::upper_bound(regions_.begin(), regions_.end(), a, [](address x, const region& r) { return x < r.low; });
  if (after == regions_.begin()) return nullptr;
  region& r = *std::prev(after);
  return a + bytes <= r.high ? &r : nullptr;
}

/// A thread's coordinates, the kernel's arguments, and reading constants.
bool tracer::harmless(address a, unsigned bytes, bool write) const {
  const auto inside = [&](const void* low, const void* high) { return a >= of(low) && a + bytes <= of(high); };
  return inside(&threadIdx, &threadIdx + 1) || inside(&blockIdx, &blockIdx + 1) || inside(&blockDim, &blockDim + 1) ||
         inside(&gridDim, &gridDim + 1) || inside(arguments_.low, arguments_.high) || (!write && inside(&etext, &data_start));
}

void tracer::touch(address a, unsigned bytes, bool write, bool atomic, address code) {
  const thread_state* const t = running_thread();
  if (!t || (a >= of(t->stack.low) && a < of(t->stack.high))) return;  // the host; registers and local memory
  region* const r = find(a, bytes);
  if (!r) {
    if (!harmless(a, bytes, write)) strays_.insert({here(*t, code), bytes, write});
    return;
  }
  order(*r, *t, a, bytes, write, atomic, here(*t, code));
  collect(*r, *t, a, bytes, write, atomic, code);
}

// ---- races ----

/// Whether nothing orders a thread's access after the one that left the mark. Within a block barriers do, within a warp __syncwarp does (as
/// if for the whole warp, whatever its mask); shuffles and votes do not; blocks of one launch are never ordered.
bool unordered(const mark& m, const thread_state& t) {
  if (m.thread == mark::none) return false;
  if (m.block != t.block_serial) return true;
  if (m.thread == t.thread || m.barriers != t.barriers) return false;
  return m.warp != t.warp || m.warp_syncs == t.warp_syncs;
}

/// The code, and by which calls the thread came there.
site tracer::here(const thread_state& t, address code) {
  const thread_history& h = threads_[t.thread];
  std::vector<address>& calls = calls_[h.calls_hash];
  if (calls.size() != h.calls.size())
    for (const auto& [from, before] : h.calls) calls.push_back(from);
  return {code, h.calls_hash};
}

void tracer::order(region& r, const thread_state& t, address a, unsigned bytes, bool write, bool atomic, const site& now) {
  for (address b = a; b < a + bytes; ++b) {
    byte_history& h = r.bytes[b - r.low];
    if (r.shared)
      for (mark* const m : {&h.write, &h.read, &h.atomic})
        if (m->block != t.block_serial) *m = {};  // each block has shared memory of its own
    const auto report = [&](const mark& m, bool writes) { races_.insert({{m.code, m.calls}, now, writes, write, r.shared}); };
    if (unordered(h.write, t)) report(h.write, true);
    if (write && unordered(h.read, t)) report(h.read, false);
    if (!atomic && unordered(h.atomic, t)) report(h.atomic, true);

    mark& m = atomic ? h.atomic : write ? h.write : h.read;
    // Where several threads read in one interval, a mark of many of them is unordered with each.
    const bool with_others = unordered(m, t);
    const bool same_interval = m.block == t.block_serial && m.barriers == t.barriers;
    if (m.thread == mark::many && same_interval && (m.warp == mark::many || m.warp_syncs == t.warp_syncs)) {
      if (m.warp != t.warp) m.warp = mark::many;
    } else {
      const std::uint16_t warp = with_others && m.warp != t.warp ? mark::many : std::uint16_t(t.warp);
      m = {t.block_serial, t.barriers, t.warp_syncs, with_others ? mark::many : std::uint16_t(t.thread), warp, now.code, now.calls};
    }
  }
}

// ---- sectors and banks ----

void tracer::enter(address caller) {
  const thread_state* const t = running_thread();
  if (!t) return;
  thread_history& h = threads_[t->thread];
  h.calls.emplace_back(caller, h.calls_hash);
  h.calls_hash = (h.calls_hash ^ caller) * 0x9e3779b97f4a7c15u;
}
void tracer::leave() {
  const thread_state* const t = running_thread();
  if (!t || threads_[t->thread].calls.empty()) return;
  thread_history& h = threads_[t->thread];
  h.calls_hash = h.calls.back().second;
  h.calls.pop_back();
}

void tracer::collect(const region& r, const thread_state& t, address a, unsigned bytes, bool write, bool atomic, address code) {
  thread_history& h = threads_[t.thread];
  if (h.collectives != t.collectives) {
    h.collectives = t.collectives;
    h.visits.clear();
  }
  const std::uint64_t site = (code ^ h.calls_hash) * 2 + write;
  const std::uint32_t visit = h.visits[site]++;
  instruction& i = open_[{site, std::uint64_t(t.warp) << 56 | std::uint64_t(t.collectives) << 24 | visit}];
  if (i.lanes.empty()) i = {code, write, r.shared, atomic, bytes, {}};
  i.lanes.emplace_back(t.lane, a);
  if (r.shared) return;
  for (address s = a / 32; s <= (a + bytes - 1) / 32; ++s) {
    if (write) stored_.insert(s);
    if (!write || atomic) loaded_.insert(s);
  }
}

void tracer::count(const instruction& i) {
  count(i, sites_);
  if (running_) count(i, running_->at);
}

void tracer::count(const instruction& i, sites& all) {
  access_site& s = all[{i.code, i.write, i.shared}];
  s.write = i.write, s.shared = i.shared, s.atomic = i.atomic, s.bytes = i.bytes;
  ++s.requests;
  s.lanes += i.lanes.size();
  (i.shared ? count_shared : count_global)(i, s);
}

/// Bytes that a warp asks for, each once.
std::size_t distinct_bytes(const instruction& i) {
  std::vector<address> begins;
  for (const auto& [lane, a] : i.lanes) begins.push_back(a);
  std::sort(begins.begin(), begins.end());
  std::size_t sum = 0;
  address end = 0;
  for (const address a : begins) {
    sum += a + i.bytes - std::min(a + i.bytes, std::max(a, end));
    end = std::max(end, a + i.bytes);
  }
  return sum;
}

void tracer::count_global(const instruction& i, access_site& s) {
  std::set<address> sectors;
  for (const auto& [lane, a] : i.lanes)
    for (address sector = a / 32; sector <= (a + i.bytes - 1) / 32; ++sector) sectors.insert(sector);
  s.units += sectors.size();
  s.ideal_units += (distinct_bytes(i) + 31) / 32;
}

/// 32 banks of 4 bytes. Accesses of 8 and 16 bytes go out as two and four groups of lanes.
void tracer::count_shared(const instruction& i, access_site& s) {
  const unsigned group_lanes = i.bytes <= 4 ? 32 : i.bytes <= 8 ? 16 : 8;
  for (unsigned first = 0; first < 32; first += group_lanes) {
    std::array<std::set<address>, 32> banks;
    std::size_t words = 0, worst = 0;
    for (const auto& [lane, a] : i.lanes)
      for (address w = a / 4; lane / group_lanes == first / group_lanes && w <= (a + i.bytes - 1) / 4; ++w)
        words += banks[w % 32].insert(w).second;
    for (const auto& b : banks) worst = std::max(worst, b.size());
    s.units += worst;
    s.ideal_units += (words + 31) / 32;
  }
}

// ---- the report ----

trace tracer::result() {
  launch_ends();
  std::set<address> code;
  for (const auto& [key, s] : sites_) code.insert(std::get<0>(key));
  for (const race& r : races_) code.insert({r.earlier.code, r.later.code});
  for (const stray& s : strays_) code.insert(s.at.code);
  for (const auto& [hash, calls] : calls_) code.insert(calls.begin(), calls.end());
  const auto places = source_places({code.begin(), code.end()});

  trace t;
  t.recorded = true;
  for (auto& [key, s] : sites_) {
    s.place = places.at(std::get<0>(key));
    t.sites.push_back(s);
  }
  // The line, and where that is another file's, the nearest line that called it from there: a kernel's, where it is in what kernels share.
  const auto file_of = [](const std::string& place) { return place.substr(0, place.find(':')); };
  const auto text = [&](const site& s) {
    const std::string place = places.at(s.code);
    if (place.find(" in ") != std::string::npos) return place;
    const std::vector<address>& calls = calls_[s.calls];
    for (auto call = calls.rbegin(); call != calls.rend(); ++call)
      if (const std::string& from = places.at(*call); from != "?" && file_of(from) != file_of(place)) return place + " in " + from;
    return place;
  };
  std::set<std::string> said;
  for (const race& r : races_) {
    const auto side = [&](bool writes, const site& s) { return std::string(writes ? "write " : "read ").append(text(s)); };
    const std::string race = std::string(r.shared ? "shared" : "global") + " memory race: " + side(r.earlier_writes, r.earlier) + " / " +
                             side(r.later_writes, r.later);
    if (said.insert(race).second) t.races.push_back(race);
  }
  for (const stray& s : strays_)
    t.strays.push_back(text(s.at) + (s.write ? " writes " : " reads ") + std::to_string(s.bytes) + " bytes outside device memory");
  for (auto& [unused, k] : kernels_) {
    kernel_traffic all = k.all;
    for (const auto& [key, s] : k.at) all.sites.push_back(s);
    t.distinct_load_sectors += all.distinct_load_sectors;
    t.distinct_store_sectors += all.distinct_store_sectors;
    t.kernels.push_back(std::move(all));
  }
  return t;
}

}  // namespace

trace traced(const std::function<void()>& run) {
  tracer t;
  struct scope {
    explicit scope(tracer& t) { watch(active = &t); }
    ~scope() { watch(active = nullptr); }
  };
  try {
    const scope watching(t);
    run();
  } catch (const error& e) {  // with the lines that only a trace knows
    std::string what = e.what();
    for (const std::string& s : t.result().strays) what += "; " + s;
    throw error(what);
  }
  return t.result();
}

}  // namespace cuda_model

// ---- what the compiler calls ----

namespace {
void touch(const void* p, std::size_t bytes, bool write, const void* code) {
  if (cuda_model::active) cuda_model::active->touch(cuda_model::of(p), unsigned(bytes), write, false, cuda_model::of(code));
}
}  // namespace

#define CUDA_MODEL_CALLBACKS(bytes)                                                                   \
  void __tsan_read##bytes(void* p) { touch(p, bytes, false, __builtin_return_address(0)); }           \
  void __tsan_write##bytes(void* p) { touch(p, bytes, true, __builtin_return_address(0)); }           \
  void __tsan_unaligned_read##bytes(void* p) { touch(p, bytes, false, __builtin_return_address(0)); } \
  void __tsan_unaligned_write##bytes(void* p) { touch(p, bytes, true, __builtin_return_address(0)); } \
  void __tsan_volatile_read##bytes(void* p) { touch(p, bytes, false, __builtin_return_address(0)); }  \
  void __tsan_volatile_write##bytes(void* p) { touch(p, bytes, true, __builtin_return_address(0)); }
extern "C" {
CUDA_MODEL_CALLBACKS(1)
CUDA_MODEL_CALLBACKS(2)
CUDA_MODEL_CALLBACKS(4)
CUDA_MODEL_CALLBACKS(8)
CUDA_MODEL_CALLBACKS(16)
void __tsan_read_range(void* p, std::size_t n) { touch(p, n, false, __builtin_return_address(0)); }
void __tsan_write_range(void* p, std::size_t n) { touch(p, n, true, __builtin_return_address(0)); }
void __tsan_func_entry(void* caller) {
  if (cuda_model::active) cuda_model::active->enter(cuda_model::of(caller));
}
void __tsan_func_exit() {
  if (cuda_model::active) cuda_model::active->leave();
}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
void __tsan_init() {}
}
#undef CUDA_MODEL_CALLBACKS
