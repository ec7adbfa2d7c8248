// Media files from memory: as they are, and with what is damaged made up for. Few seconds and small frames, so that many are tried.

#ifdef OGM_WITH_FFMPEG
#include <avqa/media/reader.hpp>

#include "target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace avqa::media;
  const auto attempt = [&](const options& how) {
    fuzz::attempt([&] {
      const clip c = parse(fuzz::bytes(data, size), "input", how);
      fuzz::touch(ogm::data::byte_span(reinterpret_cast<const std::byte*>(c.frames.data()), std::size_t(c.frames.count())));
      fuzz::touch(c.sound);
    });
  };
  const limits small{.pixels = 1 << 18, .bytes = 1 << 24, .seconds = 60};
  attempt({.seconds = 2, .frames_a_second = 2, .height = 8, .width = 8, .most = small});
  attempt({.seconds = 2,
           .when_picture_short = short_picture::as_is,
           .when_sound_short = short_sound::as_is,
           .when_damaged = damage::keep_going,
           .most = small});
  attempt({.seconds = 0, .height = 8, .width = 8, .when_damaged = damage::keep_going, .most = small});
  return 0;
}
#else
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t*, std::size_t) { return 0; }
#endif
