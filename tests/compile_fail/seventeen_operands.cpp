// error: ogm: an expression has more than 16 operands. Keep a part of it with evaluate(tape, part).
#include <ogm/autograd/expression.hpp>
using namespace ogm;
int main() {
  tensor<float, dyn> x(3);
  inference<> t;
  evaluate(t, x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x);
}
