// .npy from memory, read as it is, converted, and by the header alone.

#include <ogm/data/npy.hpp>

#include "target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::bytes(data, size);
  fuzz::attempt([&] { fuzz::touch(ogm::data::npy::parse_as<float>(bytes, "input").values); });
  fuzz::attempt([&] { fuzz::touch(ogm::data::npy::parse_as<std::int16_t>(bytes, "input").values); });
  return fuzz::attempt([&] { fuzz::touch(ogm::data::npy::parse<std::int32_t>(bytes, "input").values); });
}
