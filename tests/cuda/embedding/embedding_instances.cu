#include "embedding_instances.hpp"

#include <ogm/cuda/embedding/embedding_launch.cuh>

namespace ogm::cuda {

#define OGM_INSTANCE(...)                                                                                             \
  template status launch_gather_rows<__VA_ARGS__>(const gather_rows_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t); \
  template status launch_scatter_rows<__VA_ARGS__>(const scatter_rows_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t)
#define OGM_FIRST(first, ...) first
OGM_INSTANCE(float);
OGM_INSTANCE(half);
OGM_INSTANCE(bfloat16);
OGM_INSTANCE(float, test::small_embedding_tuning);
OGM_INSTANCE(half, test::small_embedding_tuning);
template status launch_first_outside<>(const first_outside_params&, cudaStream_t);

}  // namespace ogm::cuda
