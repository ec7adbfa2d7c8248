// WAV from memory through libsndfile.

#include <ogm/data/wav.hpp>

#include "target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::attempt([&] {
    const auto sound = ogm::data::wav::parse(fuzz::bytes(data, size), "input");
    fuzz::touch(sound.samples);
    fuzz::touch(ogm::data::wav::mono(sound));
  });
}
