// PyTorch files from memory, with their CRCs and without, and the input as the pickle of a file in the zip form, so that the mutations
// reach what lies behind the checksum. What can be read can be written, and reads the same again.

#include <ogm/data/pt_writer.hpp>

#include "target.hpp"

#include <cstdlib>

namespace {

namespace pt = ogm::data::pt;
namespace pickle = ogm::data::pickle;

void write_again(const pt::archive& archive) {
  pt::writer writer;
  for (const pt::entry& e : archive.entries()) {
    using enum ogm::data::dtype;
    if (e.type == u16 || e.type == u32 || e.type == u64) return;  // the writer has none
    writer.add(e);
  }
  const std::string bytes = writer.encode();
  const pt::archive again(ogm::data::as_byte_span(bytes), "output");
  if (again.entries().size() != archive.entries().size()) std::abort();
  for (std::size_t i = 0; i < again.entries().size(); ++i) {
    const pt::entry &a = archive.entries()[i], &b = again.entries()[i];
    if (a.key != b.key || a.type != b.type || a.shape != b.shape || a.packed() != b.packed()) std::abort();
  }
}

void read_all(ogm::data::byte_span bytes, const pt::options& how) {
  fuzz::attempt([&] {
    const pt::archive archive(bytes, "input", how);
    for (const pt::entry& e : archive.entries()) {
      fuzz::touch(e.elements);
      fuzz::touch(e.packed());
      fuzz::touch(e.read_as<float>().values);
      fuzz::attempt([&] { fuzz::touch(e.as<float>()); });
    }
    write_again(archive);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::bytes(data, size);
  read_all(bytes, {.check_crc = false});
  read_all(bytes, {.inside = pt::path{}, .strip_module = true});
  const auto everything = [](std::string_view name) { return pickle::role(name.size() % 4 + 1); };
  fuzz::attempt([&] { pickle::document(bytes, "input", everything); });

  static const std::string storage(24, '\1');
  ogm::data::zip::writer zip;
  zip.add("a/data.pkl", bytes);
  for (const char* const key : {"a/data/0", "a/data/1", "a/data/2"}) zip.add(key, ogm::data::as_byte_span(storage));
  const std::string whole = zip.encode();
  read_all(ogm::data::as_byte_span(whole), {});
  return 0;
}
