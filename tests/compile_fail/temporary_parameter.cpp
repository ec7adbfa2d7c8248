// error: ogm: a temporary parameter in an expression. Name it in the module.
#include <ogm/autograd/expression.hpp>
using namespace ogm;
int main() {
  tensor<float, dyn, 3> x(2);
  auto y = x * parameter<backend::standard, kind::norm, 3>();
}
