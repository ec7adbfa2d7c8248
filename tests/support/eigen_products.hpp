#pragma once
// Eigen's products are most of what a test compiles of Eigen: they are compiled once, in eigen_products.cpp.

#include <ogm/backend/eigen.hpp>

namespace ogm::backend {
extern template void eigen_gemm::operator()<float>(const op::gemm<float>&) const;
extern template void eigen_gemm::operator()<double>(const op::gemm<double>&) const;
}  // namespace ogm::backend
