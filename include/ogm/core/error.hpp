#pragma once
// The exceptions that the library throws. Every message says what is wrong, where, and what was expected.

#include <stdexcept>
#include <string>
#include <string_view>

namespace ogm {

/// Base of everything that the library throws on purpose.
struct error : std::runtime_error {
  using runtime_error::runtime_error;
};

/// A tensor of another shape than the operation needs; the message holds both shapes.
struct shape_error : error {
  using error::error;
};

/// A file that is not what its name says: truncated, damaged, of another type. The message holds the path.
struct data_error : error {
  using error::error;
};

/// A value outside its range: a probability of 2, a label of class 10 among 10.
struct value_error : error {
  using error::error;
};

/// What an error says, as part of what another says: without the library's name that it begins with, and without its full stop.
inline std::string said_by(const error& e) {
  std::string_view what = e.what();
  for (const std::string_view library : {"ogm: ", "avqa: "})
    if (what.starts_with(library)) what.remove_prefix(library.size());
  if (what.ends_with('.')) what.remove_suffix(1);
  return std::string(what);
}

}  // namespace ogm
