#include "modulation_instances.hpp"

#include <ogm/cuda/modulation/modulation_launch.cuh>

namespace ogm::cuda {

#define OGM_MOMENTS(...) \
  template status launch_modulation_moments<__VA_ARGS__>(const modulation_moments_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t)
#define OGM_UPDATE(T, rule, ...) \
  template status launch_modulation_update<T, rule __VA_OPT__(, ) __VA_ARGS__>(const modulation_update_params<T, rule>&, cudaStream_t)
#define OGM_DEVIATIONS(...) \
  template status launch_modulation_deviations<__VA_ARGS__>(const modulation_deviations_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t)
#define OGM_NORM(...) \
  template status launch_modulation_norm<__VA_ARGS__>(const modulation_norm_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t)
#define OGM_FIRST(first, ...) first
using sgd = optim::sgd::rule<float>;
using adam = optim::adam::rule<float>;
using rmsprop = optim::rmsprop::rule<float>;
using test::small_modulation_tuning;
using test::subtract_gradient;
OGM_MOMENTS(float);
OGM_MOMENTS(half);
OGM_MOMENTS(bfloat16);
OGM_MOMENTS(float, small_modulation_tuning);
OGM_MOMENTS(half, small_modulation_tuning);
OGM_DEVIATIONS(float);
OGM_DEVIATIONS(float, small_modulation_tuning);
OGM_NORM(float);
OGM_NORM(float, small_modulation_tuning);
OGM_UPDATE(float, sgd);
OGM_UPDATE(float, adam);
OGM_UPDATE(half, sgd);
OGM_UPDATE(bfloat16, adam);
OGM_UPDATE(float, sgd, small_modulation_tuning);
OGM_UPDATE(float, adam, small_modulation_tuning);
OGM_UPDATE(half, sgd, small_modulation_tuning);
OGM_UPDATE(float, rmsprop, small_modulation_tuning);
OGM_UPDATE(float, subtract_gradient, small_modulation_tuning);
OGM_UPDATE(float, assign_gradient);
OGM_UPDATE(float, assign_gradient, small_modulation_tuning);

}  // namespace ogm::cuda

namespace ogm::test {

__global__ void draws(random::key key, std::uint32_t* words, float* normals) {
  const long thread = long(blockIdx.x) * cuda::warp_size + threadIdx.x;
  const random::block four = random::block_of(key, std::uint64_t(thread));
  float normal[4];
  cuda::detail::normals_of_elements(key, std::uint64_t(4 * thread), normal);
  for (int i = 0; i < 4; ++i) {
    words[4 * thread + i] = four.x[i];
    normals[4 * thread + i] = normal[i];
  }
}

cuda::status launch_draws(const random::key& key, std::uint32_t* words, float* normals, long warps, cudaStream_t stream) {
  return cuda::launch("draws", {warps, cuda::warp_size}, stream, &draws, key, words, normals);
}

}  // namespace ogm::test
