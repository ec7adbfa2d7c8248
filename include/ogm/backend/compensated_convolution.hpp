#pragma once
// The forward convolution of floats with sums that lose next to nothing: short runs of products in float, the runs added with their
// rounding errors kept.

#include <ogm/backend/convolution_by_gemm.hpp>
#include <ogm/backend/host.hpp>
#include <ogm/backend/op/convolution.hpp>
#include <ogm/core/pack.hpp>
#include <ogm/core/platform.hpp>

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace ogm::backend {

namespace detail {

/// A tile of the output is tile_rows channels by tile_columns pixels; its sums of one run stay in registers.
inline constexpr int tile_packs = 3, tile_columns = tile_packs * lanes, tile_rows = lanes == 16 ? 8 : 4;
inline constexpr int tile_stride = tile_columns + lanes;  // of packed columns: a pack that begins in the tile ends in the row
/// Products that are summed in registers, and such sums that are added before the total is touched. The error, in those of one rounding of
/// the result, is about the root of 1 + run_length / 2 + runs_a_group / 2; a shorter run costs time.
inline constexpr long run_length = 8;
inline constexpr int runs_a_group = 4;

/// Adds a (Rows, inner) times b (inner, tile_stride) to total + error (Rows, Packs), where `error` holds what rounding took away.
template <int Rows, int Packs>
void add_tile(const float* a, long a_stride, const float* b, long inner, float_pack (&total)[Rows][Packs],
              float_pack (&error)[Rows][Packs]) {
  for (long from = 0; from < inner;) {
    float_pack group[Rows][Packs];  // the sum of a few runs
    for (int runs = 0; runs < runs_a_group && from < inner; ++runs) {
      float_pack run[Rows][Packs] = {};
      for (const long to = std::min(inner, from + run_length); from < to; ++from) {
        float_pack column[Packs];
        OGM_UNROLL
        for (int j = 0; j < Packs; ++j) column[j] = load<float_pack>(b + from * tile_stride + j * lanes, position<lanes>{});
        OGM_UNROLL
        for (int r = 0; r < Rows; ++r) {
          const float weight = a[r * a_stride + from];
          OGM_UNROLL
          for (int j = 0; j < Packs; ++j) run[r][j] += weight * column[j];
        }
      }
      OGM_UNROLL
      for (int r = 0; r < Rows; ++r) OGM_UNROLL
      for (int j = 0; j < Packs; ++j) group[r][j] = runs == 0 ? run[r][j] : group[r][j] + run[r][j];
    }
    OGM_UNROLL
    for (int r = 0; r < Rows; ++r) OGM_UNROLL
    for (int j = 0; j < Packs; ++j) {
      const float_pack before = total[r][j], sum = before + group[r][j];
      error[r][j] += group[r][j] - (sum - before);
      total[r][j] = sum;
    }
  }
}

/// Images with their padding, each row cut into `stride_width` rows of every stride-th pixel, so that a kernel's pixels for neighbouring
/// outputs are neighbours whatever the stride.
struct padded_images {
  explicit padded_images(const op::convolution_shape& s)
      : strips(s.stride_width),
        strip((s.in_width + 2 * s.pad_width + strips - 1) / strips),
        row(strips * strip),
        plane((s.in_height + 2 * s.pad_height) * row),
        image(s.in_channels * plane) {}

  long strips, strip, row, plane, image;  // elements

  /// The padding is left alone.
  void copy(const op::convolution_shape& s, const float* x, float* to) const {
    for (long c = 0; c < s.in_channels; ++c)
      for (long h = 0; h < s.in_height; ++h, x += s.in_width) {
        float* line = to + c * plane + (h + s.pad_height) * row;
        if (strips == 1)
          std::copy_n(x, s.in_width, line + s.pad_width);
        else
          for (long k = 0; k < strips; ++k) {
            const long first = (strips - (s.pad_width - k) % strips) % strips;  // pixel of the strip
            float* at = line + k * strip + (first + s.pad_width) / strips;
            for (long w = first; w < s.in_width; w += strips) *at++ = x[w];
          }
      }
  }
};

/// Columns [first, first + width) of the products of a group of images as rows of tile_stride; `offset` (patch) is where in an image each
/// row finds the pixel of the first output.
inline void pack_columns(const op::convolution_shape& s, const padded_images& p, const float* images, const long* offset, long first,
                         long width, float* to) {
  const long patch = s.patch();
  for (long c = 0; c < width;) {  // stretches of columns whose pixels are neighbours, from left to right
    const long pixel = (first + c) % s.out_pixels(), w = pixel % s.out_width, end = std::min(width, c + s.out_width - w);
    const float* from = images + (first + c) / s.out_pixels() * p.image + pixel / s.out_width * s.stride_height * p.row + w;
    for (; c < end; c += lanes, from += lanes)  // whole packs: the next stretch overwrites what is too much
      for (long k = 0; k < patch; ++k)
        store(to + k * tile_stride + c, load<float_pack>(from + offset[k], position<lanes>{}), position<lanes>{});
    c = end;
  }
}
/// The offsets of group g.
inline void patch_offsets(const op::convolution_shape& s, const padded_images& p, long g, long* offset) {
  const long channels = s.in_channels / s.groups;
  for (long c = g * channels; c < (g + 1) * channels; ++c)
    for (long h = 0; h < s.kernel_height; ++h)
      for (long w = 0; w < s.kernel_width; ++w) {
        const long shift = w * s.dilation_width;
        *offset++ = c * p.plane + h * s.dilation_height * p.row + shift % p.strips * p.strip + shift / p.strips;
      }
}

}  // namespace detail

/// y = x * weight + bias.
///
/// Numerics   sums of 32 products in float, their total compensated: about three times the error of one rounding, whatever the number of
///            products. An output depends on its own image alone; the same bits on any number of threads. Compensation needs the rules of
///            IEEE arithmetic: -ffast-math takes it away
/// Cost       a copy of the images with their padding; columns of one tile, and never of an image
inline void convolve_compensated(const op::convolution_forward<float>& c, workspace& memory) {
  using namespace detail;
  const auto& s = c.shape;
  const padded_images p(s);
  const long pixels = s.out_pixels(), patch = s.patch(), outputs = s.out_channels / s.groups, chunks = image_chunks(s.batch);
  const long together = std::max(1L, 131072 / std::max(1L, p.image));  // images, so that small ones fill a tile
  const long most = chunks ? std::min(together, (s.batch + chunks - 1) / chunks) : 0;
  const long columns_size = patch * tile_stride,
             images_size = (most * p.image + 2 * lanes - 1) / lanes * lanes;  // a pack may read too much
  const long offsets = (s.groups * patch * long(sizeof(long)) + 63) / 64 * 64;
  std::byte* const scratch = memory.take<std::byte>(offsets + chunks * (columns_size + images_size) * long(sizeof(float)));
  long* const offset = reinterpret_cast<long*>(scratch);
  for (long g = 0; g < s.groups; ++g) patch_offsets(s, p, g, offset + g * patch);
  parallel_for(chunks, [&](long k) {
    float* const columns = reinterpret_cast<float*>(scratch + offsets) + k * (columns_size + images_size);
    float* const images = columns + columns_size;
    std::fill_n(images, images_size, 0.f);  // the padding stays
    const long last = first_image(s.batch, chunks, k + 1);
    for (long i = first_image(s.batch, chunks, k); i < last; i += together) {
      const long count = std::min(together, last - i);
      for (long n = 0; n < count; ++n) p.copy(s, c.x + (i + n) * s.in_image(), images + n * p.image);
      for (long g = 0; g < s.groups; ++g)
        for (long first = 0; first < count * pixels; first += tile_columns) {
          const long width = std::min<long>(tile_columns, count * pixels - first);
          pack_columns(s, p, images, offset + g * patch, first, width, columns);
          const auto rows = [&]<int Rows, int Packs>(std::integral_constant<int, Rows>, std::integral_constant<int, Packs>, long o) {
            float_pack total[Rows][Packs], error[Rows][Packs] = {};
            for (int r = 0; r < Rows; ++r)
              for (auto& t : total[r]) t = float_pack{} + (c.bias ? c.bias[g * outputs + o + r] : 0.f);
            add_tile(c.weight + (g * outputs + o) * patch, patch, columns, patch, total, error);
            for (int r = 0; r < Rows; ++r) {
              float row[tile_columns];
              for (int j = 0; j < Packs; ++j) {
                const float_pack t = total[r][j], e = error[r][j];
                store(row + j * lanes, float_pack(t - t == t - t ? t + e : t), position<lanes>{});  // an infinite total has no error
              }
              for (long at = 0; at < width;) {  // a stretch in each image
                const long image = (first + at) / pixels, pixel = (first + at) % pixels, n = std::min(width - at, pixels - pixel);
                std::copy_n(row + at, n, c.y + (i + image) * s.out_image() + (g * outputs + o + r) * pixels + pixel);
                at += n;
              }
            }
          };
          const auto all = [&](auto packs) {
            long o = 0;
            for (; o + tile_rows <= outputs; o += tile_rows) rows(std::integral_constant<int, tile_rows>{}, packs, o);
            for (; o < outputs; ++o) rows(std::integral_constant<int, 1>{}, packs, o);
          };
          if (width > 2 * lanes)
            all(std::integral_constant<int, 3>{});
          else if (width > lanes)
            all(std::integral_constant<int, 2>{});
          else
            all(std::integral_constant<int, 1>{});
        }
    }
  });
}

}  // namespace ogm::backend
