#include "temporal_grounding_instances.hpp"

#include <avqa/cuda/temporal_grounding/temporal_grounding_launch.cuh>

namespace avqa::cuda {

#define OGM_INSTANCE(...)                                                                                             \
  template status launch_single_query_attention_forward<__VA_ARGS__>(                                                 \
      const single_query_attention_forward_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t);                          \
  template status launch_single_query_attention_backward<__VA_ARGS__>(                                                \
      const single_query_attention_backward_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t);                         \
  template status launch_add_by_head<__VA_ARGS__>(const add_by_head_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t); \
  template status launch_add_by_head_backward<__VA_ARGS__>(const add_by_head_backward_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t)
#define OGM_FIRST(first, ...) first
OGM_INSTANCE(float);
OGM_INSTANCE(ogm::cuda::half);
OGM_INSTANCE(ogm::cuda::bfloat16);
OGM_INSTANCE(float, ogm::test::small_temporal_tuning);
OGM_INSTANCE(ogm::cuda::half, ogm::test::small_temporal_tuning);

}  // namespace avqa::cuda
