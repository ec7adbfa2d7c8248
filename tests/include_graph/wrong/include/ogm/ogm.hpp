#pragma once
#include <ogm/nn/umbrella.hpp>
