#include "softmax_instances.hpp"

#include <ogm/cuda/softmax/softmax_launch.cuh>

namespace ogm::cuda {

#define OGM_FIRST(first, ...) first
#define OGM_LAUNCHER(name, params, ...) template status launch_##name<__VA_ARGS__>(const params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t)
#define OGM_INSTANCE(...)                                                 \
  OGM_LAUNCHER(softmax_forward, softmax_forward_params, __VA_ARGS__);     \
  OGM_LAUNCHER(softmax_backward, softmax_backward_params, __VA_ARGS__);   \
  OGM_LAUNCHER(log_softmax_forward, softmax_forward_params, __VA_ARGS__); \
  OGM_LAUNCHER(log_softmax_backward, log_softmax_backward_params, __VA_ARGS__)
OGM_INSTANCE(float);
OGM_INSTANCE(half);
OGM_INSTANCE(bfloat16);
OGM_INSTANCE(float, test::small_softmax_tuning);
OGM_INSTANCE(half, test::small_softmax_tuning);

}  // namespace ogm::cuda
