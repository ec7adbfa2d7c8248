#pragma once
// What is taken of a media file: which frames, which sound, and what stands in for what is not there. Plain data, without FFmpeg.

#include <ogm/core/error.hpp>
#include <ogm/core/tensor.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace avqa::media {

/// What a picture that ends early has in place of the frames it lacks.
enum class short_picture {
  repeat_tail,  ///< the frames of its last second, perhaps not a whole one, again and again
  as_is,        ///< nothing: fewer frames are read
  error         ///< a data_error
};

/// What a sound that ends early has in place of the seconds it lacks.
enum class short_sound {
  repeat_last,  ///< its last second again, as avqa::vggish_log_mel understands a second
  zero_signal,  ///< silence
  as_is,        ///< nothing: fewer samples are read
  error         ///< a data_error
};

/// What happens where a file is cut or a decoder finds its bytes damaged.
enum class damage {
  error,      ///< a data_error with the place
  keep_going  ///< what the decoder makes of it, the frame before, or silence; clip::damaged counts
};

/// What a file may make a program allocate; checked before.
struct limits {
  std::int64_t pixels = std::int64_t(1) << 26;  ///< of one requested frame, and of one stored with the margins that its decoder adds
  std::int64_t bytes = std::int64_t(1) << 32;   ///< of all requested frames, and of the coded ones that are kept until they are decoded
  int seconds = 3600;                           ///< of picture and sound
};

/// What to take of a media file.
struct options {
  int seconds = 60;             ///< of picture and sound; what comes later is left out. 0: all of it
  int frames_a_second = 1;      ///< fps_count of the published script
  std::vector<int> which = {};  ///< of the seconds * frames_a_second frames these, counted from 0, in this order; none: every one
  int height = 0;               ///< of the frames; 0, and width 0: as they are stored
  int width = 0;
  bool picture = true;
  bool sound = true;
  short_picture when_picture_short = short_picture::repeat_tail;
  short_sound when_sound_short = short_sound::repeat_last;
  damage when_damaged = damage::error;
  limits most = {};
};

/// Frames and sound of a media file.
struct clip {
  ogm::tensor<std::uint8_t, ogm::dyn, ogm::dyn, ogm::dyn, 3> frames;  ///< (frame, height, width, RGB)
  std::vector<std::int64_t> numbers;  ///< of the frames in the file, from 1, at a constant rate of frames_per_second
  std::vector<float> sound;           ///< the mean of the channels, in [-1, 1] but for overshoots of a lossy codec
  int rate_hz = 16000;
  double duration_s = 0;         ///< that the file claims; 0 where it claims none
  double frames_per_second = 0;  ///< of the file, the mean where its rate varies; 0 without a picture
  bool has_picture = false, has_sound = false;
  int damaged = 0;  ///< pieces that could not be decoded, or only in part, among those that were needed; a file that is cut counts as one
};

inline constexpr int sound_rate_hz = 16000;  // of every clip

namespace detail {

[[noreturn]] inline void unreadable(const std::string& name, const std::string& what) {
  throw ogm::data_error("avqa: " + name + ": " + what + ".");
}
/// 12.3
inline std::string seconds_text(double seconds) {
  std::string text = std::to_string(seconds);
  return text.substr(0, text.find('.') + 2);
}

inline void check(const options& how) {
  const auto require = [](bool law, const std::string& what) {
    if (!law) throw ogm::value_error("avqa: " + what + ".");
  };
  require(how.most.pixels > 0 && how.most.bytes > 0 && how.most.seconds > 0, "limits of 0 or below to what is read of a media file");
  require(how.seconds >= 0 && how.seconds <= how.most.seconds,
          std::to_string(how.seconds) + " seconds of a media file; 0 (all) to " + std::to_string(how.most.seconds) + " expected");
  require(how.frames_a_second >= 1 && how.frames_a_second <= 1000,
          std::to_string(how.frames_a_second) + " frames a second of a media file; 1 to 1000 expected");
  require(
      (how.height == 0 && how.width == 0) || (how.height > 0 && how.width > 0 && std::int64_t(how.height) * how.width <= how.most.pixels),
      "frames of " + std::to_string(how.height) + " x " + std::to_string(how.width) + "; both 0 (as stored) or at most " +
          std::to_string(how.most.pixels) + " pixels expected");
  require(how.picture || how.sound, "neither picture nor sound of a media file is wanted");
  for (const int i : how.which)
    require(i >= 0 && (how.seconds == 0 || i < how.seconds * how.frames_a_second),
            "frame " + std::to_string(i) + " of a reading of " + std::to_string(how.seconds * how.frames_a_second));
}

}  // namespace detail

/// The number, from 1, of the frame in the middle of piece i of a second's 1/frames_a_second: 1 for what lies before the first.
///
/// Numerics   halves are rounded to even, as Python does
/// Source     MUSIC-AVQA's released extract_frames_adaptive.py
inline std::int64_t frame_number(std::int64_t i, int frames_a_second, double frames_per_second) {
  const double middle = (1.0 / (2.0 * frames_a_second) + double(i) / frames_a_second) * frames_per_second;
  const double below = std::floor(middle), rest = middle - below;
  const auto whole = std::int64_t(below);
  return std::max<std::int64_t>(1, whole + (rest > 0.5 || (rest == 0.5 && whole % 2 != 0)));
}

/// The frame that stands for `number` in a file of `total` frames: itself, or where it comes after the end, the one that stands as far
/// behind the start of the last second, which may be a part of one, counted round and round.
///
/// Source     as frame_number
inline std::int64_t wrapped_frame(std::int64_t number, std::int64_t total, double frames_per_second) {
  if (number <= total) return number;
  auto last = std::int64_t(std::fmod(double(total), frames_per_second));
  if (last == 0) last = std::int64_t(frames_per_second);
  last = std::clamp<std::int64_t>(last, 1, total);  // less than a frame a second, where the published script divides by 0
  const std::int64_t start = total - last;
  return start + 1 + (number - start - 1) % last;
}

/// Cuts or completes a sound of 16 kHz to `seconds`, 0: leaves it as it is. A second is there where 15,600 samples of it are, as
/// avqa::vggish_log_mel counts, so its log-mels of the sound before and after repeat_last are equal.
///
/// Errors     data_error with the name under short_sound::error
inline void complete_sound(std::vector<float>& sound, int seconds, short_sound when_short, const std::string& name) {
  constexpr std::size_t second = sound_rate_hz, least = 15600;
  const std::size_t wanted = std::size_t(seconds) * second;
  if (seconds == 0 || sound.size() >= wanted) return sound.resize(seconds == 0 ? sound.size() : wanted);
  switch (when_short) {
    case short_sound::as_is:
      return;
    case short_sound::zero_signal:
      return sound.resize(wanted);
    case short_sound::error:
      if (sound.size() + second - least >= wanted) return sound.resize(wanted);
      detail::unreadable(name, "its sound has " + detail::seconds_text(double(sound.size()) / sound_rate_hz) + " s; " +
                                   std::to_string(seconds) + " expected");
    case short_sound::repeat_last:
      break;
  }
  const std::size_t whole = std::max<std::size_t>(1, sound.size() / second + (sound.size() % second >= least));
  sound.resize(whole * second);
  sound.reserve(wanted);
  while (sound.size() < wanted) sound.push_back(sound[sound.size() - second]);
}

}  // namespace avqa::media
