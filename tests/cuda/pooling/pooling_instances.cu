#include <ogm/cuda/pooling/pooling_launch.cuh>

namespace ogm::cuda {

#define OGM_LAUNCHER(name, T) template status launch_##name<T>(const name##_params<T>&, cudaStream_t)
#define OGM_INSTANCE(T)               \
  OGM_LAUNCHER(max_pool_forward, T);  \
  OGM_LAUNCHER(max_pool_backward, T); \
  OGM_LAUNCHER(mean_pool_forward, T); \
  OGM_LAUNCHER(mean_pool_backward, T)
OGM_INSTANCE(float);
OGM_INSTANCE(half);
OGM_INSTANCE(bfloat16);

}  // namespace ogm::cuda
