#pragma once
// Random zeros on the device: the launcher, for whom a C++ compiler suffices. Its arguments are the host's operation, with pointers to the
// device. Whoever calls it links an instantiation: a .cu that includes dropout_launch.cuh.

#include <ogm/backend/op/dropout.hpp>
#include <ogm/cuda/status.hpp>
#include <ogm/cuda/storage.hpp>

namespace ogm::cuda {

/// How the work is cut. A type with these members tunes a kernel; tests bring small ones.
struct dropout_tuning {
  static constexpr int threads = 256;  // a block; a thread has 16 bytes, or four elements where they are not aligned
};

/// y (=, +=) x / (1 - probability), or 0 where an element is dropped, on `stream`.
///
/// Numerics   what is dropped is what the host drops, to the bit: Philox, four elements a counter. NaN that is dropped is 0
/// Empty      no elements is success; probability 1 -> 0
/// Errors     a status that names the argument
/// Cost       reads x and writes y once, and reads it where it adds; 16 bytes at a time where both begin on a multiple of that, else an
///            element at a time
template <storage T, class Tuning = dropout_tuning> status launch_dropout(const op::dropout<T>&, cudaStream_t);

}  // namespace ogm::cuda
