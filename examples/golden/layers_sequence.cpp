#include "layers.hpp"

#include <support/backends.hpp>
#include <support/golden_sequence.hpp>

namespace golden {

using namespace ogm::test;
using single = ogm::backend::eigen<float>;
using twice = ogm::backend::eigen<double>;

#ifdef OGM_WITH_ONEDNN
runners recurrent_runners() {
  return {run_golden_recurrent<single>, run_golden_recurrent<ogm::backend::onednn>, run_golden_recurrent<twice>};
}
runners attention_runners() {
  return {run_golden_attention<single>, run_golden_attention<ogm::backend::onednn>, run_golden_attention<twice>};
}
#else
runners recurrent_runners() { return {run_golden_recurrent<single>, nullptr, run_golden_recurrent<twice>}; }
runners attention_runners() { return {run_golden_attention<single>, nullptr, run_golden_attention<twice>}; }
#endif
runners embedding_runners() { return {run_golden_embedding<single>, nullptr, run_golden_embedding<twice>}; }

}  // namespace golden
