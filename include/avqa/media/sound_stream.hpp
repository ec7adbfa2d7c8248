#pragma once
// The sound of a media file as samples of 16 kHz: the mean of its channels.

#include <avqa/media/input.hpp>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/samplefmt.h>
#include <libswresample/swresample.h>
}

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace avqa::media::detail {

/// Decodes packet by packet. A sound that begins later than the file has silence before it.
class sound_stream {
 public:
  sound_stream(const input& from, const AVStream& stream, const options& how)
      : from_(from),
        how_(how),
        base_(stream.time_base),
        start_(from.start(base_)),
        most_(std::size_t(how.seconds ? how.seconds : how.most.seconds) * sound_rate_hz),
        decoder_(from.open_decoder(stream, how.when_damaged == damage::keep_going)),
        frame_(made(av_frame_alloc())) {}

  bool enough() const { return samples_.size() >= most_ && how_.seconds != 0; }
  int damaged() const { return damaged_; }
  /// When the last packet that was given ends, in seconds of the file.
  double end_s() const { return end_s_; }

  /// Decodes a packet; null after the last one.
  void take(const AVPacket* packet) {
    if (enough()) return;
    if (packet && packet->pts != AV_NOPTS_VALUE) end_s_ = std::max(end_s_, seconds_of(packet->pts + packet->duration, base_));
    const int sent = avcodec_send_packet(decoder_.get(), packet);
    if (sent < 0 && sent != AVERROR_EOF) spoilt(sent, packet);
    for (int got = 0; got >= 0 && !enough();) {
      got = avcodec_receive_frame(decoder_.get(), frame_.get());
      if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) break;
      if (got < 0)
        spoilt(got, packet);
      else
        add(*frame_);
    }
  }
  std::vector<float> finish() {
    take(nullptr);
    flush();
    if (samples_.size() > most_) samples_.resize(most_);
    return std::move(samples_);
  }

 private:
  double now_s() const { return double(samples_.size()) / sound_rate_hz; }

  void spoilt(int code, const AVPacket* packet) {
    if (how_.when_damaged == damage::error)
      unreadable(from_.name(), "its sound cannot be decoded at " + seconds_text(now_s()) + " s: " + from_.log().reason(code));
    ++damaged_;
    const double lost_s = packet ? seconds_of(packet->duration, base_) : 0;
    if (lost_s > 0 && lost_s < 10) append_silence(lost_s);
  }
  void append_silence(double seconds) {
    samples_.resize(std::min(most_ + sound_rate_hz, samples_.size() + std::size_t(seconds * sound_rate_hz + 0.5)));
  }

  void add(const AVFrame& frame) {
    const int channels = frame.ch_layout.nb_channels, rate = frame.sample_rate;
    if (channels < 1 || channels > 64 || rate < 1000 || rate > 768000)
      unreadable(from_.name(), "a sound of " + std::to_string(channels) + " channels at " + std::to_string(rate) +
                                   " Hz; 1 to 64 channels at 1000 to 768000 Hz expected");
    if (!begun_) {
      begun_ = true;
      if (start_ != AV_NOPTS_VALUE && frame.pts != AV_NOPTS_VALUE && frame.pts > start_)
        append_silence(std::min(double(most_) / sound_rate_hz, seconds_of(frame.pts, base_) - seconds_of(start_, base_)));
    }
    const std::vector<float> mono = mean(frame, channels);
    if (rate != rate_) {  // also one that changes on the way
      flush();
      rate_ = rate;
      if (rate != sound_rate_hz) open_resampler();
    }
    if (resampler_)
      resample(mono.data(), int(mono.size()));
    else
      samples_.insert(samples_.end(), mono.begin(), mono.end());
    if (how_.seconds == 0 && samples_.size() > most_)
      unreadable(from_.name(), "its sound lasts longer than " + std::to_string(how_.most.seconds) + " s, the limit of this reading");
  }

  void open_resampler() {
    AVChannelLayout one = AV_CHANNEL_LAYOUT_MONO;
    SwrContext* context = nullptr;
    int code = swr_alloc_set_opts2(&context, &one, AV_SAMPLE_FMT_FLT, sound_rate_hz, &one, AV_SAMPLE_FMT_FLT, rate_, 0, nullptr);
    resampler_.reset(context);
    if (code >= 0) code = swr_init(context);
    if (code < 0)
      unreadable(from_.name(), "its sound of " + std::to_string(rate_) + " Hz cannot be resampled: " + from_.log().reason(code));
  }
  /// Null: what is left inside.
  void resample(const float* in, int count) {
    const std::size_t before = samples_.size();
    const int room = swr_get_out_samples(resampler_.get(), count);
    samples_.resize(before + std::size_t(std::max(room, 0)));
    auto* to = reinterpret_cast<std::uint8_t*>(samples_.data() + before);
    auto* from = reinterpret_cast<const std::uint8_t*>(in);
    const int got = swr_convert(resampler_.get(), &to, room, in ? &from : nullptr, count);
    samples_.resize(before + std::size_t(std::max(got, 0)));
    if (got < 0) unreadable(from_.name(), "its sound cannot be resampled: " + from_.log().reason(got));
  }
  void flush() {
    if (resampler_) resample(nullptr, 0);
    resampler_.reset();
    rate_ = 0;
  }

  std::vector<float> mean(const AVFrame& frame, int channels) const {
    std::vector<float> mono(static_cast<std::size_t>(frame.nb_samples));
    const auto format = AVSampleFormat(frame.format);
    switch (av_get_packed_sample_fmt(format)) {
      case AV_SAMPLE_FMT_U8:
        sum<std::uint8_t>(frame, channels, 1.f / 128, 128, mono);
        break;
      case AV_SAMPLE_FMT_S16:
        sum<std::int16_t>(frame, channels, 1.f / 32768, 0, mono);
        break;
      case AV_SAMPLE_FMT_S32:
        sum<std::int32_t>(frame, channels, 1.f / 2147483648.f, 0, mono);
        break;
      case AV_SAMPLE_FMT_FLT:
        sum<float>(frame, channels, 1, 0, mono);
        break;
      case AV_SAMPLE_FMT_DBL:
        sum<double>(frame, channels, 1, 0, mono);
        break;
      default:
        unreadable(from_.name(), "samples of the format " + std::to_string(frame.format) + "; 8 to 32 bits and floats are read");
    }
    return mono;
  }
  template <class T> static void sum(const AVFrame& frame, int channels, float scale, int silence, std::vector<float>& mono) {
    const bool planar = av_sample_fmt_is_planar(AVSampleFormat(frame.format));
    for (int c = 0; c < channels; ++c) {
      const T* const from = reinterpret_cast<const T*>(frame.extended_data[planar ? c : 0]) + (planar ? 0 : c);
      const std::size_t step = planar ? 1 : std::size_t(channels);
      for (std::size_t i = 0; i < mono.size(); ++i) mono[i] += float(from[i * step]) - float(silence);
    }
    for (float& x : mono) x *= scale / float(channels);
  }

  const input& from_;
  const options& how_;
  AVRational base_;
  std::int64_t start_;
  std::size_t most_;
  codec_ptr decoder_;
  frame_ptr frame_;
  resampler_ptr resampler_;
  std::vector<float> samples_;
  double end_s_ = 0;
  int rate_ = 0, damaged_ = 0;
  bool begun_ = false;
};

}  // namespace avqa::media::detail
