#include "cases.hpp"
#include "ogm_case.hpp"

namespace golden {
bool ogm_on_eigen(const json& file, const std::string& title) { return run_ogm_case<ogm::backend::eigen<float>>(file, title); }
}  // namespace golden
