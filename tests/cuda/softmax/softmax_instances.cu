#include "softmax_instances.hpp"

#include <ogm/cuda/softmax/softmax_launch.cuh>

namespace ogm::cuda {

#define OGM_INSTANCE(...)                                                                                                     \
  template status launch_softmax_forward<__VA_ARGS__>(const softmax_forward_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t); \
  template status launch_softmax_backward<__VA_ARGS__>(const softmax_backward_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t)
#define OGM_FIRST(first, ...) first
OGM_INSTANCE(float);
OGM_INSTANCE(half);
OGM_INSTANCE(bfloat16);
OGM_INSTANCE(float, test::small_softmax_tuning);
OGM_INSTANCE(half, test::small_softmax_tuning);

}  // namespace ogm::cuda
