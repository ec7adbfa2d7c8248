// error: ogm: a copy between two spaces goes through memory::host. Copy twice.
#include <ogm/core/tensor.hpp>
using namespace ogm;
struct here : memory::host {};
struct there : memory::host {};
int main() {
  basic_tensor<here, float, 3> x;
  copy_to<there>(x);
}
