#pragma once
// Random zeros as an operation of backend::cuda.

#include <ogm/cuda/context.hpp>
#include <ogm/cuda/dropout/dropout_launch.cuh>

namespace ogm::op {

inline cuda::status run_on_device(const dropout<float>& o, cuda::context& c) { return cuda::launch_dropout<float>(o, c.stream()); }

}  // namespace ogm::op
