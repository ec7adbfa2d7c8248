#include "expression_instances.hpp"

#include <ogm/cuda/expression/expression_operations.cuh>

namespace ogm::cuda {

#define OGM_INSTANCE(tuning, expression_)                                                                                       \
  template status launch_expression_forward<tuning>(const expression::forward_pass<float, test::node_of<test::expression_>>&,   \
                                                    cudaStream_t);                                                              \
  template status launch_expression_backward<tuning>(const expression::backward_pass<float, test::node_of<test::expression_>>&, \
                                                     cudaStream_t)
OGM_INSTANCE(expression_tuning, gated);
OGM_INSTANCE(expression_tuning, relu_of_sum);
OGM_INSTANCE(expression_tuning, of_function);
OGM_INSTANCE(test::small_expression_tuning, gated);
OGM_INSTANCE(test::small_expression_tuning, relu_of_sum);
OGM_INSTANCE(test::small_expression_tuning, squared_by_two_leaves);
OGM_INSTANCE(test::small_expression_tuning, row_twice);
OGM_INSTANCE(test::small_expression_tuning, scaled);
OGM_INSTANCE(test::small_expression_tuning, with_numbers);
OGM_INSTANCE(test::small_expression_tuning, bounded);
OGM_INSTANCE(test::uneven_expression_tuning, gated);

}  // namespace ogm::cuda
