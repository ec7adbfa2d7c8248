#pragma once
// WAV files through libsndfile, which must be there (OGM_WITH_SNDFILE). The chunks are checked first: libsndfile reads a truncated
// file without a word and gives fewer samples.

#include <ogm/core/extents.hpp>
#include <ogm/data/bytes.hpp>

#ifdef OGM_WITH_SNDFILE
#include <sndfile.h>
#endif

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace ogm::data::wav {

inline constexpr int most_channels = 64;

/// Samples in [-1, 1] (floats in a file may exceed it), frame by frame: samples[frame * channels + channel].
struct sound {
  int rate_hz = 0;
  int channels = 1;
  std::vector<float> samples;

  size_type frames() const { return size_type(samples.size()) / channels; }
};

/// The mean of the channels.
inline std::vector<float> mono(const sound& s) {
  if (s.channels == 1) return s.samples;
  std::vector<float> out(std::size_t(s.frames()));
  for (std::size_t i = 0; i < out.size(); ++i) {
    float sum = 0;
    for (int c = 0; c < s.channels; ++c) sum += s.samples[i * std::size_t(s.channels) + std::size_t(c)];
    out[i] = sum / float(s.channels);
  }
  return out;
}

namespace detail {
using data::detail::damaged;
using data::detail::load_number;

/// What libsndfile gets to see of a file: its fmt and data chunks and nothing else. On a hostile LIST chunk it was seen to loop for
/// minutes.
struct source {
  std::string head;   // RIFF, fmt, and the data chunk's first 8 bytes
  byte_span samples;  // the rest of it
  std::int64_t at = 0;

  std::int64_t size() const { return std::int64_t(head.size() + samples.size()); }
  std::int64_t read(char* to, std::int64_t count) {
    std::int64_t done = 0;
    for (const byte_span part : {as_byte_span(head), samples}) {
      const std::int64_t first = at - (part.data() == samples.data() ? std::int64_t(head.size()) : 0);
      if (first < 0 || first >= std::int64_t(part.size())) continue;
      const std::int64_t n = std::clamp<std::int64_t>(count - done, 0, std::int64_t(part.size()) - first);
      std::memcpy(to + done, part.data() + first, std::size_t(n));
      done += n, at += n;
    }
    return done;
  }
};

/// Errors     data_error where RIFF or WAVE is missing, a chunk is cut, or fmt or data is missing or doubled
inline source find_chunks(byte_span bytes, const std::string& name) {
  const std::string_view text = as_text(bytes);
  if (text.substr(0, 4) != "RIFF" || text.size() < 12 || text.substr(8, 4) != "WAVE")
    damaged(name, "no WAV file: RIFF and WAVE are missing");
  const std::uint64_t end = 8 + std::uint64_t(load_number<std::uint32_t>(bytes, 4));
  if (end > bytes.size())
    damaged(name, "truncated, or a stream that never got its length: RIFF claims " + std::to_string(end) + " bytes of " +
                      std::to_string(bytes.size()));
  byte_span format, samples;
  bool found = false;
  for (std::uint64_t at = 12; at + 8 <= end;) {
    const std::uint64_t size = load_number<std::uint32_t>(bytes, std::size_t(at) + 4);
    const std::string_view id = text.substr(std::size_t(at), 4);
    if (size > end - at - 8)
      damaged(name, "truncated: the chunk at byte " + std::to_string(at) + " claims " + std::to_string(size) + " bytes, " +
                        std::to_string(end - at - 8) + " follow");
    const byte_span body = bytes.subspan(std::size_t(at) + 8, std::size_t(size));
    if (id == "fmt ") {
      if (!format.empty() || (size != 16 && size != 18 && size != 40))
        damaged(name, "a second fmt chunk, or one of " + std::to_string(size) + " bytes, at byte " + std::to_string(at));
      format = body;
    } else if (id == "data") {
      if (found || format.empty()) damaged(name, "a second data chunk, or one before fmt, at byte " + std::to_string(at));
      samples = body, found = true;
    }
    at += 8 + size + (size & 1);
  }
  if (!found) damaged(name, "no data chunk");
  const auto number = [](std::size_t n) {
    return std::string({char(n & 255), char(n >> 8 & 255), char(n >> 16 & 255), char(n >> 24 & 255)});
  };
  source out{"", samples};
  out.head = "RIFF" + number(20 + format.size() + samples.size()) + "WAVEfmt " + number(format.size());
  out.head += std::string(as_text(format)) + "data" + number(samples.size());
  return out;
}

#ifdef OGM_WITH_SNDFILE
inline SF_VIRTUAL_IO memory_io() {
  SF_VIRTUAL_IO io{};
  io.get_filelen = [](void* p) { return sf_count_t(static_cast<source*>(p)->size()); };
  io.tell = [](void* p) { return sf_count_t(static_cast<source*>(p)->at); };
  io.seek = [](sf_count_t offset, int whence, void* p) {
    auto& s = *static_cast<source*>(p);
    const sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? s.at : s.size();
    sf_count_t target = 0;
    if (__builtin_add_overflow(base, offset, &target)) return sf_count_t(s.at);
    return sf_count_t(s.at = std::clamp<sf_count_t>(target, 0, s.size()));
  };
  io.read = [](void* to, sf_count_t count, void* p) { return sf_count_t(static_cast<source*>(p)->read(static_cast<char*>(to), count)); };
  io.write = [](const void*, sf_count_t, void*) { return sf_count_t(0); };
  return io;
}
#endif

}  // namespace detail

/// PCM of 8 to 32 bits, float, double, a-law and u-law.
///
/// Errors     data_error with the name: no WAV, truncated, another coding, over 64 channels, what libsndfile says, or no libsndfile
inline sound parse(byte_span bytes, const std::string& name) {
  detail::source from = detail::find_chunks(bytes, name);
#ifdef OGM_WITH_SNDFILE
  SF_VIRTUAL_IO io = detail::memory_io();
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> file(::sf_open_virtual(&io, SFM_READ, &info, &from), ::sf_close);
  if (!file) detail::damaged(name, std::string("libsndfile: ") + ::sf_strerror(nullptr));
  const int container = info.format & SF_FORMAT_TYPEMASK, coding = info.format & SF_FORMAT_SUBMASK;
  const int known[]{SF_FORMAT_PCM_U8, SF_FORMAT_PCM_16, SF_FORMAT_PCM_24, SF_FORMAT_PCM_32,
                    SF_FORMAT_FLOAT,  SF_FORMAT_DOUBLE, SF_FORMAT_ALAW,   SF_FORMAT_ULAW};
  if ((container != SF_FORMAT_WAV && container != SF_FORMAT_WAVEX) ||
      std::find(std::begin(known), std::end(known), coding) == std::end(known))
    detail::damaged(name, "a coding other than PCM, float, a-law and u-law");
  if (info.channels < 1 || info.channels > most_channels || info.samplerate < 1)
    detail::damaged(name, std::to_string(info.channels) + " channels at " + std::to_string(info.samplerate) + " Hz");
  // Each of these codings takes a byte a sample at least: more samples than bytes cannot be there.
  if (info.frames < 0 || info.frames > sf_count_t(bytes.size()) / info.channels)
    detail::damaged(name, std::to_string(info.frames) + " frames claimed in " + std::to_string(bytes.size()) + " bytes");
  sound out{info.samplerate, info.channels, std::vector<float>(std::size_t(info.frames) * std::size_t(info.channels))};
  const sf_count_t read = ::sf_readf_float(file.get(), out.samples.data(), info.frames);
  if (read != info.frames) detail::damaged(name, "truncated: " + std::to_string(read) + " frames of " + std::to_string(info.frames));
  return out;
#else
  (void)from;
  detail::damaged(name, "this program is built without libsndfile (OGM_WITH_SNDFILE)");
#endif
}
inline sound read(const std::string& path) { return parse(mapped_file(path).bytes(), path); }

/// Writes 16-bit PCM, atomically; samples are clipped to [-1, 1] and rounded to the nearest of 32767 steps.
///
/// Errors     value_error for no channel, no rate or over 4 GB; data_error where the file cannot be written
inline void write(const std::string& path, const sound& s) {
  const std::uint64_t size = std::uint64_t(s.samples.size()) * 2;
  if (s.channels < 1 || s.channels > most_channels || s.rate_hz < 1 || s.samples.size() % std::size_t(s.channels) != 0 ||
      size > 0xFFFFFF00u)
    throw value_error("ogm: " + path + ": a sound of " + std::to_string(s.samples.size()) + " samples, " + std::to_string(s.channels) +
                      " channels, " + std::to_string(s.rate_hz) + " Hz cannot be a WAV file.");
  std::string head;
  const auto put = [&](auto value) { head.append(reinterpret_cast<const char*>(&value), sizeof value); };
  head += "RIFF", put(std::uint32_t(36 + size)), head += "WAVEfmt ";
  put(std::uint32_t(16)), put(std::uint16_t(1)), put(std::uint16_t(s.channels)), put(std::uint32_t(s.rate_hz));
  put(std::uint32_t(s.rate_hz * s.channels * 2)), put(std::uint16_t(s.channels * 2)), put(std::uint16_t(16));
  head += "data", put(std::uint32_t(size));
  std::vector<std::int16_t> pcm(s.samples.size());
  std::transform(s.samples.begin(), s.samples.end(), pcm.begin(), [](float x) {
    const float scaled = std::clamp(x == x ? x : 0.f, -1.f, 1.f) * 32767.f;
    return std::int16_t(scaled + (scaled < 0 ? -0.5f : 0.5f));
  });
  const byte_span parts[]{as_byte_span(head), as_byte_span(pcm.data(), pcm.size())};
  write_atomically(path, parts);
}

}  // namespace ogm::data::wav
