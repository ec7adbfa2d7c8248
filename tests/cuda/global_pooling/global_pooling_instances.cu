#include "global_pooling_instances.hpp"

#include <ogm/cuda/global_pooling/global_pooling_launch.cuh>

namespace ogm::cuda {

#define OGM_INSTANCE(...)                                                                                                    \
  template status launch_global_pooling_forward<__VA_ARGS__>(const global_pooling_forward_params<OGM_FIRST(__VA_ARGS__, )>&, \
                                                             cudaStream_t);                                                  \
  template status launch_global_pooling_backward<__VA_ARGS__>(const global_pooling_backward_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t)
#define OGM_FIRST(first, ...) first
OGM_INSTANCE(float);
OGM_INSTANCE(half);
OGM_INSTANCE(bfloat16);
OGM_INSTANCE(float, test::small_global_pooling_tuning);
OGM_INSTANCE(half, test::small_global_pooling_tuning);

}  // namespace ogm::cuda
