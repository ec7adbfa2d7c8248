#include "layers.hpp"

#include <support/backends.hpp>
#include <support/golden_layer.hpp>

namespace golden {

using namespace ogm::test;
using single = ogm::backend::eigen<float>;
using twice = ogm::backend::eigen<double>;

#ifdef OGM_WITH_ONEDNN
runners convolution_runners() {
  return {run_golden_convolution<single>, run_golden_convolution<ogm::backend::onednn>, run_golden_convolution<twice>};
}
runners dense_runners() { return {run_golden_dense<single>, run_golden_dense<ogm::backend::onednn>, run_golden_dense<twice>}; }
#else
runners convolution_runners() { return {run_golden_convolution<single>, nullptr, run_golden_convolution<twice>}; }
runners dense_runners() { return {run_golden_dense<single>, nullptr, run_golden_dense<twice>}; }
#endif
runners pooling_runners() { return {run_golden_pooling<single>, nullptr, run_golden_pooling<twice>}; }
runners function_runners() { return {run_golden_function<single>, nullptr, run_golden_function<twice>}; }

}  // namespace golden
