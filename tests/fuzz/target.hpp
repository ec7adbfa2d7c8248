#pragma once
// What the fuzz targets share: a parser may refuse its input with a data_error, and with nothing else.

#include <ogm/data/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace fuzz {

template <class Parse> int attempt(const Parse& parse) {
  try {
    parse();
  } catch (const ogm::data_error&) {
  }
  return 0;
}
inline ogm::data::byte_span bytes(const std::uint8_t* data, std::size_t size) { return ogm::data::as_byte_span(data, size); }

/// Reads every element, so that a sanitizer sees one that is not there.
template <class Range> void touch(const Range& range) {
  unsigned char sum = 0;
  for (const std::byte b : ogm::data::as_byte_span(range.data(), range.size()))
    sum = static_cast<unsigned char>(sum + static_cast<unsigned char>(b));
  [[maybe_unused]] volatile unsigned char keep = sum;
}

}  // namespace fuzz
