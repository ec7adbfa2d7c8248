#include "avqa_case.hpp"
#include "cases.hpp"

#ifdef OGM_WITH_ONEDNN
#include <ogm/backend/onednn.hpp>
#endif

namespace golden {
#ifdef OGM_WITH_ONEDNN
bool avqa_on_onednn(const json& file, const std::string& title) { return run_avqa_case<ogm::backend::onednn>(file, title); }
#else
bool avqa_on_onednn(const json&, const std::string&) { return true; }
#endif
}  // namespace golden
