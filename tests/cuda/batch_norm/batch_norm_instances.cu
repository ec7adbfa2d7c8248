#include "batch_norm_instances.hpp"

#include <ogm/cuda/batch_norm/batch_norm_launch.cuh>

namespace ogm::cuda {

#define OGM_INSTANCE(...)                                                                                                           \
  template status launch_batch_norm_forward<__VA_ARGS__>(const batch_norm_forward_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t); \
  template status launch_batch_norm_backward<__VA_ARGS__>(const batch_norm_backward_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t)
#define OGM_FIRST(first, ...) first
OGM_INSTANCE(float);
OGM_INSTANCE(half);
OGM_INSTANCE(float, test::small_batch_norm_tuning);
OGM_INSTANCE(half, test::small_batch_norm_tuning);

}  // namespace ogm::cuda
