#pragma once
// Products and convolutions on the device.

#include <ogm/backend/op/convolution.hpp>
#include <ogm/backend/op/gemm.hpp>
#include <ogm/cuda/context.hpp>

namespace ogm::op {

inline cuda::status run_on_device(const gemm<float>& o, cuda::context& c) { return c.products().gemm(o, c.stream()); }
inline cuda::status run_on_device(const batched_gemm<float>& o, cuda::context& c) { return c.products().gemm(o, c.stream()); }

inline cuda::status run_on_device(const convolution_forward<float>& o, cuda::context& c) {
  return c.convolutions().convolution(o, c.stream());
}
inline cuda::status run_on_device(const convolution_backward_input<float>& o, cuda::context& c) {
  return c.convolutions().convolution(o, c.stream());
}
inline cuda::status run_on_device(const convolution_backward_weight<float>& o, cuda::context& c) {
  return c.convolutions().convolution(o, c.stream());
}

}  // namespace ogm::op
