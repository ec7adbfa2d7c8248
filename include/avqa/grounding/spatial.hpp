#pragma once
// Spatial grounding: where in a frame the sound is, and what is seen there.

#include <avqa/grounding/op/spatial.hpp>
#include <ogm/nn/linear.hpp>

namespace avqa {

namespace detail {
/// The words of a compile error, with both numbers.
template <int Expected> struct feature_maps_of_channels {
  template <int Given> static constexpr bool were_given_with_channels = Expected == Given || Given == ogm::dyn;
};
}  // namespace detail

/// What spatial grounding gives, with the map: how much each location counts; each frame's weights sum to 1.
template <class Pooled, class Weights> struct grounded {
  Pooled pooled;    // (batch, time, 2 Channels)
  Weights weights;  // (batch, time, location)
};

/// The pooled view of feature maps under a sound: [mean over locations of x_l ; sum over locations of w_l x_l / |x_l|], where w is the
/// softmax over locations of the cosine of x_l and the sound.
///
/// Shapes     maps (batch, time, Channels, height, width) or (batch, time, Channels, location), sound (batch, time, Channels)
///            -> (batch, time, 2 Channels), the mean first
/// Numerics   a vector shorter than 1e-12 is divided by 1e-12; no temperature, so that one location weighs at most e^2 times another;
///            the same bits on any number of threads. Squares are summed in the element's type; in float they are beyond its numbers from
///            lengths of 1.8e19 on (features of 8e17 in 512 channels): such a frame is gone through again in double, more slowly, and has
///            no NaN up to features of 1e30; its gradients are too small to be exact. NaN in -> NaN out
/// Errors     a compile error names both channels, a shape_error both shapes
/// Cost       each map is read from memory once forward and once backward, where two of them fit into the processor's caches
///            (512 x 14 x 14 floats: 401 KB each); maps that are data have no gradient
/// Source     Li et al., CVPR 2022, Sec. 4.2, and the released code, whose attended vector is made of normalised features and whose mean of
///            raw ones
template <int Channels> struct spatial_attention {
  OGM_NO_FIELDS

  template <class Tape, class Maps, class Sound> auto operator()(Tape& tape, const Maps& maps, const Sound& sound) const {
    return with_map(tape, maps, sound).pooled;
  }
  template <class Tape, class Maps, class Sound> auto with_map(Tape& tape, const Maps& maps, const Sound& sound) const {
    static_assert(Maps::rank == 4 || Maps::rank == 5,
                  "avqa: feature maps are (batch, time, channel, height, width) or (batch, time, channel, location). Reshape the tensor.");
    static_assert(detail::feature_maps_of_channels<Channels>::template were_given_with_channels<Maps::shape_type::statics[2]>,
                  "avqa: the channels of the feature maps are not those of the spatial grounding. Make them equal.");
    return run(tape, ogm::input(tape, maps), ogm::input(tape, sound));
  }

 private:
  template <class Tape, class Maps, class Sound> auto run(Tape& tape, const Maps& maps, const Sound& sound) const {
    using T = typename Tape::value_type;
    static_assert(Sound::rank == 3, "avqa: the sound of a spatial grounding is (batch, time, channel). Reshape the tensor.");
    static_assert(ogm::a_layer_of_input_width<Channels>::template was_given_a_tensor_of_width<Sound::width>,
                  "avqa: the sound of a spatial grounding is not as wide as its maps have channels. Make them equal.");
    long locations = 1;
    for (int axis = 3; axis < Maps::rank; ++axis) locations *= long(maps.size(axis));
    if (maps.size(2) != Channels || sound.size(2) != Channels || sound.size(0) != maps.size(0) || sound.size(1) != maps.size(1) ||
        locations == 0)
      throw ogm::shape_error("avqa: spatial_attention<" + std::to_string(Channels) + "> was given maps of shape " + maps.shape().text() +
                             " and a sound of shape " + sound.shape().text() + "; the same batch and time, " + std::to_string(Channels) +
                             " channels and a location at least are needed.");
    const op::spatial_shape shape{long(maps.size(0) * maps.size(1)), Channels, locations};
    const auto pooled = tape.template make<T>(
        ogm::extents<Maps::shape_type::statics[0], Maps::shape_type::statics[1], 2 * Channels>({maps.size(0), maps.size(1), 2 * Channels}));
    const auto weights = tape.template make<T>(ogm::extents<ogm::dyn, ogm::dyn, ogm::dyn>(maps.size(0), maps.size(1), locations));
    T* const rows = tape.template scratch<T>(3 * shape.frames * shape.row());
    T *const cosine = rows, *const inverse = rows + shape.frames * shape.row(), *const share = inverse + shape.frames * shape.row();
    tape.run(op::spatial_grounding_forward<T>{shape, maps.data(), sound.data(), pooled.data(), weights.data(), cosine, inverse, share});
    if constexpr (Tape::records)
      tape.record([=](auto& t) {
        if (!pooled.reached() && !weights.reached()) return;
        if (!pooled.reached()) t.run(ogm::op::fill<T>{pooled.gradient(), long(pooled.count()), T(0)});
        op::spatial_grounding_backward<T> back{.shape = shape,
                                               .dpooled = pooled.gradient(),
                                               .dweight = weights.reached() ? weights.gradient() : nullptr,
                                               .maps = maps.data(),
                                               .sound = sound.data(),
                                               .weight = weights.data(),
                                               .cosine = cosine,
                                               .inverse_norm = inverse,
                                               .slope = t.template scratch<T>(2 * shape.frames * shape.row()),
                                               .dsound = nullptr,
                                               .dmaps = nullptr,
                                               .add_sound = false,
                                               .add_maps = false};
        if constexpr (ogm::is_var<Maps>) {  // first, as in the operation: the sound may be the maps of one location
          const auto d = maps.accumulate();
          back.dmaps = d.data, back.add_maps = d.add();
        }
        if constexpr (ogm::is_var<Sound>) {
          const auto d = sound.accumulate();
          back.dsound = d.data, back.add_sound = d.add();
        }
        t.run(back);
      });
    return grounded<std::remove_const_t<decltype(pooled)>, std::remove_const_t<decltype(weights)>>{pooled, weights};
  }
};

/// Spatial grounding as a block of its own: linear(tanh(spatial_attention)), what is seen where the sound is.
///
/// Shapes     maps (batch, time, Channels, height, width), sound (batch, time, Channels) -> (batch, time, Width)
/// Source     Li et al., CVPR 2022, Eq. (2), (3)
/// Example    include/avqa/models/network.hpp
template <int Channels, int Width, class Backend = ogm::backend::standard> struct spatial_grounding {
  using backend_type = Backend;
  using value_type = typename Backend::value_type;
  static constexpr int width = Width;

  ogm::nn::linear<2 * Channels, Width, Backend> project;
  OGM_FIELDS(project)

  template <class Tape, class Maps, class Sound> auto operator()(Tape& tape, const Maps& maps, const Sound& sound) const {
    return project(tape, tanh(spatial_attention<Channels>{}(tape, maps, sound)));  // (batch, time, Width)
  }
  /// The same, with the attention map.
  template <class Tape, class Maps, class Sound> auto with_map(Tape& tape, const Maps& maps, const Sound& sound) const {
    const auto g = spatial_attention<Channels>{}.with_map(tape, maps, sound);
    const auto seen = project(tape, tanh(g.pooled));
    return grounded<std::remove_const_t<decltype(seen)>, decltype(g.weights)>{seen, g.weights};
  }
};

}  // namespace avqa
