// Attended and mean pooling of maps under a sound, in float, forward against cuDNN's reductions and softmax with cuBLAS's products of each
// map. What neither library does, dividing by the lengths of vectors, is left to small kernels of this file, over 1 / channels of the
// elements. Backward there is no composition here: it is timed beside the copy alone.
#include <avqa/cuda/spatial_grounding/spatial_grounding_launch.cuh>

#include "device.cuh"

using namespace avqa::cuda;

namespace {

/// y = x / length, element by element; of the frame's sound too, where it is given: (frames, locations) by (frames).
__global__ void divide(const float* x, const float* length, const float* sound_length, float* y, int locations, int count) {
  const int i = int(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < count) y[i] = x[i] / fmaxf(length[i], 1e-12f) / (sound_length ? fmaxf(sound_length[i / locations], 1e-12f) : 1.f);
}

struct problem {
  long frames, channels = 512, locations = 196;
  long map = frames * channels * locations, sounds = frames * channels, places = frames * locations;
  bench::array<float> sound{sounds, 1}, maps{map, 2}, pooled{2 * sounds}, weight{places};
  bench::array<float> length{places}, sound_length{frames}, cosine{places}, their_weight{places}, divided{places}, their_pooled{2 * sounds};
  bench::tensor all{CUDNN_DATA_FLOAT, frames, channels, locations, 1}, over_channels{CUDNN_DATA_FLOAT, frames, 1, locations, 1},
      scores{CUDNN_DATA_FLOAT, frames, locations, 1, 1}, heard{CUDNN_DATA_FLOAT, frames, channels, 1, 1},
      a_frame{CUDNN_DATA_FLOAT, frames, 1, 1, 1};
  bench::reduction lengths{CUDNN_REDUCE_TENSOR_NORM2, all, over_channels}, sound_lengths{CUDNN_REDUCE_TENSOR_NORM2, heard, a_frame};
  bench::array<float> share{std::vector<float>(std::size_t(locations), 1 / float(locations))};
  long shared_bytes = most_shared_memory();

  static long most_shared_memory() {
    int bytes = 0;
    bench::check(cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0));
    return bytes;
  }
  double map_bytes() const { return 4.0 * double(map); }

  void forward() const {
    bench::check(launch_spatial_grounding_forward<float>({.sound = sound.data(),
                                                          .positive = {maps.data(), pooled.data(), weight.data()},
                                                          .frames = frames,
                                                          .channels = channels,
                                                          .locations = locations,
                                                          .shared_bytes = shared_bytes},
                                                         nullptr));
  }
  void divide_by_lengths(const float* x, const float* by_sound, float* y) const {
    divide<<<unsigned((places + 255) / 256), 256>>>(x, length.data(), by_sound, y, int(locations), int(places));
    bench::check(cudaGetLastError());
  }
  /// y (channels) of each frame = map (channels, locations) x; x begins `step` after the frame before's. `half`: of their_pooled.
  void weigh(const float* x, long step, long half) const {
    const float one = 1, zero = 0;
    bench::check(cublasSgemmStridedBatched(bench::library().blas, CUBLAS_OP_T, CUBLAS_OP_N, int(channels), 1, int(locations), &one,
                                           maps.data(), int(locations), channels * locations, x, int(locations), step, &zero,
                                           their_pooled.data() + half * channels, int(channels), 2 * channels, int(frames)));
  }
  void their_forward() const {
    const float one = 1, zero = 0;
    lengths(maps.data(), length.data());
    sound_lengths(sound.data(), sound_length.data());
    bench::check(cublasSgemmStridedBatched(bench::library().blas, CUBLAS_OP_N, CUBLAS_OP_N, int(locations), 1, int(channels), &one,
                                           maps.data(), int(locations), channels * locations, sound.data(), int(channels), channels, &zero,
                                           cosine.data(), int(locations), locations, int(frames)));
    divide_by_lengths(cosine.data(), sound_length.data(), cosine.data());
    bench::check(cudnnSoftmaxForward(bench::library().dnn, CUDNN_SOFTMAX_ACCURATE, CUDNN_SOFTMAX_MODE_INSTANCE, &one, scores, cosine.data(),
                                     &zero, scores, their_weight.data()));
    divide_by_lengths(their_weight.data(), nullptr, divided.data());
    weigh(share.data(), 0, 0);
    weigh(divided.data(), locations, 1);
  }
};

void forward(benchmark::State& state, long frames) {
  const problem p{frames};
  const auto apart = [&] { return std::max(bench::apart(p.pooled, p.their_pooled), bench::apart(p.weight, p.their_weight)); };
  bench::in_turn(state, p.map_bytes() + 4.0 * double(3 * p.sounds + p.places), bench::tolerance<float>, [&] { p.forward(); },
                 {{"cudnn_cublas", [&] { p.their_forward(); }, apart}});
}

void backward(benchmark::State& state, long frames) {
  const problem p{frames};
  const bench::array<float> dpooled(2 * p.sounds, 3), dmaps(p.map), dsound(p.sounds);
  const auto ours = [&] {
    bench::check(launch_spatial_grounding_backward<float>({.sound = p.sound.data(),
                                                           .positive = {p.maps.data(), dpooled.data(), nullptr, dmaps.data()},
                                                           .dsound = dsound.data(),
                                                           .frames = p.frames,
                                                           .channels = p.channels,
                                                           .locations = p.locations,
                                                           .shared_bytes = p.shared_bytes},
                                                          nullptr));
  };
  bench::in_turn(state, 2 * p.map_bytes() + 4.0 * double(4 * p.sounds), 0, ours, {});
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run(argc, argv, [] {
    for (const long frames : {64L, 640L, 1280L}) {
      const std::string name = "spatial_grounding/float/" + std::to_string(frames) + "x512x14x14";
      bench::add(name + "/forward", [=](benchmark::State& s) { forward(s, frames); });
      bench::add(name + "/backward", [=](benchmark::State& s) { backward(s, frames); });
    }
  });
}
