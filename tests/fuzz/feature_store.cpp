// A feature store from memory: the input as the file, and again as the parts of one, header, pages of items and index, whose checksums are
// made right, so that what lies behind them is reached. What opens is verified, looked up and read.

#include <avqa/features/store.hpp>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "target.hpp"

namespace {

void expect(bool law) {
  if (!law) std::abort();
}

void use(ogm::data::byte_span bytes) {
  const avqa::feature_store store(bytes, "input", avqa::store_check::on_request);
  const avqa::feature_shape shape = store.shape();
  for (ogm::size_type i = 0; i < store.videos().size(); ++i) {
    expect(store.videos().find(store.videos()[i]) == i);
    if (shape.maps_count() > 1 << 20 || shape.sound_count() > 1 << 20) break;  // holds its own bytes, so many that it only takes time
    std::vector<float> sound(std::size_t(shape.sound_count())), maps(std::size_t(shape.maps_count())),
        map(std::size_t(shape.frame_count()));
    store.read(i, sound, maps);
    store.frame(i, shape.steps - 1, map);
    fuzz::touch(sound), fuzz::touch(maps), fuzz::touch(map);
    if (store.type() == ogm::data::dtype::f32) fuzz::touch(store.maps_view(i).flat());
  }
  store.verify();
}

/// 80 bytes of the header, one of the number of pages, the rest is the index.
std::vector<std::byte> assembled(ogm::data::byte_span parts) {
  constexpr std::size_t fields = offsetof(avqa::detail::store_header, zeros);
  avqa::detail::store_header header;
  if (parts.size() <= fields) return {};
  std::memcpy(static_cast<void*>(&header), parts.data(), fields);
  const auto pages = std::size_t(parts[fields]) % 16;
  const ogm::data::byte_span index = parts.subspan(fields + 1);
  header.index_checksum = ogm::data::crc32(index);
  header.checksum = avqa::detail::checksum_of(header);
  std::vector<std::byte> out((1 + pages) * avqa::detail::store_page + index.size());
  std::memcpy(out.data(), &header, sizeof header);
  if (!index.empty()) std::memcpy(out.data() + out.size() - index.size(), index.data(), index.size());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::bytes(data, size);
  fuzz::attempt([&] {
    const std::vector<std::byte> aligned(bytes.begin(), bytes.end());
    use(aligned);
  });
  return fuzz::attempt([&] { use(assembled(bytes)); });
}
