// error: ogm: a recorded expression owns a tensor. Keep it in a variable and pass that.
#include <ogm/autograd/expression.hpp>
using namespace ogm;
int main() {
  tape<> t;
  evaluate(t, tensor<float, dyn>(3) * 2);
}
