// error: nvcc shuffles numbers, not structs: shuffle the fields.
#include <ogm/cuda/platform.hpp>
struct pair {
  float a, b;
};
pair neighbour(pair p) { return __shfl_xor_sync(ogm::cuda::whole_warp, p, 1); }
