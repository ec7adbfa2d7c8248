#pragma once
// The backend that models use unless they name another: oneDNN where the build found it, Eigen where not.

#ifdef OGM_WITH_ONEDNN
#include <ogm/backend/onednn.hpp>
#else
#include <ogm/backend/eigen.hpp>
#endif

namespace ogm::backend {

#ifdef OGM_WITH_ONEDNN
using standard = onednn;
#else
using standard = eigen<float>;
#endif

}  // namespace ogm::backend
