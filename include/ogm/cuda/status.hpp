#pragma once
// What a launcher answers.

#include <ogm/core/error.hpp>
#include <ogm/cuda/platform.hpp>

#include <string>
#include <utility>

namespace ogm::cuda {

/// Success, or what went wrong in a sentence. Launchers do not throw: a kernel is launched from destructors and callbacks too.
class [[nodiscard]] status {
 public:
  status() = default;
  /// An argument that no kernel can be launched with.
  explicit status(std::string what) : error_(cudaErrorInvalidValue), what_(std::move(what)) {}
  /// A failure that is said already.
  status(cudaError_t error, std::string what) : error_(error), what_(std::move(what)) {}
  /// What the runtime said about `who`.
  status(const char* who, cudaError_t error) : error_(error) {
    if (error != cudaSuccess) what_ = std::string("ogm: ") + who + ": " + cudaGetErrorString(error) + ".";
    if (error == cudaErrorInsufficientDriver || error == cudaErrorNoDevice)
      what_ += " Is there an NVIDIA GPU, and a driver as new as the CUDA that this program is built with?";
  }

  bool ok() const { return error_ == cudaSuccess; }
  cudaError_t error() const { return error_; }
  const std::string& what() const { return what_; }
  void throw_if_failed() const {
    if (!ok()) throw ogm::error(what_);
  }

 private:
  cudaError_t error_ = cudaSuccess;
  std::string what_;
};

/// An argument of `who` that it cannot work with.
template <class Number> status wrong_argument(const char* who, const char* what, Number value, const char* expected) {
  return status(std::string("ogm: ") + who + " was given " + what + " = " + std::to_string(value) + "; " + expected + " is needed.");
}

}  // namespace ogm::cuda
