#include "rows_instances.hpp"

#include <ogm/cuda/rows/rows_launch.cuh>

namespace ogm::cuda {

#define OGM_FIRST(first, ...) first
#define OGM_LAUNCHER(name, ...) template status launch_##name<__VA_ARGS__>(const name##_params<OGM_FIRST(__VA_ARGS__, )>&, cudaStream_t)
#define OGM_INSTANCE(...)                          \
  OGM_LAUNCHER(fill, __VA_ARGS__);                 \
  OGM_LAUNCHER(copy_block, __VA_ARGS__);           \
  OGM_LAUNCHER(broadcast_row, __VA_ARGS__);        \
  OGM_LAUNCHER(scale_rows, __VA_ARGS__);           \
  OGM_LAUNCHER(swap_axes, __VA_ARGS__);            \
  OGM_LAUNCHER(mean_middle_forward, __VA_ARGS__);  \
  OGM_LAUNCHER(mean_middle_backward, __VA_ARGS__); \
  OGM_LAUNCHER(sum_rows, __VA_ARGS__)
OGM_INSTANCE(float);
OGM_INSTANCE(half);
OGM_INSTANCE(bfloat16);
OGM_INSTANCE(float, test::small_rows_tuning);
OGM_INSTANCE(half, test::small_rows_tuning);
template status launch_add_moments<>(const add_moments_params&, cudaStream_t);
template status launch_add_moments<test::small_rows_tuning>(const add_moments_params&, cudaStream_t);
template status launch_deviation_of_mean<>(const deviation_of_mean_params&, cudaStream_t);
template status launch_deviation_of_mean<test::small_rows_tuning>(const deviation_of_mean_params&, cudaStream_t);

}  // namespace ogm::cuda
