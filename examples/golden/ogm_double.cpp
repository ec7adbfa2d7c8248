#include "cases.hpp"
#include "ogm_case.hpp"

namespace golden {
bool ogm_in_double(const json& file, const std::string& title) { return run_ogm_case<ogm::backend::eigen<double>>(file, title); }
}  // namespace golden
