// A film of a minute, 640 x 360 at 25 frames a second with sound of 44.1 kHz, H.264 and AAC: frames of 224 x 224 and sound of 16 kHz,
// against a plain loop that decodes every frame of the picture and keeps the same ones. Axes: frames, of the 60 of the published pipeline;
// sound, 1 where it is read too; key, frames from one key frame to the next. Counters: x_film, seconds of film a second; of_plain, the time
// of the plain loop over ours.

#ifdef OGM_WITH_FFMPEG
#include <ogm/data/resize_pixels.hpp>

#include <avqa/media/reader.hpp>
#include <avqa/media/writer.hpp>

#include <machine.hpp>

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstring>
#include <map>
#include <vector>

using namespace avqa::media;

namespace {

constexpr int seconds = 60, rate = 25, height = 360, width = 640, side = 224;

/// A disc that moves over a ground that drifts, with some noise: a film of about a megabit a second.
std::vector<std::byte> film_of(int key) {
  ogm::tensor<std::uint8_t, ogm::dyn, ogm::dyn, ogm::dyn, 3> frames(seconds * rate, height, width);
  std::uint32_t noise = 1;
  for (long t = 0; t < seconds * rate; ++t)
    for (long y = 0; y < height; ++y)
      for (long x = 0; x < width; ++x) {
        noise = noise * 1664525 + 1013904223;
        const long dx = x - 320 - long(200 * std::sin(double(t) / 20)), dy = y - 180 - long(100 * std::cos(double(t) / 13));
        const bool disc = dx * dx + dy * dy < 60 * 60;
        const int ground = int(((x + t) / 8 * 37 + y / 8 * 91) % 64) + int(noise >> 30);
        for (long c = 0; c < 3; ++c) frames(t, y, x, c) = std::uint8_t(disc ? 200 - 40 * c + ground / 4 : 60 + ground + 20 * c);
      }
  std::vector<float> sound(std::size_t(seconds) * 44100 * 2);
  for (std::size_t i = 0; i < sound.size(); ++i) sound[i] = float(0.3 * std::sin(double(i / 2) * (0.05 + 0.02 * double(i % 2))));
  film of{.frames = frames.view(), .frames_per_second = rate, .sound = sound, .channels = 2, .rate_hz = 44100, .quality = 26};
  of.frames_between_keys = key;
  return encode_mp4(of);
}

/// Decodes every frame, and resizes those with the wanted numbers.
clip plain(ogm::data::byte_span bytes, const options& how, const std::vector<std::int64_t>& numbers) {
  detail::listener log;
  detail::input from(bytes, "film", how.most, log);
  const AVStream* const stream = from.best(AVMEDIA_TYPE_VIDEO);
  from.only(stream, nullptr);
  const auto decoder = from.open_decoder(*stream, false);
  detail::converter convert(from.name(), log, {});
  const detail::packet_ptr packet(detail::made(av_packet_alloc()));
  const detail::frame_ptr frame(detail::made(av_frame_alloc()));
  clip out;
  out.frames = decltype(out.frames)(long(numbers.size()), how.height, how.width);
  std::int64_t number = 0;
  for (int code = 0; code >= 0;) {
    code = from.next(*packet);
    avcodec_send_packet(decoder.get(), code >= 0 ? packet.get() : nullptr);
    av_packet_unref(packet.get());
    while (avcodec_receive_frame(decoder.get(), frame.get()) == 0) {
      ++number;
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (numbers[i] != number) continue;
        const detail::pixels picture = convert(*frame);
        using shape = ogm::data::pixel_view::shape_type;
        ogm::data::resize_pixels({picture.data(), shape(picture.size(0), picture.size(1), 3)},
                                 {&out.frames(long(i), 0, 0, 0), shape(how.height, how.width, 3)});
      }
    }
  }
  return out;
}

void read_film(benchmark::State& state) {
  static std::map<int, std::vector<std::byte>> films;
  std::vector<std::byte>& file = films[int(state.range(2))];
  if (file.empty()) file = film_of(int(state.range(2)));
  options how{.height = side, .width = side, .sound = state.range(1) == 1};
  if (state.range(0) < seconds)
    for (int i = 0; i < seconds; i += seconds / int(state.range(0))) how.which.push_back(i);
  clip ours = parse(file, "film", how), theirs = plain(file, how, ours.numbers);
  if (ours.frames.count() != theirs.frames.count() ||
      std::memcmp(ours.frames.data(), theirs.frames.data(), std::size_t(ours.frames.count())) != 0)
    return state.SkipWithError("the frames are not those of a plain loop");
  const bench::duel d = bench::in_turn(
      state, [&] { ours = parse(file, "film", how); }, [&] { theirs = plain(file, how, ours.numbers); }, 1);
  state.counters["x_film"] = seconds / d.ours;
  state.counters["of_plain"] = d.reference / d.ours;
  state.counters["MB"] = double(file.size()) * 1e-6;
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::RegisterBenchmark("read", &read_film)
      ->ArgNames({"frames", "sound", "key"})
      ->ArgsProduct({{60, 10}, {0, 1}, {250, 50}})
      ->UseManualTime()
      ->MinTime(0.5)
      ->Unit(benchmark::kMillisecond);
  return bench::run(argc, argv, true);
}
#else
#include <iostream>

int main() { std::cout << "skipped: built without FFmpeg (OGM_WITH_FFMPEG)\n"; }
#endif
