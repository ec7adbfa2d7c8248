#pragma once
// Convolution as im2col and a product for each image, the images cut into chunks by the batch alone.

#include <ogm/backend/host.hpp>
#include <ogm/backend/op/convolution.hpp>

#include <algorithm>

namespace ogm::backend {

namespace detail {

/// At most four chunks of images: each has a workspace, and in the backward pass a partial weight gradient.
inline long image_chunks(long batch) { return std::min(batch, 4L); }
inline long first_image(long batch, long chunks, long k) { return batch * k / chunks; }

/// columns (patch, out_pixels) of group g of one image; pixels outside are 0.
template <class T> void image_to_columns(const op::convolution_shape& s, const T* image, long g, T* columns) {
  const long channels = s.in_channels / s.groups;
  for (long c = 0; c < channels; ++c)
    for (long kh = 0; kh < s.kernel_height; ++kh)
      for (long kw = 0; kw < s.kernel_width; ++kw) {
        const T* plane = image + (g * channels + c) * s.in_height * s.in_width;
        const long shift = kw * s.dilation_width - s.pad_width;
        for (long oh = 0; oh < s.out_height; ++oh) {
          const long ih = oh * s.stride_height - s.pad_height + kh * s.dilation_height;
          T* row = columns;
          columns += s.out_width;
          if (ih < 0 || ih >= s.in_height) {
            std::fill_n(row, s.out_width, T(0));
            continue;
          }
          const T* from = plane + ih * s.in_width;
          if (s.stride_width == 1) {
            const long low = std::clamp(-shift, 0L, s.out_width), high = std::clamp(s.in_width - shift, low, s.out_width);
            std::fill_n(row, low, T(0));
            std::copy_n(from + low + shift, high - low, row + low);
            std::fill_n(row + high, s.out_width - high, T(0));
          } else {
            for (long ow = 0; ow < s.out_width; ++ow) {
              const long iw = ow * s.stride_width + shift;
              row[ow] = iw >= 0 && iw < s.in_width ? from[iw] : T(0);
            }
          }
        }
      }
}

/// The transpose of image_to_columns: adds every column back to the pixel it came from.
template <class T> void add_columns_to_image(const op::convolution_shape& s, const T* columns, long g, T* image) {
  const long channels = s.in_channels / s.groups;
  for (long c = 0; c < channels; ++c)
    for (long kh = 0; kh < s.kernel_height; ++kh)
      for (long kw = 0; kw < s.kernel_width; ++kw) {
        T* plane = image + (g * channels + c) * s.in_height * s.in_width;
        const long shift = kw * s.dilation_width - s.pad_width;
        for (long oh = 0; oh < s.out_height; ++oh, columns += s.out_width) {
          const long ih = oh * s.stride_height - s.pad_height + kh * s.dilation_height;
          if (ih < 0 || ih >= s.in_height) continue;
          T* to = plane + ih * s.in_width;
          if (s.stride_width == 1) {
            const long low = std::clamp(-shift, 0L, s.out_width), high = std::clamp(s.in_width - shift, low, s.out_width);
            for (long ow = low; ow < high; ++ow) to[ow + shift] += columns[ow];
          } else {
            for (long ow = 0; ow < s.out_width; ++ow) {
              const long iw = ow * s.stride_width + shift;
              if (iw >= 0 && iw < s.in_width) to[iw] += columns[ow];
            }
          }
        }
      }
}

/// A 1x1 kernel that reads every pixel once needs no columns: the image is them.
inline bool columns_are_the_image(const op::convolution_shape& s) {
  return s.kernel_height == 1 && s.kernel_width == 1 && s.stride_height == 1 && s.stride_width == 1 && s.pad_height == 0 &&
         s.pad_width == 0;
}

}  // namespace detail

/// A convolution pass as products of its columns; `gemm` computes one product in the calling thread.
template <class T, class Gemm> void convolve_by_gemm(const op::convolution_forward<T>& c, const Gemm& gemm, workspace& memory) {
  const auto& s = c.shape;
  const long pixels = s.out_pixels(), patch = s.patch(), outputs = s.out_channels / s.groups, chunks = detail::image_chunks(s.batch);
  const bool direct = detail::columns_are_the_image(s);
  T* const scratch = memory.take<T>(direct ? 0 : chunks * patch * pixels);
  parallel_for(chunks, [&](long k) {
    for (long i = detail::first_image(s.batch, chunks, k); i < detail::first_image(s.batch, chunks, k + 1); ++i)
      for (long g = 0; g < s.groups; ++g) {
        const T* image = c.x + i * s.in_image();
        T* columns = direct ? nullptr : scratch + k * patch * pixels;
        const T* from = direct ? image + g * patch * pixels : columns;
        if (!direct) detail::image_to_columns(s, image, g, columns);
        T* y = c.y + i * s.out_image() + g * outputs * pixels;
        if (c.bias)
          for (long o = 0; o < outputs; ++o) std::fill_n(y + o * pixels, pixels, c.bias[g * outputs + o]);
        gemm(op::gemm<T>{.a = c.weight + g * outputs * patch,
                         .b = from,
                         .c = y,
                         .rows = outputs,
                         .columns = pixels,
                         .inner = patch,
                         .a_stride = patch,
                         .b_stride = pixels,
                         .c_stride = pixels,
                         .add = c.bias != nullptr});
      }
  });
}

/// A convolution pass as products of its columns; `gemm` computes one product in the calling thread.
template <class T, class Gemm> void convolve_by_gemm(const op::convolution_backward_input<T>& c, const Gemm& gemm, workspace& memory) {
  const auto& s = c.shape;
  const long pixels = s.out_pixels(), patch = s.patch(), outputs = s.out_channels / s.groups, chunks = detail::image_chunks(s.batch);
  const bool direct = detail::columns_are_the_image(s);
  T* const scratch = memory.take<T>(direct ? 0 : chunks * patch * pixels);
  parallel_for(chunks, [&](long k) {
    for (long i = detail::first_image(s.batch, chunks, k); i < detail::first_image(s.batch, chunks, k + 1); ++i) {
      T* image = c.dx + i * s.in_image();
      if (!c.add && !direct) std::fill_n(image, s.in_image(), T(0));
      for (long g = 0; g < s.groups; ++g) {
        T* columns = direct ? image + g * patch * pixels : scratch + k * patch * pixels;
        gemm(op::gemm<T>{.a = c.weight + g * outputs * patch,
                         .b = c.dy + i * s.out_image() + g * outputs * pixels,
                         .c = columns,
                         .rows = patch,
                         .columns = pixels,
                         .inner = outputs,
                         .a_stride = patch,
                         .b_stride = pixels,
                         .c_stride = pixels,
                         .a_transposed = true,
                         .add = direct && c.add});
        if (!direct) detail::add_columns_to_image(s, columns, g, image);
      }
    }
  });
}

/// A convolution pass as products of its columns; `gemm` computes one product in the calling thread.
template <class T, class Gemm> void convolve_by_gemm(const op::convolution_backward_weight<T>& c, const Gemm& gemm, workspace& memory) {
  const auto& s = c.shape;
  const long pixels = s.out_pixels(), patch = s.patch(), outputs = s.out_channels / s.groups, chunks = detail::image_chunks(s.batch);
  const long weights = s.weights(), biases = c.dbias ? s.out_channels : 0, part = weights + biases;
  const bool direct = detail::columns_are_the_image(s);
  T* const partial = memory.take<T>(chunks * (part + (direct ? 0 : patch * pixels)));
  T* const scratch = partial + chunks * part;
  parallel_for(chunks, [&](long k) {
    T* dw = partial + k * part;
    T* db = dw + weights;
    std::fill_n(dw, part, T(0));
    for (long i = detail::first_image(s.batch, chunks, k); i < detail::first_image(s.batch, chunks, k + 1); ++i)
      for (long g = 0; g < s.groups; ++g) {
        const T* image = c.x + i * s.in_image();
        const T* dy = c.dy + i * s.out_image() + g * outputs * pixels;
        T* columns = direct ? nullptr : scratch + k * patch * pixels;
        const T* from = direct ? image + g * patch * pixels : columns;
        if (!direct) detail::image_to_columns(s, image, g, columns);
        gemm(op::gemm<T>{.a = dy,
                         .b = from,
                         .c = dw + g * outputs * patch,
                         .rows = outputs,
                         .columns = patch,
                         .inner = pixels,
                         .a_stride = pixels,
                         .b_stride = pixels,
                         .c_stride = patch,
                         .b_transposed = true,
                         .add = true});
        for (long o = 0; c.dbias && o < outputs; ++o) {
          double sum = 0;
          for (long p = 0; p < pixels; ++p) sum += double(dy[o * pixels + p]);
          db[g * outputs + o] += T(sum);
        }
      }
  });
  const auto reduce = [&](T* to, long offset, long count, bool add) {
    for (long j = 0; j < count; ++j) {
      T sum = add ? to[j] : T(0);
      for (long k = 0; k < chunks; ++k) sum += partial[k * part + offset + j];
      to[j] = sum;
    }
  };
  reduce(c.dweight, 0, weights, c.add_weight);
  if (c.dbias) reduce(c.dbias, weights, biases, c.add_bias);
}

}  // namespace ogm::backend
