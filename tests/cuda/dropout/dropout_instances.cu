#include "dropout_instances.hpp"

#include <ogm/cuda/dropout/dropout_launch.cuh>

namespace ogm::cuda {

template status launch_dropout<float>(const op::dropout<float>&, cudaStream_t);
template status launch_dropout<half>(const op::dropout<half>&, cudaStream_t);
template status launch_dropout<bfloat16>(const op::dropout<bfloat16>&, cudaStream_t);
template status launch_dropout<float, test::small_dropout_tuning>(const op::dropout<float>&, cudaStream_t);
template status launch_dropout<half, test::small_dropout_tuning>(const op::dropout<half>&, cudaStream_t);

}  // namespace ogm::cuda
