// error: ogm: a module does not name its parts. Write OGM_FIELDS(a, b, ...) in it.
#include <ogm/nn/linear.hpp>
struct forgot {
  ogm::nn::linear<4, 4> l;
};
int main() {
  forgot f;
  ogm::nn::initialise(f, 0);
}
