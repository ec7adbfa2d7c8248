#pragma once
// The wanted frames of a media file's picture: coded frames are kept, and decoded only as far as a wanted one needs it.

#include <ogm/data/resize_pixels.hpp>

#include <avqa/media/input.hpp>
#include <avqa/media/picture_convert.hpp>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/avutil.h>
}

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace avqa::media::detail {

class picture_stream {
 public:
  picture_stream(const input& from, const AVStream& stream, const options& how)
      : from_(from),
        how_(how),
        base_(stream.time_base),
        start_(from.start(base_)),
        rate_(rate_of(stream)),
        decoder_(from.open_decoder(stream, how.when_damaged == damage::keep_going)),
        convert_(from.name(), from.log(), orientation_of(stream)) {
    int last = how.seconds * how.frames_a_second;
    if (!how.which.empty()) last = 1 + *std::max_element(how.which.begin(), how.which.end());
    until_s_ = how.seconds == 0 ? how.most.seconds + 1.0 : double(last) / how.frames_a_second + 1 + (rate_ > 0 ? 1 / rate_ : 1);
  }

  /// Whether every frame that can be wanted is there.
  bool enough() const { return enough_; }
  double end_s() const { return end_s_; }

  void take(packet_ptr packet) {
    if (enough_) return;
    const std::int64_t time = packet->pts;
    if (time == AV_NOPTS_VALUE) timed_ = false;
    if (start_ == AV_NOPTS_VALUE && time != AV_NOPTS_VALUE) start_ = time;
    const std::int64_t decoded_at = packet->dts != AV_NOPTS_VALUE ? packet->dts : time;
    if (decoded_at != AV_NOPTS_VALUE) {
      const double from_start = start_ == AV_NOPTS_VALUE ? 0 : seconds_of(decoded_at, base_) - seconds_of(start_, base_);
      if (from_start > until_s_) {
        if (how_.seconds == 0)
          unreadable(from_.name(), "its picture lasts longer than " + std::to_string(how_.most.seconds) + " s, the limit of this reading");
        enough_ = true;
        return;
      }
    }
    if (time != AV_NOPTS_VALUE) end_s_ = std::max(end_s_, seconds_of(time, base_) + seconds_of(packet->duration, base_));
    kept_bytes_ += packet->size;
    if (kept_bytes_ > how_.most.bytes)
      unreadable(from_.name(),
                 "its picture takes more than " + std::to_string(how_.most.bytes) + " coded bytes, the limit of this reading");
    coded_.push_back(std::move(packet));
  }

  /// Fills the clip's frames, numbers, rate and has_picture.
  void finish(clip& out) {
    order();
    out.frames_per_second = rate_;
    if (shown_.empty()) return;
    choose(out);
    if (!wanted_.empty()) decode(out);
    out.has_picture = true;
    out.damaged += damaged_;
  }

 private:
  struct wanted {
    std::int64_t key;   // its time; where frames have no times, its place
    std::size_t coded;  // its packet
    std::size_t row;    // of the clip
  };

  static double rate_of(const AVStream& stream) {
    for (const AVRational r : {stream.avg_frame_rate, stream.r_frame_rate})
      if (r.num > 0 && r.den > 0 && av_q2d(r) <= 1e6 && av_q2d(r) >= 1e-4) return av_q2d(r);
    return 0;
  }
  double since_start(std::int64_t time) const { return seconds_of(time, base_) - seconds_of(start_, base_); }
  /// The place of a shown frame at a constant rate, from 0.
  std::int64_t slot(std::size_t coded) const { return std::llround(std::clamp(since_start(coded_[coded]->pts), -1e6, 1e6) * rate_); }

  /// Puts the packets that are shown in the order of their times, and settles rate and start.
  void order() {
    for (std::size_t i = 0; i < coded_.size(); ++i)
      if (!(coded_[i]->flags & AV_PKT_FLAG_DISCARD)) shown_.push_back(i);
    if (shown_.empty()) return;
    if (timed_)
      std::stable_sort(shown_.begin(), shown_.end(), [&](std::size_t a, std::size_t b) { return coded_[a]->pts < coded_[b]->pts; });
    const std::int64_t first = coded_[shown_.front()]->pts, last = coded_[shown_.back()]->pts;
    if (rate_ == 0) {
      const double lasts = timed_ ? seconds_of(last, base_) - seconds_of(first, base_) : 0;
      rate_ = lasts > 0 ? std::clamp(double(shown_.size() - 1) / lasts, 1e-4, 1e6) : 1;
    }
    // A picture that is a little late begins with the file: some containers put the priming of a sound before it.
    constexpr double a_little_s = 0.2;
    if (timed_ && (start_ == AV_NOPTS_VALUE || first < start_ || since_start(first) < std::max(a_little_s, 1.1 / rate_))) start_ = first;
  }

  /// Which frame goes to which row.
  void choose(clip& out) {
    constexpr auto endless = std::numeric_limits<std::int64_t>::max();
    std::int64_t total = endless;
    if (!enough_ && timed_) {
      const double lasts = seconds_of(coded_[shown_.back()]->duration, base_) * rate_;
      total = slot(shown_.back()) + std::max<std::int64_t>(1, std::llround(std::clamp(lasts, 0.0, how_.most.seconds * rate_)));
    } else if (!enough_) {
      total = std::int64_t(shown_.size());
    }
    std::vector<int> pieces = how_.which;
    if (how_.seconds == 0) {
      const double seconds = std::clamp(std::nearbyint(double(total) / rate_), 1.0, double(how_.most.seconds));
      const int count = int(seconds) * how_.frames_a_second;
      for (const int i : pieces)
        if (i >= count) unreadable(from_.name(), "frame " + std::to_string(i) + " of " + std::to_string(count));
      if (pieces.empty()) pieces.resize(std::size_t(count)), std::iota(pieces.begin(), pieces.end(), 0);
    } else if (pieces.empty()) {
      pieces.resize(std::size_t(how_.seconds * how_.frames_a_second));
      std::iota(pieces.begin(), pieces.end(), 0);
    }
    for (const int i : pieces) {
      std::int64_t number = frame_number(i, how_.frames_a_second, rate_);
      if (number > total) {
        if (how_.when_picture_short == short_picture::as_is) continue;
        if (how_.when_picture_short == short_picture::error)
          unreadable(from_.name(), "its picture has " + seconds_text(double(total) / rate_) + " s; frame " + std::to_string(i) + " of " +
                                       std::to_string(how_.frames_a_second) + " a second expected");
        number = wrapped_frame(number, total, rate_);
      }
      const std::size_t coded = shown_[place(number)];
      wanted_.push_back({timed_ ? coded_[coded]->pts : std::int64_t(place(number)), coded, out.numbers.size()});
      out.numbers.push_back(number);
    }
    std::stable_sort(wanted_.begin(), wanted_.end(), [](const wanted& a, const wanted& b) { return a.key < b.key; });
  }
  /// The last shown frame that begins with or before this number.
  std::size_t place(std::int64_t number) const {
    if (!timed_) return std::size_t(std::min<std::int64_t>(number, std::int64_t(shown_.size())) - 1);
    const auto after =
        std::upper_bound(shown_.begin(), shown_.end(), number - 1, [&](std::int64_t n, std::size_t i) { return n < slot(i); });
    return after == shown_.begin() ? 0 : std::size_t(after - shown_.begin()) - 1;
  }

  void decode(clip& out) {
    // Frames that no other refers to are passed over where the decoder is known to leave the others as they are.
    const bool may_skip = timed_ && (decoder_->codec_id == AV_CODEC_ID_H264 || decoder_->codec_id == AV_CODEC_ID_HEVC);
    frame_ptr now(made(av_frame_alloc())), before(made(av_frame_alloc()));
    std::int64_t now_key = 0, before_key = 0;
    bool have_now = false, have_before = false, drained = false;
    std::size_t next = 0;
    const auto is_wanted = [&](std::int64_t key) {
      const auto at = std::lower_bound(wanted_.begin(), wanted_.end(), key, [](const wanted& w, std::int64_t k) { return w.key < k; });
      return at != wanted_.end() && at->key == key;
    };
    /// The next frame becomes `now`; false after the last one.
    const auto advance = [&] {
      for (;;) {
        if (have_now) {
          std::swap(now, before), before_key = now_key, have_before = true, have_now = false;
        }
        const int got = avcodec_receive_frame(decoder_.get(), now.get());
        if (got == 0) {
          have_now = true;
          now_key = !timed_ ? place_++ : now->pts != AV_NOPTS_VALUE ? now->pts : now->best_effort_timestamp;
          if (now->decode_error_flags != 0 || now->flags & AV_FRAME_FLAG_CORRUPT) spoilt(AVERROR_INVALIDDATA, now_key);
          return true;
        }
        if (got == AVERROR_EOF) return false;
        if (got != AVERROR(EAGAIN)) {
          spoilt(got, now_key);
          if (drained) return false;
          continue;
        }
        if (drained) return false;
        drained = next == coded_.size();
        const AVPacket* const packet = drained ? nullptr : coded_[next++].get();
        decoder_->skip_frame = packet && may_skip && !is_wanted(packet->pts) ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
        const int sent = avcodec_send_packet(decoder_.get(), packet);
        if (sent < 0 && sent != AVERROR(EAGAIN) && sent != AVERROR_EOF) spoilt(sent, packet && timed_ ? packet->pts : now_key);
      }
    };

    pixels picture;
    std::int64_t shown_key = 0;
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      const wanted& w = wanted_[i];
      if (i > 0 && wanted_[i - 1].key == w.key) {
        copy_row(out, wanted_[i - 1].row, w.row);
        continue;
      }
      if (!have_now || now_key < w.key) {
        if (const std::size_t key = key_before(w); timed_ && key > next) {
          avcodec_flush_buffers(decoder_.get());
          next = key;
        }
        while ((!have_now || now_key < w.key) && advance()) {
        }
      }
      const bool use_now = have_now && (now_key == w.key || (now_key > w.key && !have_before));
      if (!use_now && !have_before) unreadable(from_.name(), "no frame of its picture can be decoded" + from_.log().said());
      const std::int64_t used = use_now ? now_key : before_key;
      if (used != w.key) missing(used, w.key);
      if (picture.count() == 0 || used != shown_key) picture = convert_(use_now ? *now : *before), shown_key = used;
      put(out, picture, w.row);
    }
  }
  /// The last packet to start decoding at for a wanted frame.
  std::size_t key_before(const wanted& w) const {
    for (std::size_t i = w.coded; i > 0; --i)
      if (coded_[i]->flags & AV_PKT_FLAG_KEY && coded_[i]->pts <= w.key) return i;
    return 0;
  }
  std::string at_text(std::int64_t key) const { return seconds_text(timed_ ? since_start(key) : double(key) / rate_) + " s"; }

  void spoilt(int code, std::int64_t key) {
    if (how_.when_damaged == damage::error)
      unreadable(from_.name(), "its picture cannot be decoded at " + at_text(key) + ": " + from_.log().reason(code));
    ++damaged_;
  }
  /// A frame that the decoder did not give. One that refers to what was cut off before the file began has its neighbour; more is damage.
  void missing(std::int64_t used, std::int64_t key) {
    const double apart = timed_ ? std::fabs(seconds_of(used, base_) - seconds_of(key, base_)) : std::fabs(double(used - key)) / rate_;
    if (apart <= 1) return;
    spoilt(AVERROR_INVALIDDATA, key);
  }

  void put(clip& out, const pixels& picture, std::size_t row) {
    if (out.frames.count() == 0) {
      const std::int64_t height = how_.height ? how_.height : picture.size(0), width = how_.width ? how_.width : picture.size(1);
      if (height * width > how_.most.bytes / 3 / std::int64_t(wanted_.size()))
        unreadable(from_.name(), std::to_string(wanted_.size()) + " frames of " + std::to_string(height) + " x " + std::to_string(width) +
                                     " take more than " + std::to_string(how_.most.bytes) + " bytes, the limit of this reading");
      out.frames = ogm::tensor<std::uint8_t, ogm::dyn, ogm::dyn, ogm::dyn, 3>(std::int64_t(wanted_.size()), height, width);
    }
    using shape_type = ogm::data::pixel_view::shape_type;
    const auto height = out.frames.size(1), width = out.frames.size(2);
    std::uint8_t* const to = out.frames.data() + std::int64_t(row) * height * width * 3;
    if (picture.size(0) == height && picture.size(1) == width)
      std::copy_n(picture.data(), picture.count(), to);
    else
      ogm::data::resize_pixels({picture.data(), shape_type(picture.size(0), picture.size(1), 3)}, {to, shape_type(height, width, 3)});
  }
  static void copy_row(clip& out, std::size_t from, std::size_t to) {
    const auto count = out.frames.size(1) * out.frames.size(2) * 3;
    std::copy_n(out.frames.data() + std::int64_t(from) * count, count, out.frames.data() + std::int64_t(to) * count);
  }

  const input& from_;
  const options& how_;
  AVRational base_;
  std::int64_t start_;
  double rate_, until_s_ = 0, end_s_ = 0;
  codec_ptr decoder_;
  converter convert_;
  std::vector<packet_ptr> coded_;   // in the order of decoding
  std::vector<std::size_t> shown_;  // of them, in the order of showing
  std::vector<wanted> wanted_;      // in the order of showing
  std::int64_t kept_bytes_ = 0, place_ = 0;
  int damaged_ = 0;
  bool enough_ = false, timed_ = true;
};

}  // namespace avqa::media::detail
