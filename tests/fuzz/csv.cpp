// Comma-separated text from memory, and its fields as numbers.

#include <ogm/data/csv.hpp>

#include "target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::attempt([&] {
    int numbers = 0;
    for (const auto& row : ogm::data::csv::parse(fuzz::bytes(data, size), "input"))
      for (std::size_t i = 0; i <= row.size() && numbers < 16; ++i, ++numbers) {  // more would only take time: most of them throw
        fuzz::attempt([&] { ogm::data::csv::number<int>(row, i, "input"); });
        fuzz::attempt([&] { ogm::data::csv::number<double>(row, i, "input"); });
      }
  });
}
