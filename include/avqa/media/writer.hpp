#pragma once
// Frames and sound into an .mp4 file, through FFmpeg's libraries.

#include <ogm/core/tensor.hpp>
#include <ogm/data/bytes.hpp>

#include <avqa/media/ffmpeg.hpp>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace avqa::media {

/// How a picture is coded.
enum class picture_coding {
  best,  ///< H.264 where FFmpeg has libx264, else MPEG-4
  h264,
  mpeg4
};

/// What goes into an .mp4 file; either part may be empty.
struct film {
  ogm::view<const std::uint8_t, ogm::dyn, ogm::dyn, ogm::dyn, 3> frames = {};  ///< (frame, height, width, RGB)
  double frames_per_second = 25;
  std::span<const float> sound = {};  ///< in [-1, 1], frame by frame: sound[frame * channels + channel]
  int channels = 1;
  int rate_hz = 16000;
  picture_coding coding = picture_coding::best;
  int quality = 18;                  ///< constant rate factor of H.264, 0 (nothing is lost) to 51
  int frames_between_keys = 0;       ///< the most, from one that is coded by itself to the next; 0: as the encoder likes
  int sound_bits_a_second = 128000;  ///< of AAC
};

namespace detail {

/// Encodes one stream and hands its packets to the file.
class encoder {
 public:
  encoder(AVFormatContext& file, const AVCodec* codec, std::string what, const listener& log)
      : file_(file), codec_(codec), what_(std::move(what)), log_(log), packet_(made(av_packet_alloc())) {
    if (!codec) throw ogm::error("avqa: FFmpeg here has no encoder for " + what_ + ".");
    stream_ = made(avformat_new_stream(&file, nullptr));
    context_.reset(made(avcodec_alloc_context3(codec)));
    context_->thread_count = 1;
    if (file.oformat->flags & AVFMT_GLOBALHEADER) context_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  }
  AVCodecContext& context() { return *context_; }
  /// When the next frame begins, in the encoder's unit.
  std::int64_t next = 0;

  void open() {
    check(avcodec_open2(context_.get(), codec_, nullptr));
    check(avcodec_parameters_from_context(stream_->codecpar, context_.get()));
    stream_->time_base = context_->time_base;
    stream_->avg_frame_rate = context_->framerate;
  }
  /// Null after the last frame.
  void put(const AVFrame* frame) {
    check(avcodec_send_frame(context_.get(), frame));
    for (;;) {
      const int got = avcodec_receive_packet(context_.get(), packet_.get());
      if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return;
      check(got);
      if (packet_->duration == 0 && context_->codec_type == AVMEDIA_TYPE_VIDEO) packet_->duration = 1;
      av_packet_rescale_ts(packet_.get(), context_->time_base, stream_->time_base);
      packet_->stream_index = stream_->index;
      check(av_interleaved_write_frame(&file_, packet_.get()));
    }
  }
  void check(int code) const {
    if (code < 0) throw ogm::error("avqa: " + what_ + " cannot be encoded: " + log_.reason(code) + ".");
  }

 private:
  AVFormatContext& file_;
  const AVCodec* codec_;
  std::string what_;
  const listener& log_;
  packet_ptr packet_;
  codec_ptr context_;
  AVStream* stream_ = nullptr;
};

class picture_encoder : public encoder {
 public:
  picture_encoder(AVFormatContext& file, const film& of, const listener& log)
      : encoder(file, codec_of(of.coding), "a picture of " + of.frames.shape().text(), log), of_(of), frame_(made(av_frame_alloc())) {
    AVCodecContext& c = context();
    const int height = int(of.frames.size(1)), width = int(of.frames.size(2));
    const bool h264 = c.codec_id == AV_CODEC_ID_H264;
    c.width = width, c.height = height;
    c.pix_fmt = h264 && (height % 2 || width % 2) ? AV_PIX_FMT_YUV444P : AV_PIX_FMT_YUV420P;  // libx264 halves even sizes only
    c.framerate = av_d2q(of.frames_per_second, 65535);                                        // MPEG-4 keeps 16 bits
    c.time_base = av_inv_q(c.framerate);
    c.colorspace = AVCOL_SPC_SMPTE170M, c.color_range = AVCOL_RANGE_MPEG;
    if (of.frames_between_keys > 0) c.gop_size = of.frames_between_keys;
    if (h264) {
      check(av_opt_set_int(c.priv_data, "crf", of.quality, 0));
    } else {
      c.flags |= AV_CODEC_FLAG_QSCALE;
      c.global_quality = FF_QP2LAMBDA * std::clamp(of.quality / 6, 1, 31);  // 3 at 18: as good as CRF 18 to the eye
    }
    open();
    scaler_.reset(made(sws_getContext(width, height, AV_PIX_FMT_RGB24, width, height, c.pix_fmt,
                                      SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP | SWS_BITEXACT, nullptr, nullptr, nullptr)));
  }
  bool more() const { return next < of_.frames.size(0); }
  void put_next() {
    AVCodecContext& c = context();
    av_frame_unref(frame_.get());
    frame_->format = c.pix_fmt, frame_->width = c.width, frame_->height = c.height;
    frame_->colorspace = c.colorspace, frame_->color_range = c.color_range;
    check(av_frame_get_buffer(frame_.get(), 0));
    const std::uint8_t* const from[]{of_.frames.data() + next * c.height * c.width * 3, nullptr, nullptr, nullptr};
    const int row[]{c.width * 3, 0, 0, 0};
    check(sws_scale(scaler_.get(), from, row, 0, c.height, frame_->data, frame_->linesize));
    frame_->pts = next++;
    put(frame_.get());
  }

 private:
  static const AVCodec* codec_of(picture_coding coding) {
    const AVCodec* const x264 = coding == picture_coding::mpeg4 ? nullptr : avcodec_find_encoder_by_name("libx264");
    return x264 || coding == picture_coding::h264 ? x264 : avcodec_find_encoder(AV_CODEC_ID_MPEG4);
  }
  const film& of_;
  frame_ptr frame_;
  scaler_ptr scaler_;
};

class sound_encoder : public encoder {
 public:
  sound_encoder(AVFormatContext& file, const film& of, const listener& log)
      : encoder(file, avcodec_find_encoder(AV_CODEC_ID_AAC),
                "a sound of " + std::to_string(of.channels) + " channels at " + std::to_string(of.rate_hz) + " Hz", log),
        of_(of),
        count_(std::int64_t(of.sound.size()) / of.channels) {
    AVCodecContext& c = context();
    c.sample_fmt = AV_SAMPLE_FMT_FLTP;
    c.sample_rate = of.rate_hz;
    c.bit_rate = of.sound_bits_a_second;
    c.time_base = {1, of.rate_hz};
    av_channel_layout_default(&c.ch_layout, of.channels);
    open();
  }
  bool more() const { return next < count_; }
  void put_next() {
    const AVCodecContext& c = context();
    const frame_ptr frame(made(av_frame_alloc()));
    frame->format = c.sample_fmt, frame->sample_rate = c.sample_rate;
    frame->nb_samples = int(std::min<std::int64_t>(c.frame_size, count_ - next));
    check(av_channel_layout_copy(&frame->ch_layout, &c.ch_layout));
    check(av_frame_get_buffer(frame.get(), 0));
    for (int channel = 0; channel < of_.channels; ++channel) {
      auto* const to = reinterpret_cast<float*>(frame->extended_data[channel]);
      for (int i = 0; i < frame->nb_samples; ++i) to[i] = of_.sound[std::size_t((next + i) * of_.channels + channel)];
    }
    frame->pts = next;
    next += frame->nb_samples;
    put(frame.get());
  }

 private:
  const film& of_;
  std::int64_t count_;
};

inline void check(const film& of) {
  const auto require = [](bool law, const std::string& what) {
    if (!law) throw ogm::value_error("avqa: a film of " + what + ".");
  };
  require(of.frames.count() > 0 || !of.sound.empty(), "neither frames nor sound");
  require(of.frames.count() == 0 || (of.frames.size(1) <= 16384 && of.frames.size(2) <= 16384),
          "frames of " + of.frames.shape().text() + "; at most 16384 pixels a side expected");
  require(of.frames_per_second >= 0.01 && of.frames_per_second <= 1000,
          std::to_string(of.frames_per_second) + " frames a second; 0.01 to 1000 expected");
  require(of.channels >= 1 && of.channels <= 8 && of.sound.size() % std::size_t(of.channels) == 0,
          std::to_string(of.sound.size()) + " samples in " + std::to_string(of.channels) + " channels; whole frames of 1 to 8 expected");
  require(of.rate_hz >= 7350 && of.rate_hz <= 96000,
          "sound at " + std::to_string(of.rate_hz) + " Hz; a rate of AAC, 7350 to 96000, expected");
  require(of.quality >= 0 && of.quality <= 51, "quality " + std::to_string(of.quality) + "; 0 to 51 expected");
  require(of.frames_between_keys >= 0, std::to_string(of.frames_between_keys) + " frames between keys; 0 or more expected");
  for (std::size_t i = 0; i < of.sound.size(); ++i)
    require(std::isfinite(of.sound[i]), "sound whose sample " + std::to_string(i) + " is not finite");
}

}  // namespace detail

/// The bytes of an .mp4 file: the picture as H.264 or MPEG-4, 4:2:0 but 4:4:4 for H.264 of an odd size, in the colours of BT.601; the sound
/// as AAC.
///
/// Numerics   the same bits on any number of threads
/// Errors     value_error for a film that makes no sense; error with what FFmpeg says, for a rate that AAC does not have, or without an
/// encoder
inline std::vector<std::byte> encode_mp4(const film& of) {
  detail::check(of);
  const detail::listener log;
  std::vector<std::byte> out;
  detail::memory_file file(out);
  AVFormatContext* made_context = nullptr;
  if (avformat_alloc_output_context2(&made_context, nullptr, "mp4", nullptr) < 0) throw ogm::error("avqa: FFmpeg here cannot write mp4.");
  const std::unique_ptr<AVFormatContext, void (*)(AVFormatContext*)> context(made_context, avformat_free_context);
  context->pb = file.get();
  context->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT;
  const auto check = [&](int code) {
    if (code < 0) throw ogm::error("avqa: an mp4 file cannot be made: " + log.reason(code) + ".");
  };
  std::unique_ptr<detail::picture_encoder> picture;
  std::unique_ptr<detail::sound_encoder> sound;
  if (of.frames.count() > 0) picture = std::make_unique<detail::picture_encoder>(*context, of, log);
  if (!of.sound.empty()) sound = std::make_unique<detail::sound_encoder>(*context, of, log);
  check(avformat_write_header(context.get(), nullptr));
  const auto picture_is_due = [&] {
    if (!picture || !picture->more()) return false;
    return !sound || !sound->more() ||
           av_compare_ts(picture->next, picture->context().time_base, sound->next, sound->context().time_base) <= 0;
  };
  while ((picture && picture->more()) || (sound && sound->more())) {
    if (picture_is_due())
      picture->put_next();
    else
      sound->put_next();
  }
  if (picture) picture->put(nullptr);
  if (sound) sound->put(nullptr);
  check(av_write_trailer(context.get()));
  avio_flush(file.get());
  return out;
}

/// Writes an .mp4 file, whole or not at all.
///
/// Errors     as encode_mp4; data_error where the file cannot be written
inline void write_mp4(const std::string& path, const film& of) {
  const std::vector<std::byte> all = encode_mp4(of);
  ogm::data::write_atomically(path, all);
}

}  // namespace avqa::media
