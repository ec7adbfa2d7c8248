// error: ogm: a block reduction needs whole warps, 32 of them at most.
#include <ogm/cuda/reduce.cuh>
float all(float x, float* scratch) { return ogm::cuda::reduce_block<48>(x, ogm::cuda::addition{}, scratch); }
