// error: ogm: the device knows the nodes of ogm/expression/node.hpp only, of float. Write a function for unary<> or binary<>.
#include <ogm/cuda/expression/expression_kernel.cuh>
struct node {};
auto tree = ogm::cuda::detail::held<node, 4>::of(node{});
