#include "trace.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace cuda_model {

std::uint64_t traffic::sectors(bool write) const {
  std::uint64_t sum = 0;
  for (const access_site& s : sites)
    if (!s.shared && (s.write == write || s.atomic)) sum += s.units;
  return sum;
}

double traffic::worst_ratio(bool shared) const {
  double worst = 1;
  for (const access_site& s : sites)
    if (s.shared == shared) worst = std::max(worst, s.ratio());
  return worst;
}

std::string trace::table() const {
  std::string text;
  char line[320];
  std::snprintf(line, sizeof line, "%-48s %-6s %-6s %5s %9s %10s %10s %10s %6s\n", "site", "space", "kind", "bytes", "requests", "lanes",
                "units", "ideal", "ratio");
  text += line;
  for (const access_site& s : sites) {
    std::snprintf(line, sizeof line, "%-48s %-6s %-6s %5u %9llu %10llu %10llu %10llu %6.2f\n", s.place.c_str(),
                  s.shared ? "shared" : "global",
                  s.atomic  ? "atomic"
                  : s.write ? "store"
                            : "load",
                  s.bytes, static_cast<unsigned long long>(s.requests), static_cast<unsigned long long>(s.lanes),
                  static_cast<unsigned long long>(s.units), static_cast<unsigned long long>(s.ideal_units), s.ratio());
    text += line;
  }
  for (const std::string& r : races) text += r + "\n";
  for (const std::string& s : strays) text += s + "\n";
  return text;
}

void trace::note(const char* kind) const {
  const char* const path = std::getenv("CUDA_TABLE");
  if (!path) return;
  std::ofstream file(path, std::ios::app);
  for (const kernel_traffic& k : kernels)
    file << kind << '\t' << k.kernel << '\t' << k.threads << '\t' << k.dynamic_shared << '\t' << races.size() << '\t' << strays.size()
         << '\t' << k.worst_ratio(false) << '\t' << k.worst_ratio(true) << '\t' << k.load_bytes() << '\t' << 32 * k.distinct_load_sectors
         << '\t' << k.store_bytes() << '\t' << 32 * k.distinct_store_sectors << '\n';
}

}  // namespace cuda_model
