// Runs a fuzz target over the files of a folder without libFuzzer: each file as it is, cut short at up to 64 places,
// and with one bit flipped at up to 256 places. Deterministic, so that a failure can be repeated.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

using input = std::vector<std::uint8_t>;

/// Copies the input first, so that a sanitizer sees a read past its end.
void run(const input& bytes) {
  const input exact(bytes);
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::size_t run_with_damage(input bytes) {
  run(bytes);
  std::size_t runs = 1;
  const std::size_t cut_step = std::max<std::size_t>(1, bytes.size() / 64);
  for (std::size_t size = 0; size < bytes.size(); size += cut_step, ++runs) run(input(bytes.begin(), bytes.begin() + std::ptrdiff_t(size)));
  const std::size_t flip_step = std::max<std::size_t>(1, bytes.size() / 256);
  for (std::size_t at = 0; at < bytes.size(); at += flip_step, ++runs) {
    const auto bit = std::uint8_t(1u << (at % 8));
    bytes[at] ^= bit;
    run(bytes);
    bytes[at] ^= bit;
  }
  return runs;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return std::fprintf(stderr, "usage: %s FOLDER\n", arguments[0]), 2;
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1], error))
    if (entry.is_regular_file()) files.push_back(entry.path());
  if (files.empty()) return std::fprintf(stderr, "%s: no corpus file\n", arguments[1]), 1;
  std::sort(files.begin(), files.end());

  run({});
  std::size_t runs = 1;
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    runs += run_with_damage(input(std::istreambuf_iterator<char>(file), {}));
  }
  std::printf("%zu files, %zu inputs\n", files.size(), runs);
}
