#pragma once
// The exceptions that the library throws. Every message says what is wrong, where, and what was expected.

#include <stdexcept>
#include <string>

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

}  // namespace ogm
