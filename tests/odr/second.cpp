#include "every_header.hpp"

const char* version_in_the_other_unit() { return ogm::version; }
