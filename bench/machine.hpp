#pragma once
// What this machine can do, measured in the same run: the rate of fused multiply-adds, and the speed of one pass over memory.
// Every benchmark is timed in turn with its reference, so that whatever else the machine does hits both; the shortest times count.

#include <ogm/core/pack.hpp>
#include <ogm/core/parallel.hpp>
#include <ogm/core/tensor.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <limits>
#include <string>
#include <vector>

namespace bench {

/// The seconds that f() takes: of processor time where this thread works alone, so that the turns of other programs are not counted; by
/// the clock where a pool is in use.
template <class F> double seconds(const F& f) {
  const auto now = [alone = ogm::current_pool() == nullptr] {
    std::timespec t;
    clock_gettime(alone ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
  };
  const double start = now();
  f();
  return now() - start;
}
/// The shortest of several calls.
template <class F> double shortest(int calls, const F& f) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < calls; ++i) best = std::min(best, seconds(f));
  return best;
}

/// Floating-point operations a second of `threads` threads in independent fused multiply-adds of whole vectors.
inline double multiply_add_rate(int threads) {
  constexpr int chains = 24;
  constexpr long rounds = 100000;
  std::vector<ogm::float_pack> results(std::size_t(threads), ogm::float_pack{});
  const ogm::use_threads pool(threads);
  const auto work = [&] {
    ogm::parallel_for(threads, [&](long t) {
      ogm::float_pack a[chains];
      for (int i = 0; i < chains; ++i) a[i] = ogm::float_pack{} + float(i);
      const ogm::float_pack b = ogm::float_pack{} + 0.999f, c = ogm::float_pack{} + 1e-3f;
      for (long k = 0; k < rounds; ++k) OGM_UNROLL
      for (int i = 0; i < chains; ++i) a[i] = a[i] * b + c;
      for (int i = 1; i < chains; ++i) a[0] += a[i];
      results[std::size_t(t)] = a[0];
    });
    benchmark::DoNotOptimize(results.data());
  };
  return 2.0 * chains * rounds * ogm::lanes * threads / shortest(20, work);
}
/// The same, measured once a program and number of threads.
inline double peak(int threads) {
  static std::array<double, 65> rates{};
  double& rate = rates.at(std::size_t(threads));
  if (rate == 0) rate = multiply_add_rate(threads);
  return rate;
}

/// One pass over memory: each of the outputs gets the sum of the inputs. The elements are cut evenly, one part a thread.
template <std::size_t Inputs, std::size_t Outputs>
void pass(const std::array<const float*, Inputs>& x, const std::array<float*, Outputs>& y, long count, int threads) {
  constexpr ogm::position<ogm::lanes> at{0, 0, 0};
  const long part = (count / threads + ogm::lanes - 1) / ogm::lanes * ogm::lanes;
  ogm::parallel_for(threads, [&](long t) {
    for (long i = t * part; i + ogm::lanes <= std::min(count, (t + 1) * part); i += ogm::lanes) {
      auto sum = ogm::float_pack{} + 1.f;
      for (const float* p : x) sum += ogm::load<ogm::float_pack>(p + i, at);
      for (float* p : y) ogm::store(p + i, sum, at);
    }
  });
}
/// Bytes a second of a pass with one input and one output that share `bytes`.
inline double pass_speed(long bytes, int threads) {
  const long count = bytes / long(2 * sizeof(float));
  ogm::tensor<float, ogm::dyn> x(count), y(count);
  std::fill_n(x.data(), count, 1.f);
  std::fill_n(y.data(), count, 1.f);
  const ogm::use_threads pool(threads);
  const long repeat = std::max(1L, 4000000 / bytes);
  const double t = shortest(15, [&] {
    for (long k = 0; k < repeat; ++k) {
      pass<1, 1>({x.data()}, {y.data()}, count, threads);
      benchmark::ClobberMemory();
    }
  });
  return double(bytes) * double(repeat) / t;
}

/// The shortest seconds of one call of what is measured, and of its reference.
struct duel {
  double ours = std::numeric_limits<double>::infinity(), reference = ours;
};
/// Times both in turn, `repeat` calls at a time; the state's time is that of `ours`. `before` comes before each turn, untimed.
template <class Ours, class Reference, class Before>
duel in_turn(benchmark::State& state, const Ours& ours, const Reference& reference, long repeat, const Before& before) {
  const auto some = [&](const auto& f) {
    return seconds([&] {
             for (long k = 0; k < repeat; ++k) {
               f();
               benchmark::ClobberMemory();
             }
           }) /
           double(repeat);
  };
  before();
  ours(), reference();
  duel best;
  for (auto _ : state) {
    before();
    const double t = some(ours);
    state.SetIterationTime(t);
    best.ours = std::min(best.ours, t);
    best.reference = std::min(best.reference, some(reference));
  }
  return best;
}
template <class Ours, class Reference>
duel in_turn(benchmark::State& state, const Ours& ours, const Reference& reference, long repeat = 1) {
  return in_turn(state, ours, reference, repeat, [] {});
}

/// Prints what the machine can do, then runs every registered benchmark.
inline int run(int argc, char** argv, bool memory) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  const auto line = [](const std::string& what, int threads, double value, const char* unit) {
    char text[64];
    std::snprintf(text, sizeof text, "%.0f %s", value * 1e-9, unit);
    benchmark::AddCustomContext(what + ", " + std::to_string(threads) + (threads == 1 ? " thread" : " threads"), text);
  };
  for (const int threads : {1, 2}) {
    line("fused multiply-adds", threads, peak(threads), "GFLOP/s");
    if (!memory) continue;
    line("read and write, 512 KiB", threads, pass_speed(512L << 10, threads), "GB/s");
    line("read and write, 8 MiB", threads, pass_speed(8L << 20, threads), "GB/s");
    line("read and write, 128 MiB", threads, pass_speed(128L << 20, threads), "GB/s");
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace bench
