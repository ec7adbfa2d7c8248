// error: avqa: the samples of a sound are float or std::int16_t. Convert them.
#include <avqa/features/vggish_log_mel.hpp>
int main() {
  const std::vector<double> samples(16000);
  avqa::vggish_log_mel()(avqa::sound_view<double>{samples});
}
