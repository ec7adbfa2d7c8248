// .npz from memory: the directory, and every member read.

#include <ogm/data/npz.hpp>

#include "target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::attempt([&] {
    const ogm::data::npz::archive archive(fuzz::bytes(data, size), "input");
    int members = 0;
    for (const std::string& name : archive.names()) {
      if (++members > 16) break;  // many names for one member would only take time
      fuzz::attempt([&] { fuzz::touch(archive.read_as<float>(name).values); });
      fuzz::attempt([&] { archive.header(name); });
    }
  });
}
