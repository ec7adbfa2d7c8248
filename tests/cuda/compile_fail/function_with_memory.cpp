// error: ogm: a function of an expression is copied to the device byte by byte. Keep numbers and pointers to its memory in it.
#include <ogm/cuda/expression/expression_launch.cuh>
#include <vector>
struct table {
  std::vector<float> values;
};
using node = ogm::expression::unary<table, ogm::expression::constant<float>>;
auto fits = ogm::cuda::detail::node_as_an_argument<node>::fits;
