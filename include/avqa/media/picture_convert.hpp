#pragma once
// Decoded frames of any pixel format as RGB, turned as their file says.

#include <ogm/core/tensor.hpp>
#include <ogm/data/resize_pixels.hpp>

#include <avqa/media/input.hpp>

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

namespace avqa::media::detail {

using pixels = ogm::tensor<std::uint8_t, ogm::dyn, ogm::dyn, 3>;  // (height, width, RGB)

/// Where a stored pixel is shown: x' = xx x + xy y, y' = yx x + yy y, up to a shift; each row and column has one 1 or -1.
struct orientation {
  int xx = 1, xy = 0, yx = 0, yy = 1;
};

/// The quarter turn or mirror image of a display matrix; one that is neither leaves the picture as it is stored.
inline orientation orientation_of(const AVStream& stream) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 29, 100)
  const AVPacketSideData* const found =
      av_packet_side_data_get(stream.codecpar->coded_side_data, stream.codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
  const std::uint8_t* const bytes = found ? found->data : nullptr;
  const std::size_t size = found ? found->size : 0;
#else
  std::size_t size = 0;
  const std::uint8_t* const bytes = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
#endif
  std::array<std::int32_t, 9> matrix{};
  if (!bytes || size < sizeof matrix) return {};
  std::memcpy(matrix.data(), bytes, sizeof matrix);
  const auto sign = [&](std::size_t i) { return matrix[i] >= 1 << 15 ? 1 : matrix[i] <= -(1 << 15) ? -1 : 0; };  // 16.16 fixed point
  const orientation out{sign(0), sign(3), sign(1), sign(4)};
  const bool upright = out.xx != 0 && out.yy != 0 && out.xy == 0 && out.yx == 0;
  const bool lying = out.xx == 0 && out.yy == 0 && out.xy != 0 && out.yx != 0;
  return upright || lying ? out : orientation{};
}

/// Keeps the scaler between frames of a format.
class converter {
 public:
  converter(const std::string& name, listener& log, orientation turn) : name_(name), log_(log), turn_(turn) {}

  /// The frame as it is shown, (height, width, RGB).
  ///
  /// Numerics   the matrix and range that the frame says, BT.601 and the narrow range where it says nothing; colours of half a resolution
  /// are
  ///            interpolated along the rows
  pixels operator()(const AVFrame& frame) {
    open(frame);
    frame_ptr rgb(made(av_frame_alloc()));
    rgb->format = AV_PIX_FMT_RGB24, rgb->width = frame.width, rgb->height = frame.height;
    int code = av_frame_get_buffer(rgb.get(), 0);
    if (code >= 0) code = sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, rgb->data, rgb->linesize);
    if (code < 0) unreadable(name_, "its frames cannot become RGB: " + log_.reason(code));
    const int height = frame.height, width = frame.width;
    const bool lying = turn_.xx == 0;
    pixels out(lying ? width : height, lying ? height : width);
    if (turn_.xx == 1 && turn_.yy == 1) {
      for (int y = 0; y < height; ++y)
        std::memcpy(&out(y, 0, 0), rgb->data[0] + std::ptrdiff_t(y) * rgb->linesize[0], std::size_t(width) * 3);
      return out;
    }
    const int shift_x = (turn_.xx < 0 ? width - 1 : 0) + (turn_.xy < 0 ? height - 1 : 0);
    const int shift_y = (turn_.yx < 0 ? width - 1 : 0) + (turn_.yy < 0 ? height - 1 : 0);
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        std::memcpy(&out(turn_.yx * x + turn_.yy * y + shift_y, turn_.xx * x + turn_.xy * y + shift_x, 0),
                    rgb->data[0] + std::ptrdiff_t(y) * rgb->linesize[0] + std::ptrdiff_t(x) * 3, 3);
    return out;
  }

 private:
  void open(const AVFrame& frame) {
    const std::array<int, 5> now{frame.width, frame.height, frame.format, int(frame.colorspace), int(frame.color_range)};
    if (scaler_ && now == of_) return;
    const auto format = AVPixelFormat(frame.format);
    if (!sws_isSupportedInput(format)) {
      const char* const called = av_get_pix_fmt_name(format);
      unreadable(name_, std::string("pixels of the format ") + (called ? called : "unknown") + ", which cannot become RGB");
    }
    scaler_.reset(sws_getContext(frame.width, frame.height, format, frame.width, frame.height, AV_PIX_FMT_RGB24,
                                 SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_BITEXACT, nullptr, nullptr, nullptr));
    if (!scaler_)
      unreadable(name_, "its frames of " + std::to_string(frame.height) + " x " + std::to_string(frame.width) + " cannot become RGB" +
                            log_.said());
    int *from = nullptr, *to = nullptr, from_full = 0, to_full = 0, brightness = 0, contrast = 0, saturation = 0;
    if (sws_getColorspaceDetails(scaler_.get(), &from, &from_full, &to, &to_full, &brightness, &contrast, &saturation) >= 0)
      sws_setColorspaceDetails(scaler_.get(), sws_getCoefficients(frame.colorspace), from_full || frame.color_range == AVCOL_RANGE_JPEG,
                               sws_getCoefficients(SWS_CS_DEFAULT), 1, brightness, contrast, saturation);
    of_ = now;
  }

  const std::string& name_;
  listener& log_;
  orientation turn_;
  scaler_ptr scaler_;
  std::array<int, 5> of_{};
};

}  // namespace avqa::media::detail
