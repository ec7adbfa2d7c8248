#include "avqa_case.hpp"
#include "cases.hpp"

namespace golden {
bool avqa_on_eigen(const json& file, const std::string& title) { return run_avqa_case<ogm::backend::eigen<float>>(file, title); }
}  // namespace golden
