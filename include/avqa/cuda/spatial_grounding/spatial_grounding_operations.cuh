#pragma once
// Spatial grounding on the device: op::spatial_grounding_forward, op::spatial_grounding_backward.

#include <avqa/cuda/spatial_grounding/spatial_grounding_launch.cuh>
#include <avqa/grounding/op/spatial.hpp>
#include <ogm/cuda/context.hpp>

namespace avqa::op {

/// Cosines, norms and shares are not kept, and what the operation has room for them is left as it is: the backward pass makes them again.
///
/// Errors     a status where a map's sums do not fit into a block's shared memory: docs of cuda::launch_spatial_grounding_forward
inline cuda::status run_on_device(const spatial_grounding_forward<float>& o, ogm::cuda::context& c) {
  return cuda::launch_spatial_grounding_forward<float>({.sound = o.sound,
                                                        .positive = {o.maps, o.pooled, o.weight},
                                                        .frames = o.shape.frames,
                                                        .channels = o.shape.channels,
                                                        .locations = o.shape.locations,
                                                        .shared_bytes = ogm::cuda::most_shared_bytes()},
                                                       c.stream());
}

/// Reads nothing that the forward pass left.
inline cuda::status run_on_device(const spatial_grounding_backward<float>& o, ogm::cuda::context& c) {
  return cuda::launch_spatial_grounding_backward<float>({.sound = o.sound,
                                                         .positive = {o.maps, o.dpooled, o.dweight, o.dmaps, o.add_maps},
                                                         .dsound = o.dsound,
                                                         .add_sound = o.add_sound,
                                                         .frames = o.shape.frames,
                                                         .channels = o.shape.channels,
                                                         .locations = o.shape.locations,
                                                         .shared_bytes = ogm::cuda::most_shared_bytes()},
                                                        c.stream());
}

}  // namespace avqa::op
