// error: ogm: a backward step owns memory. Capture vars and views, not tensors.
#include <ogm/autograd/tape.hpp>
int main() {
  ogm::tape<> t;
  t.record([x = ogm::tensor<float, 3>()](auto&) { (void)x; });
}
