#pragma once
// The launchers of spatial grounding: the only host code that knows its kernels.

#include <avqa/cuda/spatial_grounding/spatial_grounding_kernel.cuh>
#include <ogm/cuda/launch.cuh>

namespace avqa::cuda {

namespace detail {

/// Whether the maps are there that must be, and sizes are such that shared memory can be counted.
template <class Params> status check_spatial_grounding(const char* who, const Params& p) {
  if (p.frames < 0) return wrong_argument(who, "frames", p.frames, "0 or more");
  if (p.channels < 1 || p.channels > most_of_a_size) return wrong_argument(who, "channels", p.channels, "1 to 1048576");
  if (p.locations < 1 || p.locations > most_of_a_size) return wrong_argument(who, "locations", p.locations, "1 to 1048576");
  if (p.frames == 0) return {};
  const auto complete = [](const auto& of) {
    if constexpr (requires { of.pooled; })
      return of.pooled != nullptr;
    else
      return of.dpooled != nullptr;
  };
  if (!p.sound) return refused(who, "no sound.");
  if (!p.positive.maps) return refused(who, "no positive maps.");
  if (!complete(p.positive) || (p.negative.maps && !complete(p.negative))) return refused(who, "maps without their pooled vectors.");
  return {};
}

/// Whether the gradient of the sound is that of maps.
template <class T> bool lies_in(const T* dsound, const T* dmaps, const spatial_grounding_backward_params<T>& p) {
  return dsound && dmaps && dsound >= dmaps && dsound < dmaps + p.frames * p.channels * p.locations;
}

struct spatial_grounding_forward_kernel {
  using needs = forward_needs;
  static constexpr int scratch_floats = 1;  // a warp
  template <class T, class Tuning, int Width> static constexpr auto of_blocks = &spatial_grounding_forward_of_blocks<T, Tuning, Width>;
};
struct spatial_grounding_backward_kernel {
  using needs = backward_needs;
  static constexpr int scratch_floats = 3;
  template <class T, class Tuning, int Width> static constexpr auto of_blocks = &spatial_grounding_backward_of_blocks<T, Tuning, Width>;
};

/// Holds maps in shared memory if they fit.
template <class T, class Tuning, int Width, class Kernel, class Params>
status launch_maps(const char* who, const Params& p, long blocks, cudaStream_t stream) {
  using layout = map_layout<T, Tuning, Width, typename Kernel::needs>;
  const auto bytes = [&](bool held) { return layout{int(p.channels), int(p.locations), held}.bytes(); };
  constexpr long scratch = 4 * Kernel::scratch_floats * layout::warps;
  const bool held = bytes(true) + scratch <= p.shared_bytes;
  if (!held && bytes(false) + scratch > p.shared_bytes)
    return status(std::string("avqa: ") + who + " needs " + std::to_string(bytes(false) + scratch) +
                  " bytes of shared memory for maps of " + std::to_string(p.channels) + " channels and " + std::to_string(p.locations) +
                  " locations; it was given shared_bytes = " + std::to_string(p.shared_bytes) + ".");
  return ogm::cuda::launch(who, {blocks, Tuning::threads, std::size_t(bytes(held))}, stream, Kernel::template of_blocks<T, Tuning, Width>,
                           p, held);
}

}  // namespace detail

template <storage T, class Tuning>
status launch_spatial_grounding_forward(const spatial_grounding_forward_params<T>& p, cudaStream_t stream) {
  constexpr const char* who = "spatial_grounding_forward";
  if (status s = detail::check_spatial_grounding(who, p); !s.ok() || p.frames == 0) return s;
  using kernel = detail::spatial_grounding_forward_kernel;
  const long blocks = p.frames * (p.negative.maps ? 2 : 1);
  if (p.locations % 4 == 0 && ogm::cuda::lies_in_vectors(p.positive.maps, 4) && ogm::cuda::lies_in_vectors(p.negative.maps, 4))
    return detail::launch_maps<T, Tuning, 4, kernel>(who, p, blocks, stream);
  return detail::launch_maps<T, Tuning, 1, kernel>(who, p, blocks, stream);
}

template <storage T, class Tuning>
status launch_spatial_grounding_backward(const spatial_grounding_backward_params<T>& p, cudaStream_t stream) {
  constexpr const char* who = "spatial_grounding_backward";
  if (status s = detail::check_spatial_grounding(who, p); !s.ok() || p.frames == 0) return s;
  if (p.negative.dmaps && !p.negative.maps) return refused(who, "gradients of negative maps and no maps.");
  if (!p.dsound && !p.positive.dmaps && !p.negative.dmaps) return {};
  if (detail::lies_in(p.dsound, p.positive.dmaps, p) || detail::lies_in(p.dsound, p.negative.dmaps, p)) {
    auto first = p, second = p;  // of the maps, and then of the sound
    first.dsound = second.positive.dmaps = second.negative.dmaps = nullptr;
    if (status s = launch_spatial_grounding_backward<T, Tuning>(first, stream); !s.ok()) return s;
    return launch_spatial_grounding_backward<T, Tuning>(second, stream);
  }
  using kernel = detail::spatial_grounding_backward_kernel;
  const auto in_vectors = [](const auto& of) { return ogm::cuda::lies_in_vectors(of.maps, 4) && ogm::cuda::lies_in_vectors(of.dmaps, 4); };
  if (p.locations % 4 == 0 && in_vectors(p.positive) && in_vectors(p.negative))
    return detail::launch_maps<T, Tuning, 4, kernel>(who, p, p.frames, stream);
  return detail::launch_maps<T, Tuning, 1, kernel>(who, p, p.frames, stream);
}

}  // namespace avqa::cuda
