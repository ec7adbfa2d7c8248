// error: ogm: an expression of more than 4 KiB cannot be a kernel's argument. Keep a part of it with evaluate(tape, part).
#include <ogm/cuda/expression/expression_launch.cuh>
struct table {
  float values[1024];
};
using node = ogm::expression::unary<table, ogm::expression::constant<float>>;
auto fits = ogm::cuda::detail::node_as_an_argument<node>::fits;
