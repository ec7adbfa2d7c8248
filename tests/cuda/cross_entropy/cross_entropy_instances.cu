#include "cross_entropy_instances.hpp"

#include <ogm/cuda/cross_entropy/cross_entropy_launch.cuh>

namespace ogm::cuda {

template status launch_cross_entropy<float>(const cross_entropy_params<float>&, cudaStream_t);
template status launch_cross_entropy<half>(const cross_entropy_params<half>&, cudaStream_t);
template status launch_cross_entropy<bfloat16>(const cross_entropy_params<bfloat16>&, cudaStream_t);
template status launch_cross_entropy<float, test::small_cross_entropy_tuning>(const cross_entropy_params<float>&, cudaStream_t);
template status launch_cross_entropy<half, test::small_cross_entropy_tuning>(const cross_entropy_params<half>&, cudaStream_t);

}  // namespace ogm::cuda
