#pragma once
// PTX as the runner knows it: what nvcc wrote, parsed and bound to functions. What is not known in full is an error that names the line.

#include "../model/scheduling.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cuda_ptx {

using cuda_model::error;

/// One lane's result of one instruction that computes: bits in, bits out.
using lane_function = std::uint64_t (*)(std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t);
struct operation {
  lane_function compute = nullptr;
  unsigned sources = 0;
};
/// The operation with this name, all modifiers and types included ("fma.rn.f32"); null where it is not implemented.
const operation* find_operation(const std::string& name);

enum class action : std::uint8_t {
  compute,
  pack,
  unpack,
  load,
  store,
  atomic,
  exchange,
  compare_and_swap,
  branch,
  leave,
  trap,
  block_barrier,
  block_reduction,
  warp_barrier,
  shuffle,
  vote,
  warp_reduction,
  active_mask,
  nothing
};
enum class space : std::uint8_t { generic, global, shared, local, param };

/// In generic addresses a space is a window above all that a host's pointers reach.
inline constexpr std::uint64_t shared_window = 1ull << 60, local_window = 1ull << 61, param_window = 1ull << 62;

struct operand {
  enum class kind : std::uint8_t { none, reg, immediate, special } is = kind::none;
  bool negated = false;
  std::uint32_t index = 0;  // of a register, or of a special one
  std::uint64_t value = 0;  // immediate; of a register, the bits that it has
};

struct instruction {
  std::string name;  // with all modifiers
  action does = action::compute;
  operation compute;
  operand guard;
  std::array<operand, 6> operands;  // destinations first
  unsigned destinations = 0, count = 0;
  operand base;  // of an address: base + offset
  std::uint64_t offset = 0;
  space where = space::generic;
  unsigned bytes = 0, width = 1;  // of an element, and elements
  bool is_signed = false;
  std::uint32_t target = 0;  // of a branch
  unsigned line = 0;         // of the PTX
  std::string source;        // file:line of what it was compiled from, where nvcc was told -lineinfo
};

struct parameter {
  std::size_t offset = 0, size = 0;
};

struct kernel {
  std::string name;
  std::vector<instruction> code;
  std::vector<parameter> parameters;
  std::size_t static_shared = 0, local = 0;
  std::uint32_t registers = 0;
  unsigned most_threads = 1024;
};

struct program {
  std::string file;
  unsigned target = 0;  // 80 of sm_80
  std::map<std::string, kernel> kernels;
  std::vector<std::pair<std::unique_ptr<std::uint64_t[]>, std::size_t>> variables;  // of .global and .const, and their bytes
};

/// `file` is what messages call it.
program parse(const std::string& text, const std::string& file);
program parse_file(const std::string& path);

/// Special registers, in this order.
inline constexpr const char* special_names[] = {"%tid.x",   "%tid.y",   "%tid.z",    "%ntid.x",   "%ntid.y",   "%ntid.z", "%ctaid.x",
                                                "%ctaid.y", "%ctaid.z", "%nctaid.x", "%nctaid.y", "%nctaid.z", "%laneid", "WARP_SZ"};

}  // namespace cuda_ptx
