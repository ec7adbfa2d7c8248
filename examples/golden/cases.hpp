#pragma once
// The cases of this program, each compiled in a file of its own.

#include <nlohmann/json.hpp>

#include <string>

#include "case.hpp"

namespace golden {

bool ogm_on_eigen(const json& file, const std::string& title);
bool ogm_in_double(const json& file, const std::string& title);
bool ogm_on_onednn(const json& file, const std::string& title);
bool avqa_on_eigen(const json& file, const std::string& title);
bool avqa_in_double(const json& file, const std::string& title);
bool avqa_on_onednn(const json& file, const std::string& title);
bool has_onednn();

}  // namespace golden
