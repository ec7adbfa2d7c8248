#include "cases.hpp"

#ifdef OGM_WITH_ONEDNN
#include "ogm_case.hpp"
#endif

namespace golden {
#ifdef OGM_WITH_ONEDNN
bool has_onednn() { return true; }
bool ogm_on_onednn(const json& file, const std::string& title) { return run_ogm_case<ogm::backend::onednn>(file, title); }
#else
bool has_onednn() { return false; }
bool ogm_on_onednn(const json&, const std::string&) { return true; }
#endif
}  // namespace golden
