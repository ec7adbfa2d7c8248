#pragma once
// Spatial grounding on the device: its arguments and its launchers, for whom a C++ compiler suffices. Whoever calls them links an
// instantiation: a .cu that includes spatial_grounding_launch.cuh and says `template ogm::cuda::status
// avqa::cuda::launch_spatial_grounding_forward<float>(...)`.

#include <avqa/cuda/status.hpp>
#include <ogm/cuda/storage.hpp>

namespace avqa::cuda {

using ogm::cuda::storage;

/// Feature maps, and what is seen in them.
template <storage T> struct grounded_maps {
  const T* maps;        // (frames, channels, locations); null: there are none
  T* pooled;            // (frames, 2 channels): the mean, the attended vector
  T* weight = nullptr;  // (frames, locations): how much each location counts; null: not wanted
};

/// Of op::spatial_grounding_forward on the host, of one or two maps a frame under the same sound.
template <storage T> struct spatial_grounding_forward_params {
  const T* sound;                    // (frames, channels)
  grounded_maps<T> positive;         // of the sound's own clip
  grounded_maps<T> negative{};       // of other clips
  long frames, channels, locations;  // height * width
  long shared_bytes = 163 * 1024;    // that a block may have: cudaDevAttrMaxSharedMemoryPerBlockOptin; here sm_80's, sm_90 has 227 KiB
};

/// Feature maps, and the gradients of what is seen in them.
template <storage T> struct grounded_maps_gradient {
  const T* maps;               // (frames, channels, locations); null: there are none
  const T* dpooled;            // (frames, 2 channels)
  const T* dweight = nullptr;  // (frames, locations), or null
  T* dmaps = nullptr;          // (frames, channels, locations), = or, where `add`, +=; null: the maps are data
  bool add = false;
};

/// Of op::spatial_grounding_backward. Of what the forward pass left nothing is needed.
template <storage T> struct spatial_grounding_backward_params {
  const T* sound;  // (frames, channels)
  grounded_maps_gradient<T> positive, negative{};
  T* dsound = nullptr;  // (frames, channels), = or, where `add_sound`, += the sum over both maps; null: not wanted; may lie in dmaps
  bool add_sound = false;
  long frames, channels, locations;
  long shared_bytes = 163 * 1024;  // as forward
};

/// How the work is cut. A type with these members tunes a kernel; tests bring small ones.
template <storage T> struct spatial_grounding_tuning {
  // A block, which takes a map. Of maps of 14 x 14 four channels at once are the work of 196 threads, eight of 392. Halves, of which a
  // whole map may be held: one block a multiprocessor, a thread a channel.
  static constexpr int threads = sizeof(T) == 4 ? 224 : 512;
  static constexpr int loads_at_once = sizeof(T) == 4 ? 4 : 8;            // of a thread, under way together
  static constexpr int blocks_a_multiprocessor = sizeof(T) == 4 ? 3 : 1;  // at least: leaves a thread 80 registers, or 128
};

/// pooled = [mean over l of x_l ; sum over l of w_l x_l / |x_l|], w = softmax over l of the cosine of x_l and the sound, on `stream`.
///
/// Numerics   float accumulation; a vector shorter than 1e-12 is divided by 1e-12. A map whose squares are beyond float is read once more.
///            A map's bits depend on its values, its sound, how it is read and the tuning, not on the other maps
/// Empty      no frames is success. NaN or infinity in -> NaN in its map's results
/// Errors     a status that names the argument, or the shared memory that a map of this size needs
/// Cost       a map that `shared_bytes` hold is read once (512 x 14 x 14 halves on sm_90), another one twice, the second time from its end
template <storage T, class Tuning = spatial_grounding_tuning<T>>
status launch_spatial_grounding_forward(const spatial_grounding_forward_params<T>&, cudaStream_t);

/// The derivatives, on `stream`.
///
/// Numerics   as forward; a gradient beyond what T stores becomes infinite
/// Cost       two launches where dsound lies in dmaps (the sound is itself the maps, of one location), the sound's after the maps'. Else
///            maps are read as often as forward, dmaps written once. Cosines and norms are computed again: they cost two multiplications an
///            element in a pass that reads the map anyway, and no byte; kept from the forward pass they would be written and read
template <storage T, class Tuning = spatial_grounding_tuning<T>>
status launch_spatial_grounding_backward(const spatial_grounding_backward_params<T>&, cudaStream_t);

}  // namespace avqa::cuda
