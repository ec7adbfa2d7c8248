#pragma once
#include <ogm/nn/circle.hpp>
