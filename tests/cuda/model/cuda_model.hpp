#pragma once
// The CPU execution model of CUDA: lets a C++20 compiler build and run the kernels that nvcc builds. Every CUDA thread is a fiber; threads
// change over at barriers and warp collectives only, in an order that the test chooses. For tests; never installed. See docs/cuda.md.

#include "arithmetic.hpp"
#include "collectives.hpp"
#include "half.hpp"
#include "language.hpp"
#include "runtime.hpp"
#include "scheduling.hpp"
