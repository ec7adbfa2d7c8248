#pragma once
// The sizes of the networks, and the sentences of compile errors about inputs of other sizes.

#include <ogm/core/extents.hpp>

#include <concepts>

namespace avqa {

/// The sizes of the published networks: VGGish vectors, ResNet-18 maps, 93 words, 42 answers. A network takes any type with these members.
struct music_avqa_widths {
  static constexpr int audio = 128;     // of a second of sound
  static constexpr int channels = 512;  // of a feature map
  static constexpr int width = 512;     // of everything inside
  static constexpr int words = 93;
  static constexpr int answers = 42;
  static constexpr int heads = 4;  // of temporal attention
};

/// A type with the sizes of a network.
template <class W>
concept network_widths = requires {
  { W::audio + W::channels + W::width + W::words + W::answers + W::heads } -> std::convertible_to<int>;
};

namespace detail {
/// The words of compile errors: both compilers print a name with its numbers next to the static_assert's sentence.
template <int Expected> struct a_network_for_sound_of_width {
  template <int Given> static constexpr bool was_given_sound_of_width = Expected == Given || Given == ogm::dyn;
};
template <int Expected> struct a_network_for_maps_of_channels {
  template <int Given> static constexpr bool was_given_maps_of_channels = Expected == Given || Given == ogm::dyn;
};
template <int Expected> struct a_match_head_of_width {
  template <int Heard, int Seen>
  static constexpr bool was_given_tensors_of_widths = (Expected == Heard || Heard == ogm::dyn) && (Expected == Seen || Seen == ogm::dyn);
};

/// Whether a network of a sound of that width takes a tensor: a compile error with one sentence where it does not.
template <int Width, class Sound> constexpr bool takes_sound() {
  static_assert(Sound::rank == 3, "avqa: the sound of a network is (batch, time, channel). Reshape the tensor.");
  static_assert(a_network_for_sound_of_width<Width>::template was_given_sound_of_width<Sound::width>,
                "avqa: the last extent of the sound is not the width of sound that the network takes. Make them equal.");
  return Sound::rank == 3 && a_network_for_sound_of_width<Width>::template was_given_sound_of_width<Sound::width>;
}
/// The same for maps.
template <int Channels, class Maps> constexpr bool takes_maps() {
  static_assert(Maps::rank == 5, "avqa: feature maps are (batch, time, channel, height, width). Reshape the tensor.");
  if constexpr (Maps::rank == 5) {
    constexpr int given = int(Maps::shape_type::statics[2]);
    static_assert(a_network_for_maps_of_channels<Channels>::template was_given_maps_of_channels<given>,
                  "avqa: the channels of the feature maps are not those that the network takes. Make them equal.");
    return a_network_for_maps_of_channels<Channels>::template was_given_maps_of_channels<given>;
  }
  return false;
}
}  // namespace detail

}  // namespace avqa
