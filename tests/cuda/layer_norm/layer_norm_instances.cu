#include "layer_norm_instances.hpp"

#include <ogm/cuda/layer_norm/layer_norm_launch.cuh>

namespace ogm::cuda {

#define OGM_INSTANCE(...)                                                                                                           \
  template status launch_layer_norm_forward<__VA_ARGS__>(const layer_norm_forward_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t); \
  template status launch_layer_norm_backward<__VA_ARGS__>(const layer_norm_backward_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t)
#define OGM_FIRST(first, ...) first
OGM_INSTANCE(float);
OGM_INSTANCE(half);
OGM_INSTANCE(bfloat16);
OGM_INSTANCE(float, test::small_layer_norm_tuning);
OGM_INSTANCE(half, test::small_layer_norm_tuning);

}  // namespace ogm::cuda
