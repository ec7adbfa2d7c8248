#pragma once
#include <sys/mman.h>

#include <vector>
