// error: ogm: an expression of parameters and numbers only has no shape. Add a tensor to it.
#include <ogm/nn/linear.hpp>
int main() {
  ogm::nn::linear<4, 4> l;
  ogm::tape<> tape;
  ogm::evaluate(tape, l.bias * 2.0);
}
