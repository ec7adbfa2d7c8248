#include <ogm/backend/eigen.hpp>

namespace ogm::backend {
template void eigen_gemm::operator()<float>(const op::gemm<float>&) const;
template void eigen_gemm::operator()<double>(const op::gemm<double>&) const;
}  // namespace ogm::backend
