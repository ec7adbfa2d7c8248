#pragma once
// The launchers of rows by index: the only host code that knows their kernels.

#include <ogm/cuda/embedding/embedding_kernel.cuh>
#include <ogm/cuda/launch.cuh>

#include <type_traits>

namespace ogm::cuda {

namespace detail {

template <class T, class Tuning, int Width> status launch_gather(const char* who, const gather_rows_params<T>& p, cudaStream_t stream) {
  const int pieces = piece_of_row<Width, Tuning::vectors_a_lane>::count(p.y, p.columns);
  return launch(who, {blocks_of_warps<Tuning>(p.rows) * pieces, Tuning::threads}, stream, gather_rows_of_pieces<T, Tuning, Width>, p,
                pieces);
}

template <class T, class Tuning, int Width> status launch_scatter(const char* who, const scatter_rows_params<T>& p, cudaStream_t stream) {
  const auto run = [&]<int Vectors>(std::integral_constant<int, Vectors>, int pieces) {
    return launch(who, {blocks_of_warps<Tuning>(p.entries) * pieces, Tuning::threads}, stream,
                  scatter_rows_of_pieces<T, Tuning, Width, Vectors>, p, pieces);
  };
  const int pieces = piece_of_row<Width, 1>::count(p.dtable, p.columns);
  if (p.entries * pieces <= Tuning::warps_of_one_vector) return run(std::integral_constant<int, 1>{}, pieces);
  constexpr int vectors = Tuning::vectors_a_lane;
  return run(std::integral_constant<int, vectors>{}, piece_of_row<Width, vectors>::count(p.dtable, p.columns));
}

}  // namespace detail

template <storage T, class Tuning> status launch_gather_rows(const gather_rows_params<T>& p, cudaStream_t stream) {
  const char* const who = "gather_rows";
  if (status s = check_rows(who, p.rows, p.columns); !s.ok()) return s;
  if (rows_alike<T>(p.columns, p.table, p.y)) return detail::launch_gather<T, Tuning, vector_width<T>>(who, p, stream);
  return detail::launch_gather<T, Tuning, 1>(who, p, stream);
}

template <storage T, class Tuning> status launch_scatter_rows(const scatter_rows_params<T>& p, cudaStream_t stream) {
  const char* const who = "scatter_rows";
  if (status s = check_rows(who, p.rows, p.columns); !s.ok()) return s;
  if (p.entries < 0) return wrong_argument(who, "entries", p.entries, "0 or more");
  if (rows_alike<T>(p.columns, p.dy, p.dtable)) return detail::launch_scatter<T, Tuning, vector_width<T>>(who, p, stream);
  return detail::launch_scatter<T, Tuning, 1>(who, p, stream);
}

template <class Tuning> status launch_first_outside(const first_outside_params& p, cudaStream_t stream) {
  const char* const who = "first_outside";
  if (p.count < 0) return wrong_argument(who, "count", p.count, "0 or more");
  if (const cudaError_t error = cudaMemsetAsync(p.at, 0xff, sizeof *p.at, stream); error != cudaSuccess) return {who, error};
  return launch(who, {(p.count + Tuning::threads - 1) / Tuning::threads, Tuning::threads}, stream, first_outside_of_threads<Tuning>, p);
}

}  // namespace ogm::cuda
