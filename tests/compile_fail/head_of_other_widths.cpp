// error: ogm: a head was given features of another width than its encoders declare.
#include <ogm/fusion/concat.hpp>
using namespace ogm;
int main() {
  fusion::concat<2>::over<backend::standard, 4, 4> head;
  inference<> tape;
  tensor<float, dyn, 4> a(2);
  tensor<float, dyn, 5> v(2);
  head(tape, a, v);
}
