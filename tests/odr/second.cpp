#include "every_header.hpp"

const void* version_in_the_other_unit() { return &ogm::version; }
