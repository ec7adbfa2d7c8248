#include "pointwise_loss_instances.hpp"

#include <ogm/backend/op/loss.hpp>
#include <ogm/cuda/pointwise_loss/pointwise_loss_launch.cuh>

namespace ogm::cuda {

#define OGM_INSTANCE(F, ...)                                                                                                          \
  template status launch_pointwise_loss_forward<op::F, __VA_ARGS__>(const pointwise_loss_forward_params<OGM_FIRST(__VA_ARGS__, )>&,   \
                                                                    cudaStream_t);                                                    \
  template status launch_pointwise_loss_backward<op::F, __VA_ARGS__>(const pointwise_loss_backward_params<OGM_FIRST(__VA_ARGS__, )>&, \
                                                                     cudaStream_t)
#define OGM_FIRST(first, ...) first
OGM_INSTANCE(binary_cross_entropy, float);
OGM_INSTANCE(binary_cross_entropy, half);
OGM_INSTANCE(squared_error, float);
OGM_INSTANCE(squared_error, bfloat16);
OGM_INSTANCE(binary_cross_entropy, float, test::small_pointwise_loss_tuning);
OGM_INSTANCE(binary_cross_entropy, half, test::small_pointwise_loss_tuning);
OGM_INSTANCE(squared_error, float, test::small_pointwise_loss_tuning);

}  // namespace ogm::cuda
