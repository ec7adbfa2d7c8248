// error: ogm: fusion::gated needs two modalities: one that gates and one that is gated.
#include <ogm/fusion/gated.hpp>
ogm::fusion::gated<2, 3>::over<ogm::backend::standard, 4> head;
int main() {}
