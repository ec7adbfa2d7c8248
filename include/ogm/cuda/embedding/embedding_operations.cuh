#pragma once
// Rows by index as operations of backend::cuda.

#include <ogm/backend/op/embedding.hpp>
#include <ogm/cuda/context.hpp>
#include <ogm/cuda/embedding/embedding_launch.cuh>

namespace ogm::op {

inline cuda::status run_on_device(const first_outside& o, cuda::context& context) {
  return cuda::launch_first_outside({o.x, o.at, o.count, o.low, o.high}, context.stream());
}

inline cuda::status run_on_device(const gather_rows<float>& o, cuda::context& context) {
  return cuda::launch_gather_rows<float>({o.table, o.index, o.y, o.rows, o.columns}, context.stream());
}

inline cuda::status run_on_device(const scatter_rows<float>& o, cuda::context& context) {
  return cuda::launch_scatter_rows<float>({o.dy, o.index, o.dtable, o.rows, o.entries, o.columns, o.add, o.skip}, context.stream());
}

}  // namespace ogm::op
