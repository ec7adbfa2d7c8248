#pragma once
// FFmpeg's objects as owners, what it says kept off the terminal, and memory in place of its files.

#include <ogm/data/bytes.hpp>

#include <avqa/media/clip.hpp>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/log.h>
#include <libavutil/mem.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#if LIBAVCODEC_VERSION_INT < AV_VERSION_INT(59, 37, 100)
#error "avqa: FFmpeg 5.1 or later is needed. Configure with -DOGM_WITH_FFMPEG=OFF, or install a later one."
#endif

namespace avqa::media::detail {

template <auto Free> struct freed_by {
  template <class T> void operator()(T* p) const { Free(&p); }
};
using packet_ptr = std::unique_ptr<AVPacket, freed_by<av_packet_free>>;
using frame_ptr = std::unique_ptr<AVFrame, freed_by<av_frame_free>>;
using codec_ptr = std::unique_ptr<AVCodecContext, freed_by<avcodec_free_context>>;
using resampler_ptr = std::unique_ptr<SwrContext, freed_by<swr_free>>;
struct scaler_freed {
  void operator()(SwsContext* p) const { sws_freeContext(p); }
};
using scaler_ptr = std::unique_ptr<SwsContext, scaler_freed>;

/// What FFmpeg's makers return, or bad_alloc.
template <class T> T* made(T* p) {
  if (!p) throw std::bad_alloc();
  return p;
}

/// While one lives, what FFmpeg says in this thread stays here. FFmpeg has one callback a process: the first of these replaces it, what
/// other parts of a program make FFmpeg say goes where it goes by default, and a program that sets its own callback later keeps it.
class listener {
 public:
  listener() : outer_(std::exchange(innermost(), this)) { [[maybe_unused]] static const bool once = (av_log_set_callback(&take), true); }
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;
  ~listener() { innermost() = outer_; }

  /// What went wrong, of the code and the last that was said.
  std::string reason(int code) const {
    std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
    av_strerror(code, text.data(), text.size());
    return text.data() + said();
  }
  std::string said() const { return last_.empty() ? "" : " (FFmpeg: " + last_ + ")"; }
  void forget() { last_.clear(), level_ = AV_LOG_DEBUG; }

 private:
  static listener*& innermost() {
    thread_local listener* now = nullptr;
    return now;
  }
  static void take(void* context, int level, const char* format, va_list arguments) {
    listener* const here = innermost();
    if (!here) return av_log_default_callback(context, level, format, arguments);
    if (level > AV_LOG_WARNING || level > here->level_) return;  // a warning does not push an error out
    std::array<char, 512> line{};
    std::vsnprintf(line.data(), line.size(), format, arguments);
    std::string text = line.data();
    while (!text.empty() && (text.back() == '\n' || text.back() == '.' || text.back() == ' ')) text.pop_back();
    if (!text.empty()) here->last_ = std::move(text), here->level_ = level;
  }

  listener* outer_;
  std::string last_;
  int level_ = AV_LOG_DEBUG;
};

/// Bytes in memory as FFmpeg's file: those that are given, to read, or a vector that grows, to write.
class memory_file {
 public:
  explicit memory_file(ogm::data::byte_span bytes) : bytes_(bytes) { open(&read, nullptr); }
  explicit memory_file(std::vector<std::byte>& out) : out_(&out) { open(nullptr, &write); }
  memory_file(const memory_file&) = delete;
  memory_file& operator=(const memory_file&) = delete;
  AVIOContext* get() { return io_.get(); }

 private:
#if LIBAVFORMAT_VERSION_MAJOR >= 61
  using written = const std::uint8_t;
#else
  using written = std::uint8_t;
#endif
  struct closed {
    void operator()(AVIOContext* io) const {
      av_freep(&io->buffer);
      avio_context_free(&io);
    }
  };

  void open(int (*reader)(void*, std::uint8_t*, int), int (*writer)(void*, written*, int)) {
    constexpr int size = 1 << 16;
    auto* const buffer = static_cast<unsigned char*>(made(av_malloc(size)));
    io_.reset(avio_alloc_context(buffer, size, writer != nullptr, this, reader, writer, &seek));
    if (io_) return;
    av_free(buffer);
    throw std::bad_alloc();
  }
  std::int64_t size() const { return std::int64_t(out_ ? out_->size() : bytes_.size()); }

  static int read(void* self, std::uint8_t* to, int count) {
    auto& file = *static_cast<memory_file*>(self);
    const std::int64_t n = std::min<std::int64_t>(count, file.size() - file.at_);
    if (n <= 0) return AVERROR_EOF;
    std::memcpy(to, file.bytes_.data() + file.at_, std::size_t(n));
    file.at_ += n;
    return int(n);
  }
  static int write(void* self, written* from, int count) {
    auto& file = *static_cast<memory_file*>(self);
    try {
      file.out_->resize(std::max(file.out_->size(), std::size_t(file.at_ + count)));
    } catch (const std::bad_alloc&) {
      return AVERROR(ENOMEM);
    }
    std::memcpy(file.out_->data() + file.at_, from, std::size_t(count));
    file.at_ += count;
    return count;
  }
  static std::int64_t seek(void* self, std::int64_t offset, int whence) {
    auto& file = *static_cast<memory_file*>(self);
    if (whence & AVSEEK_SIZE) return file.size();
    const int base_kind = whence & ~AVSEEK_FORCE;
    const std::int64_t base = base_kind == SEEK_SET ? 0 : base_kind == SEEK_CUR ? file.at_ : file.size();
    std::int64_t to = 0;
    if (__builtin_add_overflow(base, offset, &to) || to < 0 || (!file.out_ && to > file.size())) return AVERROR(EINVAL);
    return file.at_ = to;
  }

  ogm::data::byte_span bytes_;
  std::vector<std::byte>* out_ = nullptr;
  std::int64_t at_ = 0;
  std::unique_ptr<AVIOContext, closed> io_;
};

inline double seconds_of(std::int64_t time, AVRational base) { return double(time) * av_q2d(base); }

}  // namespace avqa::media::detail
