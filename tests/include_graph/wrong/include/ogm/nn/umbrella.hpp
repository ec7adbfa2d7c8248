#pragma once
#include <ogm/ogm.hpp>
