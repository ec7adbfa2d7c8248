#include "source_places.hpp"

#include <dlfcn.h>

#include <cstdio>
#include <memory>

namespace cuda_model {
namespace {

struct close_pipe {
  void operator()(std::FILE* f) const { ::pclose(f); }
};

std::string output_of(const std::string& command) {
  const std::unique_ptr<std::FILE, close_pipe> pipe(::popen(command.c_str(), "r"));
  std::string all;
  char part[4096];
  while (pipe && std::fgets(part, sizeof part, pipe.get())) all += part;
  return all;
}

/// Or the standard library's.
bool of_the_model(const std::string& file) {
  const bool model = file.find("/cuda/model/") != std::string::npos && file.find("/cuda/model/faults") == std::string::npos;
  return model || file.starts_with("/usr/");
}

/// "path/file.cuh:12 (discriminator 3)" -> "file.cuh:12"
std::string short_place(const std::string& line) {
  const std::string place = line.substr(0, line.find(' '));
  return place.substr(place.rfind('/') + 1);
}

std::string file_of(const std::string& place) { return place.substr(0, place.find(':')); }

std::map<std::uintptr_t, std::string> look_up(const std::vector<std::uintptr_t>& return_addresses) {
  std::map<std::uintptr_t, std::string> places;
  std::string command;
  for (const std::uintptr_t address : return_addresses) {
    Dl_info program{};
    if (!::dladdr(reinterpret_cast<void*>(address), &program)) continue;
    if (command.empty()) command = "addr2line -a -i -e '" + std::string(program.dli_fname) + "'";
    char text[32];
    std::snprintf(text, sizeof text, " 0x%zx", std::size_t(address - 1 - reinterpret_cast<std::uintptr_t>(program.dli_fbase)));
    command += text;
    places.emplace(address, "?");
  }
  if (command.empty()) return places;

  // With -a each address is a line of its own, "0x...", before the lines of its frames, the innermost first. They come in the order asked
  // for.
  const std::string output = output_of(command + " 2> /dev/null");
  std::size_t next = 0;
  std::string* place = nullptr;
  enum { nothing, file, both } found = nothing;
  for (std::size_t begin = 0, end; (end = output.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string line = output.substr(begin, end - begin);
    if (line.starts_with("0x")) {
      while (next < return_addresses.size() && !places.count(return_addresses[next])) ++next;
      if (next == return_addresses.size()) break;
      place = &places[return_addresses[next++]];
      found = nothing;
    } else if (place && found == nothing) {
      if (of_the_model(line)) continue;
      *place = short_place(line);
      found = file;
    } else if (place && found == file && !of_the_model(line) && file_of(short_place(line)) != file_of(*place)) {
      *place += " in " + short_place(line);
      found = both;
    }
  }
  return places;
}

}  // namespace

std::map<std::uintptr_t, std::string> source_places(const std::vector<std::uintptr_t>& return_addresses) {
  static std::map<std::uintptr_t, std::string> known;
  std::vector<std::uintptr_t> unknown;
  for (const std::uintptr_t address : return_addresses)
    if (!known.count(address)) unknown.push_back(address);
  known.merge(look_up(unknown));
  return known;
}

}  // namespace cuda_model
