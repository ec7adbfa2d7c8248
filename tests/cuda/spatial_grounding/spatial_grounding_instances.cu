#include "spatial_grounding_instances.hpp"

#include <avqa/cuda/spatial_grounding/spatial_grounding_launch.cuh>

namespace avqa::cuda {

#define OGM_INSTANCE(...)                                                                                                            \
  template status launch_spatial_grounding_forward<__VA_ARGS__>(const spatial_grounding_forward_params<OGM_FIRST(__VA_ARGS__, )>&,   \
                                                                cudaStream_t);                                                       \
  template status launch_spatial_grounding_backward<__VA_ARGS__>(const spatial_grounding_backward_params<OGM_FIRST(__VA_ARGS__, )>&, \
                                                                 cudaStream_t)
#define OGM_FIRST(first, ...) first
OGM_INSTANCE(float);
OGM_INSTANCE(ogm::cuda::half);
OGM_INSTANCE(ogm::cuda::bfloat16);
OGM_INSTANCE(float, ogm::test::small_grounding_tuning);
OGM_INSTANCE(ogm::cuda::half, ogm::test::small_grounding_tuning);

}  // namespace avqa::cuda
