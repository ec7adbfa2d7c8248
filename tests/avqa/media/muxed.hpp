#pragma once
// Files of the containers and codings that the writer does not make, through FFmpeg's muxers and encoders, for the tests of the reader.

#include <avqa/media/input.hpp>
#include <avqa/media/writer.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "avqa/media/films.hpp"

namespace ogm::test {

/// What goes into a file; a coding that is not named is not in it.
struct muxed {
  std::string container;                 ///< FFmpeg's name of the muxer
  std::string picture = {}, sound = {};  ///< FFmpeg's names of the encoders
  frames images = {};                    ///< none, and a coding: a stream without a frame
  AVRational unit = {1, 25};             ///< of the times
  std::vector<std::int64_t> times = {};  ///< of the frames; none: 0, 1, 2, ...
  std::vector<float> samples = {};       ///< frame by frame
  int channels = 1, rate_hz = 16000;
  std::int64_t sound_from = 0;  ///< when the sound begins, in its samples
  std::vector<std::pair<std::string, std::string>> muxer_options = {};
};

/// Whether FFmpeg here has the encoders; says so where it has not.
inline bool can_encode(const std::vector<std::string>& names) {
  return std::all_of(names.begin(), names.end(), [](const std::string& name) {
    const bool there = name.empty() || avcodec_find_encoder_by_name(name.c_str());
    if (!there) std::cout << "skipped: FFmpeg here has no encoder " << name << '\n';
    return there;
  });
}

namespace detail {
namespace media = avqa::media::detail;

inline void open_picture(media::encoder& to, const muxed& of) {
  AVCodecContext& c = to.context();
  c.width = of.images.count() ? int(of.images.size(2)) : 64, c.height = of.images.count() ? int(of.images.size(1)) : 48;
  c.pix_fmt = of.picture == "mjpeg" ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_YUV420P;
  c.time_base = of.unit;
  if (of.times.empty()) c.framerate = av_inv_q(of.unit);
  c.gop_size = 20;
  c.bit_rate = 2000000;
  c.flags |= AV_CODEC_FLAG_QSCALE;
  c.global_quality = FF_QP2LAMBDA * 3;
  av_opt_set(c.priv_data, "cpu-used", "8", 0);
  to.open();
}
inline void put_picture(media::encoder& to, const muxed& of) {
  const AVCodecContext& c = to.context();
  const media::scaler_ptr scaler(media::made(
      sws_getContext(c.width, c.height, AV_PIX_FMT_RGB24, c.width, c.height, c.pix_fmt, SWS_BILINEAR, nullptr, nullptr, nullptr)));
  const media::frame_ptr frame(media::made(av_frame_alloc()));
  frame->format = c.pix_fmt, frame->width = c.width, frame->height = c.height;
  to.check(av_frame_get_buffer(frame.get(), 0));
  to.check(av_frame_make_writable(frame.get()));
  const std::uint8_t* const from[]{of.images.data() + to.next * c.height * c.width * 3, nullptr, nullptr, nullptr};
  const int row[]{c.width * 3, 0, 0, 0};
  to.check(sws_scale(scaler.get(), from, row, 0, c.height, frame->data, frame->linesize));
  frame->pts = of.times.empty() ? to.next : of.times[std::size_t(to.next)];
  frame->quality = c.global_quality;
  ++to.next;
  to.put(frame.get());
}

inline void open_sound(media::encoder& to, const muxed& of) {
  AVCodecContext& c = to.context();
  c.sample_fmt = avcodec_find_encoder_by_name(of.sound.c_str())->sample_fmts[0];
  c.sample_rate = of.rate_hz;
  c.time_base = {1, of.rate_hz};
  c.bit_rate = 64000 * of.channels;
  av_channel_layout_default(&c.ch_layout, of.channels);
  to.open();
}
inline void put_sound(media::encoder& to, const muxed& of) {
  AVCodecContext& c = to.context();
  SwrContext* converter = nullptr;
  to.check(
      swr_alloc_set_opts2(&converter, &c.ch_layout, c.sample_fmt, of.rate_hz, &c.ch_layout, AV_SAMPLE_FMT_FLT, of.rate_hz, 0, nullptr));
  const media::resampler_ptr convert(converter);
  to.check(swr_init(convert.get()));
  const std::int64_t all = std::int64_t(of.samples.size()) / of.channels;
  const media::frame_ptr frame(media::made(av_frame_alloc()));
  frame->format = c.sample_fmt, frame->sample_rate = of.rate_hz;
  frame->nb_samples = int(std::min<std::int64_t>(c.frame_size ? c.frame_size : 1024, all - to.next));
  to.check(av_channel_layout_copy(&frame->ch_layout, &c.ch_layout));
  to.check(av_frame_get_buffer(frame.get(), 0));
  auto* from = reinterpret_cast<const std::uint8_t*>(of.samples.data() + to.next * of.channels);
  to.check(swr_convert(convert.get(), frame->extended_data, frame->nb_samples, &from, frame->nb_samples));
  frame->pts = to.next + of.sound_from;
  to.next += frame->nb_samples;
  to.put(frame.get());
}
}  // namespace detail

inline std::vector<std::byte> mux(const muxed& of) {
  namespace media = avqa::media::detail;
  const media::listener log;
  std::vector<std::byte> out;
  media::memory_file file(out);
  AVFormatContext* context = nullptr;
  if (avformat_alloc_output_context2(&context, nullptr, of.container.c_str(), nullptr) < 0) throw ogm::error("no muxer " + of.container);
  const std::unique_ptr<AVFormatContext, void (*)(AVFormatContext*)> owner(context, avformat_free_context);
  context->pb = file.get();
  context->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT;
  const auto check = [&](int code) {
    if (code < 0) throw ogm::error(of.container + ": " + log.reason(code));
  };
  std::unique_ptr<media::encoder> picture, sound;
  const auto encoder = [&](const std::string& name) {
    return std::make_unique<media::encoder>(*context, avcodec_find_encoder_by_name(name.c_str()), name, log);
  };
  if (!of.picture.empty()) detail::open_picture(*(picture = encoder(of.picture)), of);
  if (!of.sound.empty()) detail::open_sound(*(sound = encoder(of.sound)), of);
  media::dictionary options{};
  for (const auto& [key, value] : of.muxer_options) av_dict_set(options.get(), key.c_str(), value.c_str(), 0);
  check(avformat_write_header(context, options.get()));
  const auto more_picture = [&] { return picture && picture->next < of.images.size(0); };
  const auto more_sound = [&] { return sound && sound->next < std::int64_t(of.samples.size()) / of.channels; };
  while (more_picture() || more_sound()) {
    const bool picture_first =
        more_picture() && (!more_sound() || av_compare_ts(of.times.empty() ? picture->next : of.times[std::size_t(picture->next)], of.unit,
                                                          sound->next + of.sound_from, {1, of.rate_hz}) <= 0);
    if (picture_first)
      detail::put_picture(*picture, of);
    else
      detail::put_sound(*sound, of);
  }
  for (const auto& e : {picture.get(), sound.get()})
    if (e && e->next > 0) e->put(nullptr);
  check(av_write_trailer(context));
  avio_flush(file.get());
  return out;
}

}  // namespace ogm::test
