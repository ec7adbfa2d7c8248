// PNG and JPEG from memory, as they are and with the CRCs of a PNG put right, so that the mutations reach the decoder.

#include <ogm/data/image.hpp>

#include "target.hpp"

#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parse = [](ogm::data::byte_span bytes) {
    for (const int channels : {1, 3, 4}) fuzz::attempt([&] { fuzz::touch(ogm::data::image::parse(bytes, "input", channels).pixels); });
  };
  const auto bytes = fuzz::bytes(data, size);
  parse(bytes);
  if (size < 20 || data[0] != 0x89) return 0;
  std::vector<std::uint8_t> repaired(data, data + size);
  for (std::size_t at = 8; size - at >= 12;) {
    const std::size_t length = ogm::data::image::detail::big_endian(bytes, at);
    if (length > size - at - 12) break;
    const std::uint32_t crc = ogm::data::crc32(bytes.subspan(at + 4, length + 4));
    for (std::size_t i = 0; i < 4; ++i) repaired[at + 8 + length + i] = std::uint8_t(crc >> (24 - 8 * i));
    at += 12 + length;
  }
  parse(fuzz::bytes(repaired.data(), repaired.size()));
  return 0;
}
