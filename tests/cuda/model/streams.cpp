#include "streams.hpp"

#include "scheduling.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

struct CUstream_st {
  bool lives = true;
};

namespace cuda_model {
namespace {

/// All that were ever made: an address is never given twice, so that a stream that has ended is known.
std::vector<std::unique_ptr<CUstream_st>>& streams() {
  static std::vector<std::unique_ptr<CUstream_st>> all;
  return all;
}

}  // namespace

cudaStream_t make_stream() { return streams().emplace_back(std::make_unique<CUstream_st>()).get(); }

void end_stream(cudaStream_t stream) {
  require_stream("cudaStreamDestroy", stream);
  if (stream) stream->lives = false;
}

bool is_stream(cudaStream_t stream) {
  const auto& all = streams();
  return !stream || std::any_of(all.begin(), all.end(), [&](const auto& s) { return s.get() == stream && s->lives; });
}

void require_stream(const char* who, cudaStream_t stream) {
  if (!is_stream(stream)) throw error(std::string(who) + " on a stream that does not live");
}

}  // namespace cuda_model
