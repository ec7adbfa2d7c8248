#include "executor.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <random>

namespace cuda_ptx {

namespace {

using cuda_model::range;
using mask = std::uint32_t;
constexpr unsigned lanes = 32;
constexpr std::uint32_t nowhere = ~0u;

template <class F> void for_lanes(mask m, F f) {
  for (; m; m &= m - 1) f(unsigned(std::countr_zero(m)));
}

/// Who touched a byte of shared memory last. Accesses are ordered by a block barrier between them, or within a warp by bar.warp.sync.
struct mark {
  std::uint32_t interval = 0;  // between two barriers, counted over a launch; 0: nobody
  std::uint32_t syncs = 0;     // of the warp
  std::uint16_t thread = 0, warp = 0;
  const instruction* by = nullptr;
  static constexpr std::uint16_t many = 0xffff;  // threads, of one warp
};
struct byte_history {
  mark write, atomic;
  mark read[2];  // of two warps: whoever writes is of another than one of them
};

struct warp_state {
  std::array<std::uint32_t, lanes> at{};  // of each lane's next instruction
  mask running = 0, left = 0, at_barrier = 0, at_collective = 0;
  std::uint32_t syncs = 0;
  std::vector<std::uint64_t> registers;  // (register, lane)

  std::uint64_t* lane_registers(std::uint32_t index) { return registers.data() + std::size_t(index) * lanes; }
};

class machine {
 public:
  machine(const program& p, const kernel& k, const launch_shape& shape, const std::vector<char>& arguments,
          const std::vector<range>& memory, counts& c);
  void run();

 private:
  void run_block();
  void run_warp(unsigned warp);
  void step(unsigned warp, const instruction&, mask here);
  void set_place(warp_state& w, mask m, std::uint32_t at) {
    for_lanes(m, [&](unsigned l) { w.at[l] = at; });
  }

  std::uint64_t special(std::uint32_t index, unsigned thread) const;
  std::uint64_t get(warp_state& w, unsigned lane, const operand& o) const {
    switch (o.is) {
      case operand::kind::reg:
        return w.registers[std::size_t(o.index) * lanes + lane] ^ (o.negated ? 1u : 0u);
      case operand::kind::special:
        return special(o.index, unsigned(&w - warps_.data()) * lanes + lane);
      default:
        return o.value;
    }
  }
  static void set(warp_state& w, unsigned lane, const operand& o, std::uint64_t value) {
    if (o.is == operand::kind::reg) w.registers[std::size_t(o.index) * lanes + lane] = value & o.value;
  }

  void compute(warp_state&, const instruction&, mask);
  void access(unsigned warp, const instruction&, mask);
  char* resolve(unsigned warp, unsigned lane, const instruction&, std::uint64_t& address, space&);
  void combine(warp_state&, unsigned lane, const instruction&, char* p);
  void check_race(unsigned warp, unsigned lane, const instruction&, std::size_t begin);
  void count(const instruction&, mask, const std::array<std::uint64_t, lanes>& address, space);
  void collect(warp_state&);
  void complete(warp_state&, const instruction&, mask members);
  void shuffle(warp_state&, const instruction&, mask members);
  bool release_barrier();

  std::string text(const instruction& i) const {
    return program_.file + ":" + std::to_string(i.line) + (i.source.empty() ? "" : " (" + i.source + ")") + ": " + i.name;
  }
  [[noreturn]] void fail(const instruction& i, const std::string& why) const {
    throw error(text(i) + " " + why + ", in block " + std::to_string(block_.x) + " " + std::to_string(block_.y) + " " +
                std::to_string(block_.z) + " of " + kernel_.name);
  }

  const program& program_;
  const kernel& kernel_;
  launch_shape shape_;
  std::vector<char> arguments_, shared_, local_;
  std::vector<range> memory_;
  range last_{};
  counts& counts_;
  unsigned threads_;
  uint3 block_{};
  std::uint32_t interval_ = 0;
  std::vector<warp_state> warps_;
  std::vector<byte_history> history_;
  std::mt19937_64 random_;
};

machine::machine(const program& p, const kernel& k, const launch_shape& shape, const std::vector<char>& arguments,
                 const std::vector<range>& memory, counts& c)
    : program_(p),
      kernel_(k),
      shape_(shape),
      arguments_(arguments),
      memory_(memory),
      counts_(c),
      threads_(shape.block.x * shape.block.y * shape.block.z),
      random_(cuda_model::settings().seed) {
  if (threads_ == 0 || threads_ > k.most_threads)
    throw error(k.name + " was launched with " + std::to_string(threads_) + " threads a block; it is compiled for " +
                std::to_string(k.most_threads) + " at most");
  const std::size_t needed = k.parameters.empty() ? 0 : k.parameters.back().offset + k.parameters.back().size;
  if (arguments.size() != needed)
    throw error(k.name + " was given " + std::to_string(arguments.size()) + " bytes of arguments; it has " + std::to_string(needed));
  for (const auto& [bytes, size] : p.variables) {
    auto* const begin = reinterpret_cast<char*>(bytes.get());
    memory_.push_back({begin, begin + size});
  }
  std::sort(memory_.begin(), memory_.end(), [](const range& a, const range& b) { return a.low < b.low; });
  shared_.resize(k.static_shared + shape.dynamic_shared);
  history_.resize(shared_.size());
  warps_.resize((threads_ + lanes - 1) / lanes);
  local_.resize(k.local * threads_);
}

void machine::run() {
  const std::uint64_t x = shape_.grid.x, y = shape_.grid.y, blocks = x * y * shape_.grid.z;
  for (std::uint64_t i = 0; i < blocks; ++i) {
    const std::uint64_t b = cuda_model::settings().threads == cuda_model::order::reverse ? blocks - 1 - i : i;
    block_.x = unsigned(b % x), block_.y = unsigned(b / x % y), block_.z = unsigned(b / x / y);
    run_block();
  }
  counts_.distinct_loads += counts_.loaded.size();
  counts_.distinct_stores += counts_.stored.size();
  counts_.loaded.clear();
  counts_.stored.clear();
}

/// Memory and registers begin as NaN.
void machine::run_block() {
  std::fill(shared_.begin(), shared_.end(), char(0xff));
  std::fill(local_.begin(), local_.end(), char(0xff));
  ++interval_;
  for (std::size_t w = 0; w < warps_.size(); ++w) {
    const unsigned here = std::min(lanes, threads_ - unsigned(w) * lanes);
    warps_[w].at.fill(0);
    warps_[w].running = here == lanes ? ~0u : (1u << here) - 1;
    warps_[w].left = ~warps_[w].running;
    warps_[w].at_barrier = warps_[w].at_collective = 0;
    warps_[w].syncs = 0;
    warps_[w].registers.assign(std::size_t(kernel_.registers) * lanes, ~0ull);
  }
  std::vector<unsigned> able;
  for (;;) {
    able.clear();
    for (unsigned w = 0; w < warps_.size(); ++w)
      if (warps_[w].running) able.push_back(w);
    if (able.empty()) {
      if (!release_barrier()) return;
      continue;
    }
    switch (cuda_model::settings().threads) {
      case cuda_model::order::forward:
        run_warp(able.front());
        break;
      case cuda_model::order::reverse:
        run_warp(able.back());
        break;
      case cuda_model::order::random:
        run_warp(able[random_() % able.size()]);
        break;
    }
  }
}

/// Of the lanes that can go on, those with the lowest address of code do: where a branch's sides meet, they wait for each other.
void machine::run_warp(unsigned warp) {
  warp_state& w = warps_[warp];
  while (w.running) {
    std::uint32_t at = nowhere, next = nowhere;
    mask here = 0;
    for_lanes(w.running, [&](unsigned l) {
      if (w.at[l] < at) next = at, at = w.at[l], here = 0;
      if (w.at[l] == at)
        here |= 1u << l;
      else
        next = std::min(next, w.at[l]);
    });
    for (; at < next; ++at) {  // as long as these stay together, and no others join them
      const instruction& i = kernel_.code[at];
      const bool straight = i.does <= action::compare_and_swap || i.does == action::nothing || i.does == action::active_mask;
      if (!straight) {
        set_place(w, here, at);
        step(warp, i, here);
        at = nowhere;
        break;
      }
      step(warp, i, here);
    }
    if (at != nowhere) set_place(w, here, at);
  }
}

/// Instructions that are not straight leave each lane's place as it is to be.
void machine::step(unsigned warp, const instruction& i, mask here) {
  warp_state& w = warps_[warp];
  mask active = here;
  if (i.guard.is == operand::kind::reg)
    for_lanes(here, [&](unsigned l) {
      if (!(get(w, l, i.guard) & 1u)) active &= ~(1u << l);
    });
  const auto at = std::uint32_t(&i - kernel_.code.data());
  switch (i.does) {
    case action::compute:
      return compute(w, i, active);
    case action::pack:
      return for_lanes(active, [&](unsigned l) {
        std::uint64_t value = 0;
        for (unsigned e = 0; e < i.width; ++e) value |= (get(w, l, i.operands[1 + e]) & ~0ull >> (64 - 8 * i.bytes)) << 8 * i.bytes * e;
        set(w, l, i.operands[0], value);
      });
    case action::unpack:
      return for_lanes(active, [&](unsigned l) {
        const std::uint64_t value = get(w, l, i.operands[i.width]);
        for (unsigned e = 0; e < i.width; ++e) set(w, l, i.operands[e], value >> 8 * i.bytes * e & ~0ull >> (64 - 8 * i.bytes));
      });
    case action::load:
    case action::store:
    case action::atomic:
    case action::exchange:
    case action::compare_and_swap:
      return access(warp, i, active);
    case action::active_mask:
      return for_lanes(active, [&](unsigned l) { set(w, l, i.operands[0], here); });
    case action::nothing:
      return;
    case action::branch:
      if (i.name == "bra.uni" && active && active != here) fail(i, "goes two ways in one warp");
      set_place(w, active, i.target);
      return set_place(w, here & ~active, at + 1);
    case action::trap:
      if (active) fail(i, "was reached");
      return set_place(w, here, at + 1);
    case action::leave:
      w.running &= ~active;
      w.left |= active;
      set_place(w, here & ~active, at + 1);
      return collect(w);
    case action::block_barrier:
    case action::block_reduction:
      w.running &= ~active;
      w.at_barrier |= active;
      return set_place(w, here & ~active, at + 1);
    case action::warp_barrier:
    case action::shuffle:
    case action::vote:
    case action::warp_reduction:
      for_lanes(active, [&](unsigned l) {
        if (!(get(w, l, i.operands[i.count - 1]) >> l & 1u))
          fail(i, "has a mask without lane " + std::to_string(l) + ", which executes it");
      });
      w.running &= ~active;
      w.at_collective |= active;
      set_place(w, here & ~active, at + 1);
      return collect(w);
  }
}

std::uint64_t machine::special(std::uint32_t index, unsigned thread) const {
  const dim3 &g = shape_.grid, &b = shape_.block;
  switch (index) {
    case 0:
      return thread % b.x;
    case 1:
      return thread / b.x % b.y;
    case 2:
      return thread / b.x / b.y;
    case 3:
      return b.x;
    case 4:
      return b.y;
    case 5:
      return b.z;
    case 6:
      return block_.x;
    case 7:
      return block_.y;
    case 8:
      return block_.z;
    case 9:
      return g.x;
    case 10:
      return g.y;
    case 11:
      return g.z;
    case 12:
      return thread % lanes;
    default:
      return lanes;
  }
}

void machine::compute(warp_state& w, const instruction& i, mask active) {
  const operand* const source = &i.operands[1];
  for_lanes(active, [&](unsigned l) {
    std::uint64_t x[4] = {};
    for (unsigned s = 0; s < i.compute.sources; ++s) x[s] = get(w, l, source[s]);
    set(w, l, i.operands[0], i.compute.compute(x[0], x[1], x[2], x[3]));
  });
}

// ---- memory ----

/// Where an address is on the host; `address` becomes that in its space.
char* machine::resolve(unsigned warp, unsigned lane, const instruction& i, std::uint64_t& address, space& where) {
  const unsigned bytes = i.bytes * i.width;
  const auto wrong = [&](const std::string& how) {
    fail(i, (i.does == action::store ? "writes " : "reads ") + std::to_string(bytes) + " bytes " + how + ", at " + std::to_string(address) +
                ", by thread " + std::to_string(warp * lanes + lane));
  };
  if (address % bytes) wrong("misaligned");
  where = i.where;
  if (where == space::generic) {
    where = address >= param_window    ? space::param
            : address >= local_window  ? space::local
            : address >= shared_window ? space::shared
                                       : space::global;
    if (where != space::global) address &= shared_window - 1;
  }
  const auto inside = [&](std::vector<char>& all, std::size_t begin, std::size_t size) {
    if (address > size || size - address < bytes) wrong("outside");
    return all.data() + begin + address;
  };
  switch (where) {
    case space::shared:
      return inside(shared_, 0, shared_.size());
    case space::local:
      return inside(local_, std::size_t(warp * lanes + lane) * kernel_.local, kernel_.local);
    case space::param:
      if (i.does != action::load) wrong("of parameters");
      return inside(arguments_, 0, arguments_.size());
    default:
      break;
  }
  char* const p = reinterpret_cast<char*>(address);
  const auto holds = [&](const range& r) { return p >= r.low && p < r.high && std::size_t(r.high - p) >= bytes; };
  if (holds(last_)) return p;
  const auto after = std::upper_bound(memory_.begin(), memory_.end(), p, [](const char* a, const range& r) { return a < r.low; });
  if (after == memory_.begin() || !holds(*(after - 1))) wrong("outside device memory");
  last_ = *(after - 1);
  return p;
}

void machine::access(unsigned warp, const instruction& i, mask active) {
  if (!active) return;
  warp_state& w = warps_[warp];
  std::array<std::uint64_t, lanes> address{};
  space where = i.where, first = i.where;
  mask seen = 0;
  for_lanes(active, [&](unsigned l) {
    address[l] = get(w, l, i.base) + i.offset;
    if (i.where == space::shared) address[l] &= 0xffffffffu;
    char* const p = resolve(warp, l, i, address[l], where);
    if (seen && where != first) fail(i, "reaches two spaces in one warp");
    first = where;
    seen |= 1u << l;
    if (where == space::shared) check_race(warp, l, i, address[l]);
    if (i.does == action::load) {
      for (unsigned e = 0; e < i.width; ++e) {
        std::uint64_t value = 0;
        std::memcpy(&value, p + e * i.bytes, i.bytes);
        if (i.is_signed) value = std::uint64_t(std::int64_t(value << (64 - 8 * i.bytes)) >> (64 - 8 * i.bytes));
        set(w, l, i.operands[e], value);
      }
    } else if (i.does == action::store) {
      for (unsigned e = 0; e < i.width; ++e) {
        const std::uint64_t value = get(w, l, i.operands[e]);
        std::memcpy(p + e * i.bytes, &value, i.bytes);
      }
    } else {
      combine(w, l, i, p);
    }
  });
  if (where == space::global || where == space::shared) count(i, active, address, where);
}

void machine::combine(warp_state& w, unsigned lane, const instruction& i, char* p) {
  std::uint64_t before = 0;
  std::memcpy(&before, p, i.bytes);
  const operand* const source = &i.operands[i.destinations];
  std::uint64_t after = get(w, lane, source[0]);
  if (i.does == action::atomic) after = i.compute.compute(before, after, 0, 0);
  if (i.does == action::compare_and_swap) after = before == (after & ~0ull >> (64 - 8 * i.bytes)) ? get(w, lane, source[1]) : before;
  std::memcpy(p, &after, i.bytes);
  if (i.destinations) set(w, lane, i.operands[0], before);
}

void machine::check_race(unsigned warp, unsigned lane, const instruction& i, std::size_t begin) {
  const auto thread = std::uint16_t(warp * lanes + lane);
  const std::uint32_t syncs = warps_[warp].syncs;
  const bool write = i.does == action::store, atomic = i.does > action::store;
  const auto unordered = [&](const mark& m) {
    return m.interval == interval_ && m.thread != thread && (m.warp != warp || m.syncs == syncs);
  };
  const auto report = [&](const mark& m) {
    const auto side = [&](const instruction& by) { return (by.does == action::load ? "read " : "write ") + text(by); };
    counts_.races.insert("shared memory race: " + side(*m.by) + " / " + side(i));
  };
  const mark now{interval_, syncs, thread, std::uint16_t(warp), &i};
  for (std::size_t b = begin; b < begin + i.bytes * i.width; ++b) {
    byte_history& h = history_[b];
    if (unordered(h.write)) report(h.write);
    if (!atomic && unordered(h.atomic)) report(h.atomic);
    if (write || atomic) {
      for (const mark& m : h.read)
        if (unordered(m)) report(m);
    }
    if (write) {
      h.write = now;
    } else if (atomic) {
      h.atomic = now;
    } else {
      mark* place = &h.read[0];
      if (h.read[1].interval == interval_ && h.read[1].warp == warp)
        place = &h.read[1];
      else if (place->interval == interval_ && place->warp != warp)
        place = &h.read[1];
      const bool others = place->interval == interval_ && place->warp == warp && place->syncs == syncs && place->thread != thread;
      *place = now;
      if (others) place->thread = mark::many;
    }
  }
}

/// As the trace of the model counts: distinct sectors of 32 bytes, and passes over 32 banks of 4 bytes.
void machine::count(const instruction& i, mask active, const std::array<std::uint64_t, lanes>& address, space where) {
  const unsigned bytes = i.bytes * i.width;
  const bool write = i.does != action::load, atomic = i.does > action::store;
  cuda_model::access_site& s = counts_.sites[&i];
  if (!s.requests) {
    s.place = i.source.empty() ? program_.file + ":" + std::to_string(i.line) : i.source;
    s.write = write, s.atomic = atomic, s.shared = where == space::shared, s.bytes = bytes;
  }
  ++s.requests;
  s.lanes += unsigned(std::popcount(active));
  std::array<std::uint64_t, lanes * 4> words;
  const auto distinct_words = [&](mask of, std::uint64_t unit) {
    std::size_t n = 0;
    for_lanes(of, [&](unsigned l) {
      for (std::uint64_t a = address[l] / unit; a <= (address[l] + bytes - 1) / unit; ++a) words[n++] = a;
    });
    std::sort(words.begin(), words.begin() + long(n));
    return std::size_t(std::unique(words.begin(), words.begin() + long(n)) - words.begin());
  };
  if (where == space::global) {
    std::array<std::uint64_t, lanes> begins;
    std::size_t n = 0, asked = 0;
    for_lanes(active, [&](unsigned l) { begins[n++] = address[l]; });
    std::sort(begins.begin(), begins.begin() + long(n));
    for (std::size_t k = 0; k < n; ++k) asked += k && begins[k] < begins[k - 1] + bytes ? begins[k] - begins[k - 1] : bytes;
    s.ideal_units += (asked + 31) / 32;
    const std::size_t sectors = distinct_words(active, 32);
    s.units += sectors;
    for (std::size_t k = 0; k < sectors; ++k) {
      if (write) counts_.stored.insert(words[k]);
      if (!write || atomic) counts_.loaded.insert(words[k]);
    }
    return;
  }
  const unsigned group = bytes <= 4 ? 32 : bytes <= 8 ? 16 : 8;
  for (unsigned first = 0; first < lanes; first += group) {
    const std::size_t n = distinct_words(active & (group == 32 ? ~0u : ((1u << group) - 1) << first), 4);
    std::array<unsigned, 32> bank{};
    for (std::size_t k = 0; k < n; ++k) ++bank[words[k] % 32];
    s.units += *std::max_element(bank.begin(), bank.end());
    s.ideal_units += (n + 31) / 32;
  }
}

// ---- where threads meet ----

/// Completes what all of its lanes have come to.
void machine::collect(warp_state& w) {
  for (mask waiting = w.at_collective; waiting;) {
    const auto first = unsigned(std::countr_zero(waiting));
    const instruction& i = kernel_.code[w.at[first]];
    const auto members = mask(get(w, first, i.operands[i.count - 1]));
    mask here = 0;
    for_lanes(waiting, [&](unsigned l) {
      if (w.at[l] == w.at[first] && mask(get(w, l, i.operands[i.count - 1])) == members) here |= 1u << l;
    });
    waiting &= ~here;
    if (here == (members & ~w.left)) complete(w, i, here);
  }
}

void machine::complete(warp_state& w, const instruction& i, mask members) {
  if (i.does == action::warp_barrier) {
    ++w.syncs;
  } else if (i.does == action::shuffle) {
    shuffle(w, i, members);
  } else if (i.does == action::vote) {
    mask yes = 0;
    for_lanes(members, [&](unsigned l) { yes |= mask(get(w, l, i.operands[1]) & 1u) << l; });
    std::uint64_t result = yes;
    if (i.name == "vote.sync.all.pred") result = yes == members;
    if (i.name == "vote.sync.any.pred") result = yes != 0;
    if (i.name == "vote.sync.uni.pred") result = yes == members || yes == 0;
    for_lanes(members, [&](unsigned l) { set(w, l, i.operands[0], result); });
  } else {
    std::uint64_t result = 0;
    bool any = false;
    for_lanes(members, [&](unsigned l) {
      const std::uint64_t value = get(w, l, i.operands[1]);
      result = any ? i.compute.compute(result, value, 0, 0) : value;
      any = true;
    });
    for_lanes(members, [&](unsigned l) { set(w, l, i.operands[0], result); });
  }
  for_lanes(members, [&](unsigned l) { ++w.at[l]; });
  w.at_collective &= ~members;
  w.running |= members;
}

void machine::shuffle(warp_state& w, const instruction& i, mask members) {
  const operand* const source = &i.operands[i.destinations];
  std::array<std::uint64_t, lanes> value{}, result{};
  mask inside = 0;
  for_lanes(members, [&](unsigned l) { value[l] = get(w, l, source[0]); });
  for_lanes(members, [&](unsigned l) {
    const auto by = unsigned(get(w, l, source[1])) & 31u, control = unsigned(get(w, l, source[2]));
    const unsigned clamp = control & 31u, segment = control >> 8 & 31u;
    const unsigned most = (l & segment) | (clamp & ~segment), least = l & segment;
    int from = 0;
    bool ok = true;
    if (i.name == "shfl.sync.up.b32")
      from = int(l) - int(by), ok = from >= int(most);
    else if (i.name == "shfl.sync.down.b32")
      from = int(l + by), ok = from <= int(most);
    else if (i.name == "shfl.sync.bfly.b32")
      from = int(l ^ by), ok = from <= int(most);
    else
      from = int(least | (by & ~segment)), ok = from <= int(most);
    if (!ok) from = int(l);
    inside |= mask(ok) << l;
    result[l] = members >> from & 1u ? value[std::size_t(from)] : ~0ull;  // of a lane that takes no part: NaN
  });
  for_lanes(members, [&](unsigned l) {
    set(w, l, i.operands[0], result[l]);
    if (i.destinations == 2) set(w, l, i.operands[1], inside >> l & 1u);
  });
}

/// False where all threads have left. Throws where some can never go on.
bool machine::release_barrier() {
  const instruction* met = nullptr;
  bool all = true;
  unsigned left = 0, count = 0;
  for (warp_state& w : warps_) {
    for_lanes(w.at_barrier, [&](unsigned l) {
      const instruction* const i = &kernel_.code[w.at[l]];
      if (!met) met = i;
      all = all && i == met;
      count += i->does == action::block_reduction && get(w, l, i->operands[2]) & 1u;
    });
    left += unsigned(std::popcount(w.left));
    for_lanes(w.at_collective, [&](unsigned l) {
      fail(kernel_.code[w.at[l]],
           "waits for lanes that never come: warp " + std::to_string(&w - warps_.data()) + ", lane " + std::to_string(l));
    });
  }
  left -= unsigned(warps_.size()) * lanes - threads_;
  if (!met) return false;
  if (left) fail(*met, "waits for threads that have left: " + std::to_string(left) + " of " + std::to_string(threads_));
  if (!all) fail(*met, "is not the barrier that all threads of the block have come to");
  ++interval_;
  for (warp_state& w : warps_) {
    if (met->does == action::block_reduction) {
      const std::uint64_t result = met->name == "bar.red.popc.u32"   ? count
                                   : met->name == "bar.red.and.pred" ? count == threads_
                                                                     : count != 0;
      for_lanes(w.at_barrier, [&](unsigned l) { set(w, l, met->operands[0], result); });
    }
    for_lanes(w.at_barrier, [&](unsigned l) { ++w.at[l]; });
    w.running |= w.at_barrier;
    w.at_barrier = 0;
  }
  return true;
}

}  // namespace

void run(const program& p, const kernel& k, const launch_shape& shape, const std::vector<char>& arguments, const std::vector<range>& memory,
         counts& c) {
  machine(p, k, shape, arguments, memory, c).run();
}

cuda_model::trace counts::trace() const {
  cuda_model::trace t;
  t.recorded = true;
  for (const auto& [i, s] : sites) t.sites.push_back(s);
  t.races.assign(races.begin(), races.end());
  t.distinct_load_sectors = distinct_loads;
  t.distinct_store_sectors = distinct_stores;
  return t;
}

}  // namespace cuda_ptx
