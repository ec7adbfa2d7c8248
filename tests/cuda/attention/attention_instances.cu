#include "attention_instances.hpp"

#include <ogm/cuda/attention/attention_launch.cuh>

namespace ogm::cuda {

#define OGM_INSTANCE(...)                                                                                                         \
  template status launch_attention_forward<__VA_ARGS__>(const attention_forward_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t); \
  template status launch_attention_backward<__VA_ARGS__>(const attention_backward_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t)
#define OGM_FIRST(first, ...) first
OGM_INSTANCE(float);
OGM_INSTANCE(half);
OGM_INSTANCE(bfloat16);
OGM_INSTANCE(float, test::small_attention_tuning);
OGM_INSTANCE(half, test::small_attention_tuning);
template status launch_attention_mean_of_heads<float>(const attention_mean_params<float>&, cudaStream_t);
template status launch_attention_mean_of_heads<half>(const attention_mean_params<half>&, cudaStream_t);

}  // namespace ogm::cuda
