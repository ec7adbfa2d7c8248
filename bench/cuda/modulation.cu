// OGM-GE and one step of SGD with momentum over all parameters, in float. Moments against cuDNN's reductions of each parameter; the update
// against cuBLAS's scal and axpy, and cuRAND's normals where there is noise, over one array of all parameters: what a modality's
// coefficient is, and how large the noise of each parameter, is left out of their work.
#include <curand.h>
#include <ogm/cuda/modulation/modulation_launch.cuh>
#include <ogm/optim/rules.hpp>

#include "device.cuh"

#include <memory>

using namespace ogm::cuda;

namespace {

constexpr ogm::optim::sgd momentum{.lr = 1e-3, .momentum = 0.9};

void check(curandStatus_t s) {
  if (s != CURAND_STATUS_SUCCESS) bench::fail("cuRAND: status " + std::to_string(int(s)));
}

/// So many parameters, cut as those of two ResNet-18 are: most of them in matrices of 2 million.
struct parameters {
  explicit parameters(long all) : count(all) {
    for (long begin = 0; begin < all; begin += part) {
      const long n = std::min(part, all - begin);
      segments.push_back({.gradient = gradient.data() + begin,
                          .value = value.data() + begin,
                          .state = state.data() + begin,
                          .count = n,
                          .stride = n,
                          .coefficient = 0,
                          .stream = std::uint32_t(segments.size())});
    }
    std::vector<modulation_chunk> host_chunks;
    bench::check(cut_into_chunks<float>(segments, 1, host_chunks));
    chunks = std::make_unique<bench::array<modulation_chunk>>(host_chunks);
    device_segments = std::make_unique<bench::array<modulation_segment<float>>>(segments);
    moments = std::make_unique<bench::array<float2>>(long(host_chunks.size()));
    chunk_count = long(host_chunks.size());
  }
  static constexpr long part = 512 * 512 * 9;
  long count, chunk_count = 0;
  bench::array<float> gradient{count, 1}, value{count, 2}, state{count, 3};
  std::vector<modulation_segment<float>> segments;
  std::unique_ptr<bench::array<modulation_chunk>> chunks;
  std::unique_ptr<bench::array<modulation_segment<float>>> device_segments;
  std::unique_ptr<bench::array<float2>> moments;
  bench::array<modulation_coefficient> quiet{std::vector{modulation_coefficient{0.5f, 0, 1}}};
  bench::array<modulation_coefficient> noisy{std::vector{modulation_coefficient{0.5f, 1, 1}}};

  modulation_table<float> table(bool noise) const {
    return {device_segments->data(), chunks->data(), (noise ? noisy : quiet).data(), chunk_count};
  }
};

void find_moments(benchmark::State& state, long count) {
  const parameters p(count);
  std::vector<std::unique_ptr<bench::tensor>> shapes;
  std::vector<std::unique_ptr<bench::reduction>> means, lengths;
  const bench::tensor one(CUDNN_DATA_FLOAT, 1, 1, 1, 1);
  for (const auto& s : p.segments) {
    shapes.push_back(std::make_unique<bench::tensor>(CUDNN_DATA_FLOAT, 1, 1, 1, s.count));
    means.push_back(std::make_unique<bench::reduction>(CUDNN_REDUCE_TENSOR_AVG, *shapes.back(), one));
    lengths.push_back(std::make_unique<bench::reduction>(CUDNN_REDUCE_TENSOR_NORM2, *shapes.back(), one));
  }
  const bench::array<float> results(2 * long(p.segments.size()));
  const auto ours = [&] { bench::check(launch_modulation_moments<float>({p.table(true), p.moments->data()}, nullptr)); };
  const auto reductions = [&] {
    for (std::size_t i = 0; i < p.segments.size(); ++i) {
      (*means[i])(p.segments[i].gradient, results.data() + 2 * i);
      (*lengths[i])(p.segments[i].gradient, results.data() + 2 * i + 1);
    }
  };
  // Mean and length say as much as the moments of chunks, in other words: they are not compared.
  bench::in_turn(state, 4.0 * double(count), 0, ours, {{"cudnn", reductions, [] { return -1; }}});
}

void update(benchmark::State& state, long count, bool noise) {
  const parameters p(count);
  const bench::array<float> normals(count + count % 2), g(count), their_value(count, 2), their_state(count, 3);
  curandGenerator_t generator = nullptr;
  check(curandCreateGenerator(&generator, CURAND_RNG_PSEUDO_PHILOX4_32_10));
  bench::check(launch_modulation_moments<float>({p.table(true), p.moments->data()}, nullptr));
  using rule = ogm::optim::sgd::rule<float>;
  const auto ours = [&] {
    bench::check(launch_modulation_update<float, rule>(
        {.table = p.table(noise), .moments = noise ? p.moments->data() : nullptr, .rule = momentum.at<float>(momentum.lr, 1)}, nullptr));
  };
  const auto composed = [&] {
    const auto blas = bench::library().blas;
    const float m = 0.9f, scale = 0.5f, deviation = 0.58f, minus_rate = -1e-3f;
    const int n = int(count);
    bench::check(cublasSscal(blas, n, &m, their_state.data(), 1));
    bench::check(cublasSaxpy(blas, n, &scale, p.gradient.data(), 1, their_state.data(), 1));
    if (noise) {
      check(curandGenerateNormal(generator, normals.data(), std::size_t(count + count % 2), 0, 1));
      bench::check(cublasSaxpy(blas, n, &deviation, normals.data(), 1, their_state.data(), 1));
    }
    bench::check(cublasSaxpy(blas, n, &minus_rate, their_state.data(), 1, their_value.data(), 1));
  };
  // Without noise both have made one step from the same numbers where they are compared; with noise they have drawn other numbers.
  const auto apart = [&] { return noise ? -1 : std::max(bench::apart(p.value, their_value), bench::apart(p.state, their_state)); };
  bench::in_turn(state, 5 * 4.0 * double(count), bench::tolerance<float>, ours, {{"cublas_curand", composed, apart}});
  check(curandDestroyGenerator(generator));
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run(argc, argv, [] {
    for (const auto& [name, count] : {std::pair{"avst", 7'900'000L}, {"two_resnet18", 22'400'000L}}) {
      const std::string of = std::string("modulation/float/") + name;
      bench::add(of + "/moments", [=](benchmark::State& s) { find_moments(s, count); });
      bench::add(of + "/sgd", [=](benchmark::State& s) { update(s, count, false); });
      bench::add(of + "/sgd_noise", [=](benchmark::State& s) { update(s, count, true); });
    }
  });
}
