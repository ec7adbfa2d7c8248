#pragma once
// All operations of avqa's networks that ogm has not, for backend::cuda: what a file includes, beside ogm/cuda/backend.cuh, that trains or
// runs them on a device. No kernel is here for op::prefix_tree: questions in the device's memory are read by the LSTM itself
// (question_encoder).

#include <avqa/cuda/spatial_grounding/spatial_grounding_operations.cuh>
#include <avqa/cuda/temporal_grounding/temporal_grounding_operations.cuh>
