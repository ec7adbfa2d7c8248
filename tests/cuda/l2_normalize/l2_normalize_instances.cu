#include "l2_normalize_instances.hpp"

#include <ogm/cuda/l2_normalize/l2_normalize_launch.cuh>

namespace ogm::cuda {

#define OGM_INSTANCE(...)                                                                                                               \
  template status launch_l2_normalize_forward<__VA_ARGS__>(const l2_normalize_forward_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t); \
  template status launch_l2_normalize_backward<__VA_ARGS__>(const l2_normalize_backward_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t)
#define OGM_FIRST(first, ...) first
OGM_INSTANCE(float);
OGM_INSTANCE(half);
OGM_INSTANCE(bfloat16);
OGM_INSTANCE(float, test::small_l2_normalize_tuning);
OGM_INSTANCE(half, test::small_l2_normalize_tuning);

}  // namespace ogm::cuda
