// error: a_match_head_of_width<16>::was_given_tensors_of_widths<16, 8>
// error: avqa: what is heard or what is seen is not as wide as the match head. Make them equal.
#include <avqa/models/match_head.hpp>
int main() {
  const avqa::match_head<16> match;
  ogm::tensor<float, ogm::dyn, 16> heard(4);
  ogm::tensor<float, ogm::dyn, 8> seen(4);
  ogm::tape<> tape;
  match(tape, heard, seen);
}
