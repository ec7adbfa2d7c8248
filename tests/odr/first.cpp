#include <cstdio>

#include "every_header.hpp"

const void* version_in_the_other_unit();

int main() {
  // Inline variables are one object in the whole program; a copy a unit would have two addresses.
  const bool same = version_in_the_other_unit() == &ogm::version;
  std::puts(same ? "both units link, and share what is inline" : "the units disagree");
  return same ? 0 : 1;
}
