// error: ogm: a head was given another number of modalities than it has.
// error: ogm: probe::self_head needs a head that conditions one modality on another, of equal widths.
// error: ogm: this kind of probe is computed by the trainer, not by the head.
// error: ogm: a metric reads host memory. Copy the scores with copy_to<memory::host>.
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/sum.hpp>
#include <ogm/train/metrics/accuracy.hpp>
using namespace ogm;
struct elsewhere : memory::host {};
void call(tape<>& t, const tensor<float, dyn, 4>& z) {
  fusion::sum<2>::over<backend::standard, 4, 4> two;
  two(t, z);
  fusion::concat<2>::over<backend::standard, 4, 4> head;
  probe_of<probe::self_head, 0>(head, t, z, z);
  probe_of<probe::aux_head, 0>(head, t, z, z);
  metrics::accuracy right;
  right.add(basic_tensor<elsewhere, float, dyn, 3>(2), std::vector<std::int32_t>(2));
}
