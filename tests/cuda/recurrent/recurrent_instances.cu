#include "recurrent_instances.hpp"

#include <ogm/cuda/recurrent/recurrent_launch.cuh>

namespace ogm::cuda {

#define OGM_LAUNCHER(name, ...) template status launch_##name<__VA_ARGS__>(const op::name<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t)
#define OGM_INSTANCE(...)                        \
  OGM_LAUNCHER(lstm_step_forward, __VA_ARGS__);  \
  OGM_LAUNCHER(lstm_step_backward, __VA_ARGS__); \
  OGM_LAUNCHER(gru_step_forward, __VA_ARGS__);   \
  OGM_LAUNCHER(gru_step_backward, __VA_ARGS__);  \
  OGM_LAUNCHER(broadcast_sum, __VA_ARGS__)
#define OGM_FIRST(first, ...) first
OGM_INSTANCE(float);
OGM_INSTANCE(half);
OGM_INSTANCE(bfloat16);
OGM_INSTANCE(float, test::small_recurrent_tuning);

}  // namespace ogm::cuda
