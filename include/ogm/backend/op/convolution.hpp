#pragma once
// Two-dimensional convolution as plain data (cross-correlation, as every library of the field means it).

namespace ogm::op {

/// x (batch, in_channels, in_height, in_width); weight (out_channels, in_channels / groups, kernel_height, kernel_width);
/// y (batch, out_channels, out_height, out_width).
struct convolution_shape {
  long batch, in_channels, in_height, in_width;
  long out_channels, out_height, out_width;
  long kernel_height, kernel_width;
  long stride_height, stride_width, pad_height, pad_width, dilation_height, dilation_width;
  long groups;

  long in_image() const { return in_channels * in_height * in_width; }
  long out_image() const { return out_channels * out_height * out_width; }
  long out_pixels() const { return out_height * out_width; }
  long patch() const { return in_channels / groups * kernel_height * kernel_width; }
  long weights() const { return out_channels * patch(); }
  friend bool operator==(const convolution_shape&, const convolution_shape&) = default;
};

/// The extent of an output axis; negative or 0 where the kernel does not fit.
constexpr long convolved(long in, long kernel, long stride, long pad, long dilation) {
  const long room = in + 2 * pad - dilation * (kernel - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}

/// y = x * weight + bias; bias may be null.
template <class T> struct convolution_forward {
  convolution_shape shape;
  const T* x;
  const T* weight;
  const T* bias;
  T* y;
};
/// dx (=, or += where `add`) the derivative with respect to x.
template <class T> struct convolution_backward_input {
  convolution_shape shape;
  const T* dy;
  const T* weight;
  T* dx;
  bool add;
};
/// dweight and dbias (null: none) likewise.
template <class T> struct convolution_backward_weight {
  convolution_shape shape;
  const T* x;
  const T* dy;
  T* dweight;
  T* dbias;
  bool add_weight, add_bias;
};

}  // namespace ogm::op
