// error: ogm: a metric reads scores of shape (sample, class). Reshape them to rank 2.
#include <ogm/train/metrics/accuracy.hpp>
int main() {
  const ogm::tensor<float, ogm::dyn, 2, 3> scores(4);
  const std::int32_t labels[4]{};
  ogm::metrics::accuracy right;
  right.add(scores, labels);
}
