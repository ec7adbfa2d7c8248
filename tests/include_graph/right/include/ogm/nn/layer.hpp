#pragma once
#include <ogm/core/memory.hpp>
