// Does the runner do what the PTX manual says, and does it refuse what it does not know and report what no kernel may do?
#include "executor.hpp"

#include <catch2/catch.hpp>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

using cuda_model::order;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

namespace {

const std::string head = ".version 9.0\n.target sm_80\n.address_size 64\n";

/// What a kernel of this body did to `memory`, which is its one argument. It has registers of every kind, and the address in %rd9.
struct outcome {
  std::vector<u32> memory;
  cuda_model::trace trace;
};
outcome run(const std::string& body, std::vector<u32> memory, unsigned threads = 32, std::size_t dynamic_shared = 0, unsigned blocks = 1,
            const std::string& before = "", unsigned misplaced = 0) {
  const cuda_ptx::program p =
      cuda_ptx::parse(head + before + ".visible .entry k(.param .u64 k_param_0)\n.maxntid 256, 1, 1\n{\n" +
                          ".reg .pred %p<9>; .reg .b16 %rs<9>; .reg .b32 %r<16>; .reg .f32 %f<9>; .reg .b64 %rd<12>;\n" +
                          "ld.param.u64 %rd9, [k_param_0];\nmov.u32 %r9, %tid.x;\nmul.wide.u32 %rd8, %r9, 4;\n" +
                          "add.s64 %rd8, %rd9, %rd8;\n" + body + "\nret;\n}\n",
                      "test.ptx");
  std::vector<u64> aligned((memory.size() + 1) / 2 + 4);
  char* low = reinterpret_cast<char*>(aligned.data());
  low += (32 - reinterpret_cast<u64>(low) % 32) % 32 + misplaced;
  std::memcpy(low, memory.data(), memory.size() * 4);
  std::vector<char> arguments(8);
  std::memcpy(arguments.data(), &low, 8);
  cuda_ptx::counts counts;
  cuda_ptx::run(p, p.kernels.at("k"), {{blocks, 1, 1}, {threads, 1, 1}, dynamic_shared}, arguments, {{low, low + memory.size() * 4}},
                counts);
  std::memcpy(memory.data(), low, memory.size() * 4);
  return {memory, counts.trace()};
}
std::string fault(const std::string& body, unsigned threads = 32, const std::string& before = "", std::size_t words = 64) {
  try {
    run(body, std::vector<u32>(words), threads, 0, 1, before);
  } catch (const cuda_model::error& e) {
    return e.what();
  }
  return "none";
}

/// What one instruction makes of inputs: they are in %rd1 ... , %r1 ... , %rs1 ... and %p1 ... ; the result is in the 0th of these.
u64 one(const std::string& instruction, const std::vector<u64>& inputs) {
  std::string body;
  std::vector<u32> memory;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::string n = std::to_string(i + 1);
    body += "ld.global.u64 %rd" + n + ", [%rd9+" + std::to_string(8 * i) + "];\ncvt.u32.u64 %r" + n + ", %rd" + n + ";\ncvt.u16.u64 %rs" +
            n + ", %rd" + n + ";\nsetp.ne.s64 %p" + n + ", %rd" + n + ", 0;\n";
    memory.push_back(u32(inputs[i])), memory.push_back(u32(inputs[i] >> 32));
  }
  const std::size_t at = instruction.find('%');
  const std::string kind = instruction.substr(at + 1, instruction.find_first_of("0", at) - at - 1);
  body += instruction + ";\n";
  if (kind == "p") body += "selp.b64 %rd0, 1, 0, %p0;\n";
  if (kind == "rs") body += "cvt.u64.u16 %rd0, %rs0;\n";
  if (kind == "r") body += "cvt.u64.u32 %rd0, %r0;\n";
  body += "st.global.u64 [%rd9], %rd0;\n";
  memory.resize(16);
  const std::vector<u32> after = run(body, memory, 1).memory;
  return u64(after[1]) << 32 | after[0];
}

struct example {
  const char* instruction;
  std::vector<u64> inputs;
  u64 result;
};
void check(const std::vector<example>& examples) {
  for (const example& e : examples) {
    INFO(e.instruction);
    CHECK(one(e.instruction, e.inputs) == e.result);
  }
}
u32 bits(float x) { return std::bit_cast<u32>(x); }
u64 bits64(double x) { return std::bit_cast<u64>(x); }
constexpr u64 nan_bits = 0x7fffffff, other_nan = 0xffc12345, infinite = 0x7f800000;

/// A word a thread: what `instructions` leave in %r0, where %r9 is the thread.
std::vector<u32> each(const std::string& instructions, unsigned threads = 32) {
  return run(instructions + "\nst.global.u32 [%rd8], %r0;", std::vector<u32>(threads), threads).memory;
}

}  // namespace

TEST_CASE("integers") {
  check({{"add.s32 %r0, %r1, %r2", {0x7fffffff, 1}, 0x80000000},
         {"sub.s64 %rd0, %rd1, %rd2", {0, 1}, ~0ull},
         {"add.s16 %rs0, %rs1, %rs2", {0xffff, 2}, 1},
         {"mul.lo.s32 %r0, %r1, %r2", {0xfffffffe, 3}, 0xfffffffa},
         {"mul.hi.s32 %r0, %r1, %r2", {0xfffffffe, 3}, 0xffffffff},
         {"mul.hi.u32 %r0, %r1, %r2", {0xfffffffe, 3}, 2},
         {"mul.hi.s64 %rd0, %rd1, %rd2", {~0ull, 5}, ~0ull},
         {"mul.hi.u64 %rd0, %rd1, %rd2", {~0ull, ~0ull}, ~0ull - 1},
         {"mul.wide.s32 %rd0, %r1, %r2", {0xfffffffe, 3}, u64(-6)},
         {"mul.wide.u32 %rd0, %r1, %r2", {0xfffffffe, 3}, 0x2fffffffaull},
         {"mul.wide.u16 %r0, %rs1, %rs2", {0xffff, 0xffff}, 0xfffe0001},
         {"mad.lo.s32 %r0, %r1, %r2, %r3", {0xffffffff, 7, 10}, 3},
         {"mad.wide.s32 %rd0, %r1, %r2, %rd3", {0xffffffff, 7, 10}, 3},
         {"div.s32 %r0, %r1, %r2", {0xfffffff9, 2}, 0xfffffffd},
         {"div.u32 %r0, %r1, %r2", {0xfffffff9, 2}, 0x7ffffffc},
         {"div.s64 %rd0, %rd1, %rd2", {1ull << 63, ~0ull}, 1ull << 63},
         {"div.u32 %r0, %r1, %r2", {5, 0}, 0xffffffff},
         {"rem.s32 %r0, %r1, %r2", {0xfffffff9, 2}, 0xffffffff},
         {"rem.u64 %rd0, %rd1, %rd2", {23, 7}, 2},
         {"min.s32 %r0, %r1, %r2", {0xffffffff, 1}, 0xffffffff},
         {"min.u32 %r0, %r1, %r2", {0xffffffff, 1}, 1},
         {"max.s64 %rd0, %rd1, %rd2", {~0ull, 1}, 1},
         {"neg.s32 %r0, %r1", {5}, 0xfffffffb},
         {"abs.s32 %r0, %r1", {0xfffffffb}, 5},
         {"selp.b32 %r0, %r1, %r2, %p3", {4, 5, 1}, 4},
         {"selp.b32 %r0, %r1, %r2, %p3", {4, 5, 0}, 5},
         {"slct.b32.s32 %r0, %r1, %r2, %r3", {4, 5, 0xffffffff}, 5}});
}

TEST_CASE("shifts and bits") {
  check({{"shl.b32 %r0, %r1, %r2", {3, 31}, 0x80000000},
         {"shl.b32 %r0, %r1, %r2", {3, 32}, 0},
         {"shl.b64 %rd0, %rd1, %r2", {1, 63}, 1ull << 63},
         {"shr.u32 %r0, %r1, %r2", {0x80000000, 31}, 1},
         {"shr.u32 %r0, %r1, %r2", {0x80000000, 33}, 0},
         {"shr.s32 %r0, %r1, %r2", {0x80000000, 4}, 0xf8000000},
         {"shr.s32 %r0, %r1, %r2", {0x80000000, 99}, 0xffffffff},
         {"and.b32 %r0, %r1, 12", {10}, 8},
         {"or.b64 %rd0, %rd1, %rd2", {1ull << 40, 2}, (1ull << 40) + 2},
         {"xor.b16 %rs0, %rs1, %rs2", {0xff00, 0x0ff0}, 0xf0f0},
         {"not.b16 %rs0, %rs1", {0x00ff}, 0xff00},
         {"not.pred %p0, %p1", {1}, 0},
         {"and.pred %p0, %p1, !%p2", {1, 0}, 1},
         {"xor.pred %p0, %p1, %p2", {1, 1}, 0},
         {"popc.b64 %r0, %rd1", {0xf0f0f0f0f0f0f0f0}, 32},
         {"clz.b32 %r0, %r1", {1}, 31},
         {"brev.b32 %r0, %r1", {6}, 0x60000000},
         {"bfind.u32 %r0, %r1", {0x00f00000}, 23},
         {"bfind.u32 %r0, %r1", {0}, 0xffffffff},
         {"bfind.s32 %r0, %r1", {0xfffffff0}, 3},
         {"bfind.s32 %r0, %r1", {0xffffffff}, 0xffffffff},
         {"bfind.s64 %r0, %rd1", {1ull << 40}, 40},
         {"bfind.u64 %r0, %rd1", {~0ull}, 63},
         {"bfind.shiftamt.u32 %r0, %r1", {0x00f00000}, 8},
         {"bfind.shiftamt.u32 %r0, %r1", {0}, 0xffffffff},
         {"bfind.shiftamt.s64 %r0, %rd1", {~1ull}, 63},
         {"bfe.u32 %r0, %r1, %r2, %r3", {0x12345678, 8, 12}, 0x456},
         {"bfe.s32 %r0, %r1, %r2, %r3", {0x0000f000, 12, 4}, 0xffffffff},
         {"bfe.s32 %r0, %r1, %r2, %r3", {0x80000000, 28, 12}, 0xfffffff8},
         {"bfi.b32 %r0, %r1, %r2, %r3, %r4", {0xab, 0xffffffff, 4, 8}, 0xfffffabf},
         {"prmt.b32 %r0, %r1, %r2, 30212", {0x33221100, 0x77665544}, 0x77660044},
         {"prmt.b32 %r0, %r1, %r2, %r3", {0x80, 0, 0x3218}, 0x000000ff},
         {"lop3.b32 %r0, %r1, %r2, %r3, 0x96", {0xf0, 0xcc, 0xaa}, 0x96},
         {"lop3.b32 %r0, %r1, %r2, %r3, 0xe8", {0xf0, 0xcc, 0xaa}, 0xe8},
         {"shf.l.wrap.b32 %r0, %r1, %r2, %r3", {0x80000001, 0x12345678, 4}, 0x23456788},
         {"shf.r.wrap.b32 %r0, %r1, %r2, %r3", {0x80000001, 0x12345678, 36}, 0x88000000}});
}

TEST_CASE("comparisons") {
  check({{"setp.lt.s32 %p0, %r1, %r2", {0xffffffff, 0}, 1},
         {"setp.lt.u32 %p0, %r1, %r2", {0xffffffff, 0}, 0},
         {"setp.ge.s64 %p0, %rd1, %rd2", {~0ull, 0}, 0},
         {"setp.eq.s16 %p0, %rs1, %rs2", {0x12345, 0x2345}, 1},
         {"setp.lt.and.s32 %p0, %r1, %r2, %p3", {1, 2, 0}, 0},
         {"setp.gt.or.s32 %p0, %r1, %r2, !%p3", {1, 2, 0}, 1},
         {"setp.lt.f32 %p0, %r1, %r2", {bits(-1), bits(1)}, 1},
         {"setp.lt.f32 %p0, %r1, %r2", {other_nan, bits(1)}, 0},
         {"setp.ltu.f32 %p0, %r1, %r2", {other_nan, bits(1)}, 1},
         {"setp.neu.f32 %p0, %r1, %r2", {other_nan, other_nan}, 1},
         {"setp.ne.f32 %p0, %r1, %r2", {other_nan, other_nan}, 0},
         {"setp.leu.f32 %p0, %r1, %r2", {bits(2), bits(1)}, 0},
         {"setp.eq.f32 %p0, %r1, %r2", {0x80000000, 0}, 1},
         {"setp.nan.f32 %p0, %r1, %r2", {0, other_nan}, 1}});
}

TEST_CASE("floating point, to the bit") {
  const u64 tiny = 0x00000003, one_and = bits(1) + 1;  // denormal; the next after 1
  check({{"add.f32 %r0, %r1, %r2", {bits(1), bits(0x1p-24f)}, bits(1)},
         {"add.rp.f32 %r0, %r1, %r2", {bits(1), bits(0x1p-24f)}, one_and},
         {"add.rm.f32 %r0, %r1, %r2", {bits(-1), bits(-0x1p-24f)}, one_and | 0x80000000},
         {"add.rz.f32 %r0, %r1, %r2", {bits(-1), bits(-0x1p-24f)}, bits(-1)},
         {"sub.f32 %r0, %r1, %r2", {infinite, infinite}, nan_bits},
         {"mul.f32 %r0, %r1, %r2", {other_nan, bits(2)}, nan_bits},
         {"mul.ftz.f32 %r0, %r1, %r2", {tiny, bits(0x1p20f)}, 0},
         {"mul.f32 %r0, %r1, %r2", {tiny, bits(2)}, 6},
         {"mul.ftz.f32 %r0, %r1, %r2", {bits(-0x1p-126f), bits(0.5f)}, 0x80000000},
         {"fma.rn.f32 %r0, %r1, %r2, %r3", {one_and, one_and, bits(-1)}, bits(0x1p-22f + 0x1p-46f)},
         {"fma.rm.f32 %r0, %r1, %r2, %r3", {bits(1.5f), bits(1), bits(0x1.8p23f)}, bits(0x1.8p23f + 1)},
         {"fma.rp.f32 %r0, %r1, %r2, %r3", {bits(1.5f), bits(1), bits(0x1.8p23f)}, bits(0x1.8p23f + 2)},
         {"div.rn.f32 %r0, %r1, %r2", {bits(1), bits(3)}, 0x3eaaaaab},
         {"div.rz.f32 %r0, %r1, %r2", {bits(1), bits(3)}, 0x3eaaaaaa},
         {"rcp.rn.f32 %r0, %r1", {0x80000000}, 0xff800000},
         {"sqrt.rn.f32 %r0, %r1", {bits(2)}, 0x3fb504f3},
         {"sqrt.rn.f32 %r0, %r1", {bits(-1)}, nan_bits},
         {"neg.f32 %r0, %r1", {bits(3)}, bits(-3)},
         {"abs.f32 %r0, %r1", {bits(-3)}, bits(3)},
         {"min.f32 %r0, %r1, %r2", {other_nan, bits(3)}, bits(3)},
         {"max.f32 %r0, %r1, %r2", {other_nan, other_nan}, nan_bits},
         {"max.NaN.f32 %r0, %r1, %r2", {bits(3), other_nan}, nan_bits},
         {"min.f32 %r0, %r1, %r2", {0, 0x80000000}, 0x80000000},
         {"max.f32 %r0, %r1, %r2", {0x80000000, 0}, 0},
         {"copysign.f32 %r0, %r1, %r2", {bits(-1), bits(3)}, bits(-3)},
         {"add.f64 %rd0, %rd1, %rd2", {bits64(1), bits64(0x1p-52)}, bits64(1 + 0x1p-52)},
         {"fma.rn.f64 %rd0, %rd1, %rd2, %rd3", {bits64(3), bits64(5), bits64(-1)}, bits64(14)}});
}

TEST_CASE("conversions") {
  check({{"cvt.s64.s32 %rd0, %r1", {0xffffffff}, ~0ull},
         {"cvt.u64.u32 %rd0, %r1", {0xffffffff}, 0xffffffff},
         {"cvt.s32.s8 %r0, %r1", {0x1280}, 0xffffff80},
         {"cvt.u32.u8 %r0, %r1", {0x1280}, 0x80},
         {"cvt.s8.s32 %r0, %r1", {0x1280}, 0xffffff80},
         {"cvt.sat.u8.s32 %r0, %r1", {0xffffff00}, 0},
         {"cvt.sat.s8.s32 %r0, %r1", {300}, 127},
         {"cvt.rn.f32.s32 %r0, %r1", {0x01000001}, bits(0x1p24f)},
         {"cvt.rz.f32.s32 %r0, %r1", {0x01000003}, bits(0x1p24f + 2)},
         {"cvt.rn.f32.s64 %r0, %rd1", {u64(-3)}, bits(-3)},
         {"cvt.rn.f32.u64 %r0, %rd1", {~0ull}, bits(0x1p64f)},
         {"cvt.rni.s32.f32 %r0, %r1", {bits(2.5f)}, 2},
         {"cvt.rzi.s32.f32 %r0, %r1", {bits(-2.5f)}, 0xfffffffe},
         {"cvt.rmi.s32.f32 %r0, %r1", {bits(-2.5f)}, 0xfffffffd},
         {"cvt.rpi.s32.f32 %r0, %r1", {bits(2.25f)}, 3},
         {"cvt.rzi.s32.f32 %r0, %r1", {bits(1e10f)}, 0x7fffffff},
         {"cvt.rzi.u32.f32 %r0, %r1", {bits(-1)}, 0},
         {"cvt.rzi.s32.f32 %r0, %r1", {other_nan}, 0},
         {"cvt.rzi.s64.f32 %rd0, %r1", {other_nan}, 1ull << 63},
         {"cvt.rni.f32.f32 %r0, %r1", {bits(3.5f)}, bits(4)},
         {"cvt.rmi.f32.f32 %r0, %r1", {bits(-0.5f)}, bits(-1)},
         {"cvt.sat.f32.f32 %r0, %r1", {bits(1.5f)}, bits(1)},
         {"cvt.sat.f32.f32 %r0, %r1", {other_nan}, 0},
         {"cvt.f64.f32 %rd0, %r1", {bits(1.5f)}, bits64(1.5)},
         {"cvt.rn.f32.f64 %r0, %rd1", {bits64(1 + 0x1p-24 + 0x1p-50)}, bits(1) + 1},
         {"cvt.f32.f16 %r0, %rs1", {0xc100}, bits(-2.5f)},
         {"cvt.f32.f16 %r0, %rs1", {0x0001}, bits(0x1p-24f)},
         {"cvt.rn.f16.f32 %rs0, %r1", {bits(1 + 0x1p-11f)}, 0x3c00},
         {"cvt.rn.f16.f32 %rs0, %r1", {bits(65520)}, 0x7c00},
         {"cvt.rn.bf16.f32 %rs0, %r1", {bits(1 + 0x3p-8f)}, 0x3f82},
         {"cvt.rn.bf16.f32 %rs0, %r1", {other_nan}, 0x7fff},
         {"cvt.f32.bf16 %r0, %rs1", {0x3f82}, 0x3f820000},
         {"cvt.rn.f16x2.f32 %r0, %r1, %r2", {bits(1), bits(-2)}, 0x3c00c000},
         {"mov.b32 %r0, {%rs1, %rs2}", {0x1111, 0x2222}, 0x22221111},
         {"mov.b64 %rd0, {%r1, %r2}", {1, 2}, 0x200000001ull},
         {"mov.f32 %r0, 0f3FC00000", {}, bits(1.5f)}});
  CHECK(each("mov.u32 %r1, 0x22221111; mov.b32 {_, %rs1}, %r1; cvt.u32.u16 %r0, %rs1;")[0] == 0x2222);
}

TEST_CASE("approximations are as wrong as they may be, and no more") {
  const auto apart = [](const std::string& f, float x) { return std::bit_cast<float>(u32(one(f + " %r0, %r1", {bits(x)}))); };
  const auto relative = [](double got, double exact) { return std::abs(got - exact) / std::abs(exact); };
  for (const float x : {0.3f, 1.7f, 5.25f, 9.5f}) {
    INFO(x);
    for (const auto& [f, exact] :
         {std::pair{"ex2.approx.ftz.f32", std::exp2(double(x))}, std::pair{"rcp.approx.ftz.f32", 1 / double(x)},
          std::pair{"rsqrt.approx.f32", 1 / std::sqrt(double(x))}, std::pair{"sqrt.approx.f32", std::sqrt(double(x))}}) {
      INFO(f);
      CHECK(relative(apart(f, x), exact) <= 0x1p-22 + 0x1p-23);
      CHECK(apart(f, x) != float(exact));
    }
    CHECK(std::abs(apart("lg2.approx.f32", x) - std::log2(double(x))) <= 0x1p-21 + 0x1p-22 * std::abs(std::log2(x)));
    CHECK(std::abs(apart("sin.approx.f32", x) - std::sin(double(x))) <= 0x1p-20);
  }
  check({{"ex2.approx.ftz.f32 %r0, %r1", {bits(-200)}, 0},
         {"ex2.approx.ftz.f32 %r0, %r1", {0}, bits(1)},
         {"ex2.approx.ftz.f32 %r0, %r1", {0xff800000}, 0},
         {"ex2.approx.ftz.f32 %r0, %r1", {other_nan}, nan_bits},
         {"rcp.approx.f32 %r0, %r1", {0}, infinite},
         {"rsqrt.approx.f32 %r0, %r1", {bits(-1)}, nan_bits},
         {"div.approx.f32 %r0, %r1, %r2", {bits(0x1p127f), bits(0x1.8p126f)}, 0},
         {"rcp.approx.ftz.f64 %rd0, %rd1", {bits64(1) + 0xffffffff}, bits64(1 - 0x1p-21)},  // what is below the upper half is not seen
         {"rcp.approx.ftz.f64 %rd0, %rd1", {bits64(3)}, 0x3fd5555400000000},
         {"rcp.approx.ftz.f64 %rd0, %rd1", {bits64(-0x1p-1030)}, bits64(-HUGE_VAL)},
         {"rcp.approx.ftz.f64 %rd0, %rd1", {bits64(0x1p1023)}, 0},
         {"rcp.approx.ftz.f64 %rd0, %rd1", {bits64(HUGE_VAL)}, 0}});
}

TEST_CASE("memory: spaces, widths, signs, variables") {
  const auto o = run(R"(
.local .align 16 .b8 depot[16]; .shared .align 4 .b8 own[8];
ld.global.v4.u32 {%r0, %r1, %r2, %r3}, [%rd9];
ld.global.s8 %r4, [%rd9+3]; ld.global.u16 %rs1, [%rd9+2]; cvt.u32.u16 %r5, %rs1;
mov.u64 %rd1, depot; cvta.local.u64 %rd2, %rd1; st.v2.u32 [%rd2+8], {%r2, %r3}; ld.local.u32 %r6, [%rd1+12];
mov.u32 %r7, own; st.shared.u32 [%r7+4], %r1; mov.u64 %rd3, own; cvta.shared.u64 %rd4, %rd3; ld.u32 %r8, [%rd4+4];
mov.u64 %rd5, numbers; ld.global.u32 %r10, [%rd5+4]; ld.const.f32 %f1, [constant];
mov.u32 %r11, dynamic; ld.shared.u32 %r12, [%r11];
st.global.v4.u32 [%rd9], {%r4, %r5, %r6, %r8}; st.global.v2.u32 [%rd9+16], {%r10, %r11}; st.global.f32 [%rd9+24], %f1; st.global.u32 [%rd9+28], %r12;)",
                     {0x80123456, 11, 22, 33, 0, 0, 0, 0}, 1, 16, 1,
                     ".global .align 4 .u32 numbers[3] = {5, -6, 7};\n.const .align 4 .f32 constant = 0f40400000;\n.extern .shared .align "
                     "16 .b8 dynamic[];\n");
  CHECK(o.memory == std::vector<u32>{0xffffff80, 0x8012, 33, 11, u32(-6), 16, bits(3), 0xffffffff});  // shared memory begins as NaN
}

TEST_CASE("atomics") {
  const auto o = run(R"(
atom.global.add.u32 %r1, [%rd9], 1; red.global.max.s32 [%rd9+4], %r9; red.global.or.b32 [%rd9+8], %r9;
cvt.rn.f32.u32 %f1, %r9; red.global.add.f32 [%rd9+12], %f1; atom.global.cas.b32 %r2, [%rd9+16], %r9, 77; atom.global.exch.b32 %r3, [%rd9+20], %r9;)",
                     {100, u32(-5), 0, bits(0.5f), 3, 9}, 40);
  CHECK(o.memory == std::vector<u32>{140, 39, 63, bits(780.5f), 77, 39});
  CHECK(o.trace.races.empty());
}

TEST_CASE("branches: loops of lanes that differ, guards, and where they meet again") {
  CHECK(each(R"(
mov.u32 %r0, 0; mov.u32 %r1, 0;
$L_loop: setp.ge.u32 %p1, %r1, %r9; @%p1 bra $L_end;
add.u32 %r0, %r0, %r1; add.u32 %r1, %r1, 1; bra.uni $L_loop;
$L_end: and.b32 %r2, %r9, 1; setp.eq.s32 %p2, %r2, 0; @%p2 add.s32 %r0, %r0, 1000; @!%p2 add.s32 %r0, %r0, 2000;)") == [] {
    std::vector<u32> all;
    for (u32 i = 0; i < 32; ++i) all.push_back(i * (i ? i - 1 : 0) / 2 + (i % 2 ? 2000 : 1000));
    return all;
  }());
  CHECK(each("setp.lt.u32 %p1, %r9, 4; @%p1 bra $L_a; activemask.b32 %r0; bra $L_b; $L_a: activemask.b32 %r0; $L_b:")[31] == 0xfffffff0);
}

TEST_CASE("warps: shuffles, votes, reductions") {
  struct kind {
    const char* mode;
    u32 by, control;
    u32 (*from)(u32 lane);
  };
  for (const kind& k : {kind{"bfly", 4, 31, [](u32 l) { return l ^ 4; }}, kind{"up", 3, 0, [](u32 l) { return l < 3 ? l : l - 3; }},
                        kind{"down", 5, 31, [](u32 l) { return l + 5 > 31 ? l : l + 5; }}, kind{"idx", 9, 31, [](u32) { return 9u; }},
                        kind{"down", 3, 24 << 8 | 31, [](u32 l) { return l % 8 + 3 > 7 ? l : l + 3; }},
                        kind{"up", 1, 24 << 8, [](u32 l) { return l % 8 ? l - 1 : l; }},
                        kind{"idx", 10, 24 << 8 | 31, [](u32 l) { return l / 8 * 8 + 2; }}}) {
    INFO(k.mode << " " << k.by << " " << k.control);
    const std::vector<u32> got =
        each("add.u32 %r1, %r9, 100; shfl.sync." + std::string(k.mode) + ".b32 %r2|%p1, %r1, " + std::to_string(k.by) + ", " +
             std::to_string(k.control) + ", -1; selp.b32 %r3, 1000, 0, %p1; add.u32 %r0, %r2, %r3;");
    for (u32 l = 0; l < 32; ++l) CHECK(got[l] == k.from(l) + 100 + (k.from(l) != l || (k.mode == std::string("idx")) ? 1000 : 0));
  }
  const std::string half = "setp.gt.u32 %p1, %r9, 15; ";
  CHECK(each(half + "vote.sync.ballot.b32 %r0, %p1, -1;")[3] == 0xffff0000);
  CHECK(each(half + "vote.sync.any.pred %p2, %p1, -1; selp.b32 %r0, 1, 0, %p2;")[3] == 1);
  CHECK(each(half + "vote.sync.all.pred %p2, %p1, -1; selp.b32 %r0, 1, 0, %p2;")[3] == 0);
  CHECK(each(half + "vote.sync.all.pred %p2, !%p1, 65535; selp.b32 %r0, 1, 0, %p2;", 16)[3] == 1);
  CHECK(each("redux.sync.add.s32 %r0, %r9, -1;")[7] == 496);
  CHECK(each("redux.sync.max.u32 %r0, %r9, -1;")[7] == 31);
  CHECK(each("setp.lt.u32 %p1, %r9, 50; bar.red.popc.u32 %r0, 0, %p1;", 64)[63] == 50);
  // Of a lane that takes no part: NaN.
  CHECK(each("mov.u32 %r0, 7; setp.gt.u32 %p1, %r9, 15; @%p1 bra $L_end; shfl.sync.bfly.b32 %r0, %r9, 16, 31, 65535; $L_end:")[0] ==
        0xffffffff);
}

namespace {
const std::string exchange_begin =
    ".shared .align 16 .b8 all[1024]; mov.u32 %r1, all; shl.b32 %r2, %r9, 2; add.u32 %r3, %r1, %r2; st.shared.u32 [%r3], %r9;";
std::string exchange_end(unsigned with) {
  return "xor.b32 %r4, %r3, " + std::to_string(4 * with) + "; ld.shared.u32 %r5, [%r4]; st.global.u32 [%rd8], %r5;";
}
}  // namespace

TEST_CASE("races between barriers, in every order of warps") {
  for (const order o : {order::forward, order::reverse, order::random}) {
    cuda_model::settings().threads = o;
    const auto races = [](const std::string& between, unsigned with) {
      return run(exchange_begin + between + exchange_end(with), std::vector<u32>(64), 64).trace.races;
    };
    CHECK(races("bar.sync 0;", 32).empty());
    CHECK(races("", 0).empty());  // each thread its own
    CHECK(races("bar.warp.sync -1;", 1).empty());
    CHECK(races("", 1).size() == 1);  // another lane's
    CHECK(races("bar.warp.sync -1;", 32).size() >= 1);
    REQUIRE(races("", 32).size() >= 1);
    CHECK_THAT(races("", 32)[0],
               Catch::StartsWith("shared memory race: ") && Catch::Contains("write test.ptx:") && Catch::Contains("st.shared.u32"));
    // What others have read is written too early.
    const std::string again = exchange_begin + "bar.sync 0;" + exchange_end(32);
    CHECK(run(again + "st.shared.u32 [%r3], 0;", std::vector<u32>(64), 64).trace.races.size() >= 1);
    CHECK(run(again + "bar.sync 0; st.shared.u32 [%r3], 0;", std::vector<u32>(64), 64).trace.races.empty());
    // Two warps have read a place; one of them writes it. And all lanes of one, of which one does.
    const std::string all_read = exchange_begin + "bar.sync 0; ld.shared.u32 %r5, [%r1];";
    for (const unsigned writer : {0u, 7u, 40u})
      CHECK(run(all_read + "setp.eq.s32 %p1, %r9, " + std::to_string(writer) + "; @%p1 st.shared.u32 [%r1], 0;", std::vector<u32>(64), 64)
                .trace.races.size() >= 1);
  }
  cuda_model::settings().threads = order::forward;
}

TEST_CASE("what is moved: sectors and banks") {
  const auto sites = [](const std::string& body, unsigned threads = 32) { return run(body, std::vector<u32>(1024), threads).trace.sites; };
  const auto whole = sites("ld.global.u32 %r0, [%rd8];");
  REQUIRE(whole.size() == 1);
  CHECK((whole[0].requests == 1 && whole[0].lanes == 32 && whole[0].units == 4 && whole[0].ideal_units == 4));
  const auto strided = sites("mul.wide.u32 %rd1, %r9, 32; add.s64 %rd1, %rd1, %rd9; st.global.u32 [%rd1], %r9;");
  CHECK((strided[0].write && strided[0].units == 32 && strided[0].ideal_units == 4));
  const auto vector = sites("mul.wide.u32 %rd1, %r9, 16; add.s64 %rd1, %rd1, %rd9; ld.global.v4.u32 {%r0, %r1, %r2, %r3}, [%rd1];");
  CHECK((vector[0].bytes == 16 && vector[0].units == 16 && vector[0].ratio() == 1));
  const auto banks = [&](const std::string& stride) {
    const auto s =
        sites(".shared .align 16 .b8 all[4096]; mov.u32 %r1, all; mad.lo.u32 %r2, %r9, " + stride + ", %r1; st.shared.u32 [%r2], %r9;");
    return std::pair{s[0].units, s[0].ideal_units};
  };
  CHECK(banks("4") == std::pair<u64, u64>{1, 1});
  CHECK(banks("8") == std::pair<u64, u64>{2, 1});
  CHECK(banks("128") == std::pair<u64, u64>{32, 1});
  CHECK(banks("12") == std::pair<u64, u64>{1, 1});
}

TEST_CASE("what is not known is an error that names the line") {
  CHECK_THAT(fault("add.s32 %r0, %r1, %r2;\nfrobnicate.b32 %r0, %r1;"),
             Catch::StartsWith("test.ptx:") && Catch::Contains("frobnicate.b32 is not implemented"));
  for (const char* const unknown :
       {"add.sat.s32 %r0, %r1, %r2;", "fma.rn.relu.f32 %f0, %f1, %f2, %f3;", "mad.lo.cc.u32 %r0, %r1, %r2, %r3;",
        "fma.f32 %f0, %f1, %f2, %f3;", "shfl.bfly.b32 %r0, %r1, 1, 31;", "vote.ballot.b32 %r0, %p1;", "bar.arrive 0, 64;", "bar.sync 1;",
        "atom.global.inc.u32 %r0, [%rd9], 4;", "cvt.f32.s32 %f0, %r1;", "redux.sync.add.f32 %f0, %f1, -1;", "cp.async.wait_all;",
        "ld.global.v2.u32 %r0, [%rd9];"}) {
    INFO(unknown);
    CHECK_THAT(fault(unknown), Catch::Contains("not implemented"));
  }
  CHECK_THAT(fault("ld.global.L3::far.u32 %r0, [%rd9];"), Catch::Contains("'L3::far' is not implemented"));
  CHECK_THAT(fault("add.s32 %r0, %r1;"), Catch::Contains("add.s32 has 1 destinations and 1 sources; known is it with 1 and 2"));
  CHECK_THAT(fault("add.s32 %r0, %r1, %unknown;"), Catch::Contains("'%unknown' is no number and no name"));
  CHECK_THAT(fault("add.s32 5, %r1, %r2;"), Catch::Contains("writes what is no register"));
  CHECK_THAT(fault("bra $L_nowhere;"), Catch::Contains("no label $L_nowhere"));
  CHECK_THAT(fault(".reg .f128 %x;"), Catch::Contains("registers of type .f128 are not known"));
  CHECK_THAT(fault("", 32, ".func helper() { ret; }\n"), Catch::Contains("'.func' is not known here"));
  CHECK_THAT(fault("", 32, ".extern .global .u32 elsewhere;\n"), Catch::Contains("is declared elsewhere"));
  CHECK_THROWS_WITH(cuda_ptx::parse(".version 9.0\n", "x"), Catch::Contains("no .target"));
}

TEST_CASE("what no kernel may do") {
  CHECK_THAT(fault("ld.global.u32 %r0, [%rd9+256];"), Catch::Contains("ld.global.u32 reads 4 bytes outside device memory"));
  CHECK_THAT(fault("st.global.u32 [%rd9-4], %r0;"), Catch::Contains("st.global.u32 writes 4 bytes outside device memory"));
  CHECK_THAT(fault("ld.global.v4.u32 {%r0, %r1, %r2, %r3}, [%rd9+248];"), Catch::Contains("bytes misaligned"));
  CHECK_THAT(fault("ld.global.v2.u32 {%r0, %r1}, [%rd9+252];", 32), Catch::Contains("misaligned"));
  CHECK_THAT(fault("ld.global.u16 %rs0, [%rd9+1];"), Catch::Contains("reads 2 bytes misaligned"));
  CHECK_THAT(fault(".shared .align 4 .b8 all[16]; mov.u32 %r1, all; ld.shared.u32 %r0, [%r1+16];"),
             Catch::Contains("reads 4 bytes outside"));
  CHECK_THAT(fault(".local .align 4 .b8 depot[8]; mov.u64 %rd1, depot; st.local.u32 [%rd1+8], %r0;"),
             Catch::Contains("writes 4 bytes outside"));
  CHECK_THAT(fault("ld.param.u64 %rd1, [k_param_0+8];"), Catch::Contains("reads 8 bytes outside"));
  CHECK_THAT(fault("setp.eq.s32 %p1, %r9, 3; @%p1 ret; bar.sync 0;"), Catch::Contains("waits for threads that have left: 1 of 32"));
  CHECK_THAT(fault("setp.lt.u32 %p1, %r9, 32; @%p1 bra $L_a; bar.sync 0; bra $L_b; $L_a: bar.sync 0; $L_b:", 64),
             Catch::Contains("is not the barrier that all threads"));
  CHECK_THAT(fault("setp.lt.u32 %p1, %r9, 16; @%p1 bra $L_a; bar.sync 0; $L_a: shfl.sync.bfly.b32 %r0, %r9, 1, 31, -1;"),
             Catch::Contains("waits for lanes that never come"));
  CHECK_THAT(fault("shfl.sync.bfly.b32 %r0, %r9, 1, 31, 65535;"), Catch::Contains("has a mask without lane 16"));
  CHECK_THAT(fault("setp.lt.u32 %p1, %r9, 16; @%p1 bra.uni $L_a; $L_a:"), Catch::Contains("goes two ways in one warp"));
  CHECK_THAT(fault("trap;"), Catch::Contains("trap was reached"));
  CHECK_THAT(fault("", 512), Catch::Contains("was launched with 512 threads a block; it is compiled for 256 at most"));
  CHECK_THAT(fault("ld.global.u32 %r0, [%rd9+256];"),
             Catch::Contains("test.ptx:") && Catch::Contains("by thread 0") && Catch::Contains("in block 0 0 0 of k"));
}

TEST_CASE("lines of the source are known") {
  const auto o = run(".loc 1 66 3, function_name $L__info, inlined_at 1 75 3\nld.global.u32 %r0, [%rd8];", std::vector<u32>(32), 32, 0, 1,
                     ".file 1 \"/somewhere/include/ogm/cuda/storage.hpp\"\n");
  REQUIRE(o.trace.sites.size() == 1);
  CHECK(o.trace.sites[0].place == "include/ogm/cuda/storage.hpp:66");
}
