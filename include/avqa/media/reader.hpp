#pragma once
// Frames and sound out of media files: mp4, mkv, webm, avi, wav, flac, ogg and mp3, through FFmpeg's libraries.

#include <ogm/data/bytes.hpp>

#include <avqa/media/clip.hpp>
#include <avqa/media/input.hpp>
#include <avqa/media/picture_stream.hpp>
#include <avqa/media/sound_stream.hpp>

extern "C" {
#include <libavcodec/packet.h>
#include <libavutil/avutil.h>
}

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace avqa::media {

/// Frames and sound of a media file in memory.
///
/// Frames     those of 1.1(b), see frame_number and wrapped_frame, as RGB. A file whose frames come at varying times is read as one of its
/// mean
///            rate: a number stands for the frame that is shown then. They are turned as the file says, and resized as Pillow does; frames
///            of several sizes become as large as the first that is wanted. The shape of pixels is not looked at
/// Sound      the mean of the channels at 16 kHz; silence before a sound that begins later than the file
/// Empty      a file without a picture, or without a sound, has none: see clip::has_picture and has_sound. Covers of music are no pictures
/// Damage     a file that is cut, or whose bytes its decoders refuse, is treated as options::when_damaged says if what is damaged is
/// wanted.
///            How long a WAV, AVI, MP4, MKV or WebM ought to be it says itself, to the byte; of the others, or of one that was sent while
///            it was made, a missing second, or fiftieth, can go unnoticed. An MP4 that lacks its index cannot be read at all
/// Numerics   the same bits on any number of threads
/// Errors     value_error for options that make no sense; data_error with the name for what is no such file, holds neither of what is
/// wanted,
///            is coded otherwise than H.264, HEVC, VP8, VP9, AV1, MPEG-4, MJPEG, AAC, MP3, Opus, Vorbis, FLAC or PCM, exceeds a limit, is
///            too short or damaged where the options call that an error
/// Cost       packets up to the last wanted second are read and kept, frames decoded from the last key frame before a wanted one; no
/// threads
inline clip parse(ogm::data::byte_span bytes, const std::string& name, const options& how = {}) {
  detail::check(how);
  detail::listener log;
  detail::input from(bytes, name, how.most, log);
  const AVStream* const picture_stream = how.picture ? from.best(AVMEDIA_TYPE_VIDEO) : nullptr;
  const AVStream* const sound_stream = how.sound ? from.best(AVMEDIA_TYPE_AUDIO) : nullptr;
  if (!picture_stream && !sound_stream)
    detail::unreadable(name, how.picture && how.sound ? "neither picture nor sound in it"
                             : how.picture            ? "no picture in it"
                                                      : "no sound in it");
  from.only(picture_stream, sound_stream);
  std::optional<detail::picture_stream> picture;
  std::optional<detail::sound_stream> sound;
  if (picture_stream) picture.emplace(from, *picture_stream, how);
  if (sound_stream) sound.emplace(from, *sound_stream, how);
  log.forget();

  clip out;
  out.duration_s = from.duration_s();
  int code = 0;
  while ((picture && !picture->enough()) || (sound && !sound->enough())) {
    detail::packet_ptr packet(detail::made(av_packet_alloc()));
    code = from.next(*packet);
    if (code < 0) break;
    if (picture && packet->stream_index == picture_stream->index)
      picture->take(std::move(packet));
    else if (sound && packet->stream_index == sound_stream->index)
      sound->take(packet.get());
  }
  if (code < 0) detail::check_end(from, code, std::max(picture ? picture->end_s() : 0, sound ? sound->end_s() : 0), how, out);
  if (picture) picture->finish(out);
  if (sound) {
    out.sound = sound->finish();
    out.damaged += sound->damaged();
    out.has_sound = !out.sound.empty();
    if (out.has_sound) complete_sound(out.sound, how.seconds, how.when_sound_short, name);
  }
  if (!out.has_picture && !out.has_sound) detail::unreadable(name, "neither a frame nor a sample in it");
  return out;
}
/// Frames and sound of a media file.
///
/// Errors     as parse; data_error for what cannot be opened or is no regular file
inline clip read(const std::string& path, const options& how = {}) { return parse(ogm::data::mapped_file(path).bytes(), path, how); }

}  // namespace avqa::media
