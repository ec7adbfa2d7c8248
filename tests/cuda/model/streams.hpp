#pragma once
// Streams: what is launched runs at once, so that of a stream there is only whether it lives.

struct CUstream_st;
using cudaStream_t = CUstream_st*;

namespace cuda_model {

cudaStream_t make_stream();
/// Whether it lives. Null, the legacy stream, does.
bool is_stream(cudaStream_t);
/// Throws where it does not live.
void end_stream(cudaStream_t);
/// Throws where `who` is given a stream that does not live.
void require_stream(const char* who, cudaStream_t);

}  // namespace cuda_model
