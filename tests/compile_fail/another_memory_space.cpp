// error: ogm: a tensor lies in another memory space than the tape works in. Copy it with copy_to<space>(tensor).
#include <ogm/nn/linear.hpp>
using namespace ogm;
struct elsewhere : memory::host {};
int main() {
  nn::linear<4, 4> layer;
  tape<> t;
  basic_tensor<elsewhere, float, dyn, 4> x(2);
  layer(t, x);
}
