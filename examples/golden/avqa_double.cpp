#include "avqa_case.hpp"
#include "cases.hpp"

namespace golden {
bool avqa_in_double(const json& file, const std::string& title) { return run_avqa_case<ogm::backend::eigen<double>>(file, title); }
}  // namespace golden
