// safetensors from memory: the header, and every element read in place and converted. Input without a header length gets one, so that the
// mutations reach the JSON.

#include <ogm/data/safetensors.hpp>

#include "target.hpp"

#include <vector>

namespace {

void read_all(ogm::data::byte_span bytes) {
  for (const bool trailing : {false, true})
    fuzz::attempt([&] {
      const ogm::data::safetensors::archive archive(bytes, "input", {.allow_trailing = trailing});
      for (const auto& named : archive.entries()) {
        const auto& entry = named.second;
        fuzz::touch(entry.bytes);
        std::vector<float> values(std::size_t(entry.count()));
        ogm::data::convert(entry.type, entry.bytes, values.data());
        fuzz::touch(values);
        fuzz::attempt([&] { fuzz::touch(entry.as<float>()); });
      }
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  read_all(fuzz::bytes(data, size));
  const auto* end = static_cast<const std::uint8_t*>(std::memchr(data, '\n', size));  // the JSON ends at a line break, elements follow
  const std::uint64_t length = end ? std::uint64_t(end - data) : size;
  std::vector<std::uint8_t> whole(8 + size);
  std::memcpy(whole.data(), &length, 8);
  std::memcpy(whole.data() + 8, data, size);
  read_all(fuzz::bytes(whole.data(), whole.size()));
  return 0;
}
