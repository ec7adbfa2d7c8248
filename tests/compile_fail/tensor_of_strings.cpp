// error: ogm: a tensor holds numbers. Keep other objects in a std::vector.
#include <ogm/core/tensor.hpp>
#include <string>
int main() { ogm::tensor<std::string, 3> x; }
