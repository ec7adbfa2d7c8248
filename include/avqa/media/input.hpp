#pragma once
// A media file in memory taken apart: its streams, their packets, and decoders for them.

#include <avqa/media/declared_size.hpp>
#include <avqa/media/ffmpeg.hpp>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/dict.h>
}

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace avqa::media::detail {

// What is read. FFmpeg knows many more, most of them seldom used and seldom tested: a hostile file must not reach them.
inline constexpr const char* containers = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,wav,flac,ogg,mp3";
inline constexpr const char* decoders =
    "h264,hevc,vp8,vp9,libdav1d,libaom-av1,mpeg4,mjpeg,aac,mp3,mp3float,opus,libopus,vorbis,flac,"
    "pcm_u8,pcm_s8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_alaw,pcm_mulaw";

/// Options by name that go away.
class dictionary {
 public:
  dictionary(std::initializer_list<std::pair<const char*, std::string>> entries) {
    for (const auto& [key, value] : entries) av_dict_set(&entries_, key, value.c_str(), 0);
  }
  dictionary(const dictionary&) = delete;
  dictionary& operator=(const dictionary&) = delete;
  ~dictionary() { av_dict_free(&entries_); }
  AVDictionary** get() { return &entries_; }

 private:
  AVDictionary* entries_ = nullptr;
};

class input {
 public:
  /// Errors     data_error with the name: empty, of no kind that is read here, damaged beyond reading
  input(ogm::data::byte_span bytes, std::string name, const limits& most, listener& log)
      : name_(std::move(name)), most_(most), log_(log), lacks_bytes_(declared_size(bytes) > bytes.size()), file_(bytes) {
    if (bytes.empty()) unreadable(name_, "an empty file");
    AVFormatContext* context = made(avformat_alloc_context());
    context->pb = file_.get();
    context->flags |= AVFMT_FLAG_CUSTOM_IO;
    context->max_streams = 64;
    context->io_open = [](AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) { return AVERROR(EPERM); };
    dictionary options{{"format_whitelist", containers}, {"codec_whitelist", decoders}};
    const int code = avformat_open_input(&context, "", nullptr, options.get());  // frees the context where it fails
    if (code < 0)
      unreadable(name_,
                 "no mp4, mkv, webm, avi, wav, flac, ogg or mp3 file, or one without its beginning or its index: " + log_.reason(code));
    format_.reset(context);
    find_streams();
  }

  /// The stream to read of this kind, or null; a cover in a sound file is no picture.
  const AVStream* best(AVMediaType kind) const {
    const int i = av_find_best_stream(format_.get(), kind, -1, -1, nullptr, 0);
    if (i < 0 || format_->streams[i]->disposition & AV_DISPOSITION_ATTACHED_PIC) return nullptr;
    return format_->streams[i];
  }
  /// Only packets of these, which may be null, come out of next().
  void only(const AVStream* a, const AVStream* b) {
    for (unsigned i = 0; i < format_->nb_streams; ++i) {
      AVStream* const s = format_->streams[i];
      s->discard = s == a || s == b ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    }
  }
  /// 0, AVERROR_EOF after the last packet, or another error.
  int next(AVPacket& packet) { return av_read_frame(format_.get(), &packet); }

  /// The duration of what is read, as far as the file itself says one.
  double claimed_s() const {
    if (format_->duration_estimation_method == AVFMT_DURATION_FROM_BITRATE) return 0;  // FFmpeg's guess from the size
    double longest = 0;
    bool all = true;
    for (unsigned i = 0; i < format_->nb_streams; ++i) {
      const AVStream* const s = format_->streams[i];
      if (s->discard == AVDISCARD_ALL)
        all = false;
      else if (s->duration != AV_NOPTS_VALUE)
        longest = std::max(longest, seconds_of(s->duration, s->time_base));
    }
    return all ? std::max(longest, duration_s()) : longest;
  }
  double duration_s() const { return format_->duration == AV_NOPTS_VALUE ? 0 : std::max(0.0, double(format_->duration) / AV_TIME_BASE); }
  /// When the file begins, in a stream's unit; AV_NOPTS_VALUE where it does not say. What lies before 0 is the priming of a coding.
  std::int64_t start(AVRational base) const {
    if (format_->start_time == AV_NOPTS_VALUE) return AV_NOPTS_VALUE;
    return av_rescale_q(std::max<std::int64_t>(0, format_->start_time), AVRational{1, AV_TIME_BASE}, base);
  }

  /// Errors     data_error for a coding that is not read here
  codec_ptr open_decoder(const AVStream& stream, bool keep_damaged) const {
    const AVCodec* const codec = avcodec_find_decoder(stream.codecpar->codec_id);
    if (!codec || av_match_list(codec->name, decoders, ',') <= 0)
      unreadable(name_, std::string("a stream of the coding ") + avcodec_get_name(stream.codecpar->codec_id) +
                            "; H.264, HEVC, VP8, VP9, AV1, MPEG-4 and MJPEG, AAC, MP3, Opus, Vorbis, FLAC and PCM are read");
    codec_ptr context(made(avcodec_alloc_context3(codec)));
    int code = avcodec_parameters_to_context(context.get(), stream.codecpar);
    context->thread_count = 1;  // videos are read side by side; and what a decoder says comes from this thread
    context->max_pixels = most_.pixels;
    context->pkt_timebase = stream.time_base;
    if (keep_damaged) context->flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT;
    if (code >= 0) code = avcodec_open2(context.get(), codec, nullptr);
    if (code < 0) unreadable(name_, std::string("its ") + codec->name + " stream cannot be decoded: " + log_.reason(code));
    return context;
  }
  /// Whether the file says that it is longer than it is.
  bool lacks_bytes() const { return lacks_bytes_; }
  const std::string& name() const { return name_; }
  listener& log() const { return log_; }

 private:
  struct closed {
    void operator()(AVFormatContext* p) const { avformat_close_input(&p); }
  };

  /// Reads on until the streams are known, which may take decoding a few frames.
  void find_streams() {
    std::vector<AVDictionary*> options;
    for (unsigned i = 0; i < format_->nb_streams; ++i) {
      options.push_back(nullptr);
      av_dict_set(&options.back(), "max_pixels", std::to_string(most_.pixels).c_str(), 0);
      av_dict_set(&options.back(), "threads", "1", 0);
    }
    const int code = avformat_find_stream_info(format_.get(), options.data());
    for (AVDictionary*& o : options) av_dict_free(&o);
    if (code < 0) unreadable(name_, "its streams cannot be found: " + log_.reason(code));
  }

  std::string name_;
  limits most_;
  listener& log_;
  bool lacks_bytes_;
  memory_file file_;
  std::unique_ptr<AVFormatContext, closed> format_;
};

/// Looks at a file whose last packet, which ends at `end_s`, was wanted: whether it is the last that the file should have. A file that does
/// not say how many bytes it has is cut where it lacks more than a second, and more than a fiftieth, of the duration that it claims.
///
/// Errors     data_error where it is cut or damaged, and that is an error
inline void check_end(const input& from, int code, double end_s, const options& how, clip& out) {
  const double claimed = from.claimed_s();
  const bool cut = from.lacks_bytes() || (claimed > 0 && end_s < claimed - std::max(1.0, claimed / 50));
  if (code == AVERROR_EOF && !cut) return;
  if (how.when_damaged == damage::error)
    unreadable(from.name(), "truncated or damaged: it ends at " + seconds_text(end_s) + " s of " + seconds_text(claimed) +
                                " s: " + from.log().reason(code));
  ++out.damaged;
}

}  // namespace avqa::media::detail
