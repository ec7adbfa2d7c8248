// error: ogm: a trainer needs a model with modalities, classes and a head. Write late_fusion<head, modality<...>...>.
#include <ogm/modulation/check.hpp>
#include <ogm/modulation/ogm.hpp>
#include <ogm/nn/linear.hpp>
int main() { ogm::modulation::check<ogm::modulation::ogm, ogm::nn::linear<4, 4>>(); }
