// error: avqa: vggish_features works on the host. Call the network on a tape of its backend.
#include <avqa/features/vggish.hpp>
struct elsewhere : ogm::memory::host {};
struct backend : ogm::backend::standard {
  using space = elsewhere;
};
int main() {
  const avqa::vggish<avqa::vggish_widths, backend> network;
  const ogm::tensor<float, ogm::dyn, 96, 64> log_mel(10);
  avqa::vggish_features(network, log_mel);
}
