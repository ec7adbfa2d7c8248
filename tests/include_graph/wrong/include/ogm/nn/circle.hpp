#pragma once
#include <ogm/nn/layer.hpp>
