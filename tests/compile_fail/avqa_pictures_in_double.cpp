// error: avqa: features of pictures are floats. Call a network of another type on a tape of its backend.
#include <avqa/features/resnet_14x14.hpp>
#include <ogm/backend/eigen.hpp>
int main() {
  const avqa::resnet_14x14<ogm::backend::eigen<double>> network;
  const ogm::tensor<std::uint8_t, ogm::dyn, ogm::dyn, ogm::dyn, 3> pictures(10, 224, 224);
  avqa::maps_14x14(network, pictures);
}
