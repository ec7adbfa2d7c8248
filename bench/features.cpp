// The small networks that make features, with their published weights: pictures and windows of sound a second, and each of their products,
// with its bias and limits, against oneDNN's bare sgemm of the same shapes. Axes: what, pictures or windows a call, threads.
// Counters: per_s, pictures or windows a second; GFLOP/s, two flop a multiplication and addition; sgemm_GFLOP/s, the bare products alone in
// turn with ours; of_sgemm, the rate of ours over theirs; of_peak, of the rate of fused multiply-adds of this run.
// The weights lie in data/mobilenetv2/weights and data/yamnet/weights of the folder that OGM_SHARED names, or ../shared.

#include <avqa/features/mobilenet_v2.hpp>
#include <avqa/features/yamnet.hpp>
#ifdef OGM_WITH_ONEDNN
#include <ogm/backend/onednn.hpp>
#endif

#include <machine.hpp>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>

using namespace ogm;

namespace {
struct shape {
  long rows, inner, columns;
  double flop() const { return 2.0 * double(rows) * double(inner) * double(columns); }
  auto operator<=>(const shape&) const = default;
};

/// c = a b by the bare call, on as many threads as it is given.
class bare_products {
 public:
  bare_products(std::vector<shape> shapes, int threads) : shapes_(std::move(shapes)), threads_(threads) {
    long a = 0, b = 0, c = 0;
    for (const shape& s : shapes_) {
      a = std::max(a, s.rows * s.inner), b = std::max(b, s.inner * s.columns), c = std::max(c, s.rows * s.columns);
      flop_ += s.flop();
    }
    a_ = filled(a), b_ = filled(b), c_ = filled(c);
  }
  double flop() const { return flop_; }
  const float* a() const { return a_.data(); }
  const float* b() const { return b_.data(); }
  void operator()() const {
#ifdef OGM_WITH_ONEDNN
    omp_set_num_threads(threads_);
    for (const shape& s : shapes_)
      backend::dnnl::check(
          dnnl_sgemm('N', 'T', s.rows, s.columns, s.inner, 1.f, a_.data(), s.inner, b_.data(), s.inner, 0.f, c_.data(), s.columns),
          "sgemm");
#endif
  }

 private:
  static tensor<float, dyn> filled(long count) {
    tensor<float, dyn> x(count);
    for (long i = 0; i < count; ++i) x.data()[i] = float(std::sin(0.37 * double(i % 10007)));
    return x;
  }
  std::vector<shape> shapes_;
  [[maybe_unused]] int threads_;
  double flop_ = 0;
  tensor<float, dyn> a_, b_;
  mutable tensor<float, dyn> c_;
};

void report(benchmark::State& state, const bench::duel& d, double flop, [[maybe_unused]] double bare_flop, int threads) {
  const double rate = flop / d.ours;
  state.counters["GFLOP/s"] = rate * 1e-9;
  state.counters["of_peak"] = rate / bench::peak(threads);
#ifdef OGM_WITH_ONEDNN
  const double bare = bare_flop / d.reference;
  state.counters["sgemm_GFLOP/s"] = bare * 1e-9;
  state.counters["of_sgemm"] = rate / bare;
#endif
}

std::string weights(const std::string& of) {
  const char* const given = std::getenv("OGM_SHARED");
  return (given ? std::string(given) : std::string("../shared")) + "/data/" + of + "/weights";
}
bool near(const float* ours, const std::vector<float>& golden) {
  float largest = 0;
  for (const float v : golden) largest = std::max(largest, std::abs(v));
  for (std::size_t i = 0; i < golden.size(); ++i)
    if (!(std::abs(ours[i] - golden[i]) <= 1e-4f * largest)) return false;
  return true;
}

void pictures(benchmark::State& state, bool up_to_maps) {
  const long count = state.range(0);
  const int threads = int(state.range(1));
  const std::string folder = weights("mobilenetv2");
  if (!std::filesystem::exists(folder)) return state.SkipWithError(("no folder " + folder).c_str());
  const use_threads pool(threads);
  const avqa::mobilenet_v2 network(folder);
  const auto golden = data::npy::read<std::uint8_t>(folder + "/golden_in.npy");
  if (!near(network.pooled(golden.as<dyn, dyn, dyn, 3>()).data(), data::npy::read<float>(folder + "/golden_pooled1280.npy").values))
    return state.SkipWithError("the features are not those of the reference");
  tensor<std::uint8_t, dyn, dyn, dyn, 3> x(count, 224, 224);
  for (long i = 0; i < x.count(); ++i) x.data()[i] = golden.values[std::size_t(i) % golden.values.size()];
  std::vector<shape> shapes;
  network.each_product(up_to_maps, [&](long rows, long inner, long columns) {
    shapes.insert(shapes.end(), std::size_t(count), shape{rows, inner, columns});
  });
  bare_products bare(shapes, threads);
  const auto ours = [&] {
    if (up_to_maps)
      benchmark::DoNotOptimize(network.maps(x).data());
    else
      benchmark::DoNotOptimize(network.pooled(x).data());
  };
  const auto d = bench::in_turn(state, ours, bare);
  report(state, d, network.flop(up_to_maps) * double(count), bare.flop(), threads);
  state.counters["per_s"] = double(count) / d.ours;
}

void windows(benchmark::State& state) {
  const long count = state.range(0);
  const int threads = int(state.range(1));
  const std::string folder = weights("yamnet");
  if (!std::filesystem::exists(folder)) return state.SkipWithError(("no folder " + folder).c_str());
  const use_threads pool(threads);
  const avqa::yamnet network(folder);
  const auto golden = data::npy::read<float>(folder + "/golden_in.npy");
  if (!near(network.embed(golden.values, 15600).data(), data::npy::read<float>(folder + "/golden_embed.npy").values))
    return state.SkipWithError("the embeddings are not those of the reference");
  std::vector<float> x(std::size_t(count * 15600));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = golden.values[i % golden.values.size()];
  std::vector<shape> shapes;  // of eight windows, as the network takes them
  network.each_product([&](long rows, long inner, long columns) {
    for (long i = 0; i < count; i += 8) shapes.push_back({rows * std::min(8L, count - i), inner, columns});
  });
  bare_products bare(shapes, threads);
  const auto d = bench::in_turn(
      state, [&] { benchmark::DoNotOptimize(network.embed(x, 15600).data()); }, bare);
  report(state, d, network.flop() * double(count), bare.flop(), threads);
  state.counters["per_s"] = double(count) / d.ours;
}

/// One product with its bias and limits, in one thread.
void product(benchmark::State& state, const shape& s) {
  bare_products bare({s}, 1);
  const std::vector<float> bias(std::size_t(s.columns), 0.f);
  const avqa::op::packed_product ours({bare.b(), std::size_t(s.inner * s.columns)}, bias);
  tensor<float, dyn> y(s.rows * s.columns);
  ours.run(s.rows, bare.a(), {{-1e9f, 1e9f}}, y.data());
  for (long i = 0; i < y.count(); i += y.count() / 500 | 1) {
    double sum = 0, size = 1;
    for (long k = 0; k < s.inner; ++k) {
      const double term = double(bare.a()[i / s.columns * s.inner + k]) * double(bare.b()[i % s.columns * s.inner + k]);
      sum += term, size += std::abs(term);
    }
    if (!(std::abs(double(y.data()[i]) - sum) <= 1e-5 * size)) return state.SkipWithError("the product is not its reference");
  }
  const auto d = bench::in_turn(
      state,
      [&] {
        ours.run(s.rows, bare.a(), {{0.f, 6.f}}, y.data());
      },
      bare, std::max(1L, long(2e7 / s.flop())));
  report(state, d, s.flop(), s.flop(), 1);
}

/// One depth-wise convolution; its reference is nothing, its limit the reading and writing.
void depthwise(benchmark::State& state) {
  avqa::op::depthwise_shape s{.height = state.range(0), .width = state.range(0), .channels = state.range(1), .stride = state.range(2)};
  s.pad_before = s.stride == 1;
  const long in_row = s.width * s.channels, out_row = s.out_width() * s.channels;
  tensor<float, dyn> x(s.height * in_row), y(s.out_height() * out_row);
  std::fill_n(x.data(), x.count(), 0.5f);
  const std::vector<float> weight(std::size_t(9 * s.channels), 1.f), bias(std::size_t(s.channels), 0.25f);
  const avqa::op::depthwise_row row{s, weight.data(), bias.data(), {0.f, 6.f}};
  const auto ours = [&] {
    for (long h = 0; h < s.out_height(); ++h)
      row(
          h, [&](long r) { return x.data() + r * in_row; }, y.data() + h * out_row);
  };
  ours();
  if (y.data()[(s.out_width() + 1) * s.channels] != 4.75f) return state.SkipWithError("the convolution is not its reference");
  const double flop = 18.0 * double(y.count());
  const auto d = bench::in_turn(
      state, ours, [] {}, std::max(1L, long(1e7 / flop)));
  state.counters["GFLOP/s"] = flop / d.ours * 1e-9;
  state.counters["of_peak"] = flop / d.ours / bench::peak(1);
  state.counters["GB/s"] = double(x.bytes() + y.bytes()) / d.ours * 1e-9;
}

template <class F> auto* add(const std::string& name, const F& f) {
  return benchmark::RegisterBenchmark(name.c_str(), f)->UseManualTime()->MinTime(0.2)->Unit(benchmark::kMicrosecond);
}
}  // namespace

int main(int argc, char** argv) {
  const auto network = [](const std::string& name, const auto& f, const char* of) {
    add(name, f)->ArgNames({of, "threads"})->ArgsProduct({{1, 16}, {1, 2}});
  };
  network(
      "mobilenet_v2 maps", [](benchmark::State& s) { pictures(s, true); }, "pictures");
  network(
      "mobilenet_v2 pooled", [](benchmark::State& s) { pictures(s, false); }, "pictures");
  network("yamnet embed", windows, "windows");
  for (const shape& s :
       std::set<shape>{{12544, 27, 32}, {12544, 32, 16}, {12544, 16, 96}, {3136, 96, 24},  {3136, 24, 144}, {3136, 144, 24},
                       {784, 144, 32},  {784, 32, 192},  {784, 192, 32},  {196, 64, 384},  {196, 384, 64},  {196, 96, 576},
                       {196, 576, 96},  {49, 160, 960},  {49, 960, 160},  {49, 320, 1280}, {1536, 32, 64},  {384, 64, 128},
                       {384, 128, 128}, {96, 128, 256},  {96, 256, 256},  {192, 512, 512}, {48, 1024, 1024}})
    add("product/" + std::to_string(s.rows) + "x" + std::to_string(s.inner) + "x" + std::to_string(s.columns),
        [s](benchmark::State& state) { product(state, s); });
  add("depthwise", depthwise)
      ->ArgNames({"side", "channels", "stride"})
      ->Args({112, 32, 1})
      ->Args({56, 144, 1})
      ->Args({56, 144, 2})
      ->Args({28, 192, 1})
      ->Args({14, 576, 1})
      ->Args({14, 576, 2})
      ->Args({7, 960, 1});
  return bench::run(argc, argv, false);
}
