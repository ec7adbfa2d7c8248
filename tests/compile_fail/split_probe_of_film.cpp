// error: ogm: probe::split needs a separable head. Write with_probe<policy, probe::zero_feature>, or a head with probe<U>().
#include <ogm/fusion/film.hpp>
using namespace ogm;
int main() {
  fusion::film<2>::over<backend::standard, 4, 4> head;
  inference<> tape;
  tensor<float, dyn, 4> z(2);
  fusion::probe_of<probe::split, 0>(head, tape, z, z);
}
