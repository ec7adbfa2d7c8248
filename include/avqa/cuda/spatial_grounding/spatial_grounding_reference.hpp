#pragma once
// What spatial grounding on the device has to give: plain loops over host memory, in double.

#include <avqa/cuda/spatial_grounding/spatial_grounding.hpp>

#include <cmath>
#include <vector>

namespace avqa::cuda {

namespace detail {

/// A vector over its length, or over 1e-12 where it is shorter.
struct unit_vector {
  std::vector<double> direction;
  double length = 0;
  bool constant = false;  // 1e-12 divides it

  template <class T> unit_vector(const T* x, long count, long step) {
    for (long c = 0; c < count; ++c) direction.push_back(double(ogm::cuda::to_float(x[c * step])));
    length = std::sqrt(times(direction));
    constant = length < 1e-12;
    if (constant) length = 1e-12;
    for (double& d : direction) d /= length;
  }
  double times(const std::vector<double>& x) const {
    double sum = 0;
    for (std::size_t c = 0; c < x.size(); ++c) sum += direction[c] * x[c];
    return sum;
  }
  /// The slope of element c of the vector, of the slopes of its direction.
  double slope(const std::vector<double>& d, std::size_t c) const { return (d[c] - (constant ? 0 : times(d) * direction[c])) / length; }
};

/// A frame: its sound, the vectors of its locations, how much they count.
struct grounded_frame {
  unit_vector sound;
  std::vector<unit_vector> location;
  std::vector<double> weight;

  template <class Params, class T> grounded_frame(const Params& p, const T* maps, long f) : sound(p.sound + f * p.channels, p.channels, 1) {
    double sum = 0;
    for (long l = 0; l < p.locations; ++l) {
      location.emplace_back(maps + f * p.channels * p.locations + l, p.channels, p.locations);
      weight.push_back(std::exp(sound.times(location.back().direction)));
      sum += weight.back();
    }
    for (double& w : weight) w /= sum;
  }
};

}  // namespace detail

struct spatial_grounding_expected {
  std::vector<double> pooled, weight;
};
/// Pointers to host memory; of p.positive or p.negative, `of`.
template <class T>
spatial_grounding_expected spatial_grounding_forward_reference(const spatial_grounding_forward_params<T>& p, const grounded_maps<T>& of) {
  spatial_grounding_expected all;
  for (long f = 0; f < p.frames; ++f) {
    const detail::grounded_frame frame(p, of.maps, f);
    std::vector<double> mean(std::size_t(p.channels)), attended(mean);
    for (std::size_t c = 0; c < mean.size(); ++c)
      for (std::size_t l = 0; l < frame.weight.size(); ++l) {
        mean[c] += double(ogm::cuda::to_float(of.maps[(f * p.channels + long(c)) * p.locations + long(l)])) / double(p.locations);
        attended[c] += frame.weight[l] * frame.location[l].direction[c];
      }
    all.pooled.insert(all.pooled.end(), mean.begin(), mean.end());
    all.pooled.insert(all.pooled.end(), attended.begin(), attended.end());
    all.weight.insert(all.weight.end(), frame.weight.begin(), frame.weight.end());
  }
  return all;
}

struct spatial_grounding_gradients {
  std::vector<double> dsound, dmaps;
};
/// Pointers to host memory; of p.positive or p.negative, `of`. Nothing is added to what was there.
template <class T>
spatial_grounding_gradients spatial_grounding_backward_reference(const spatial_grounding_backward_params<T>& p,
                                                                 const grounded_maps_gradient<T>& of) {
  const auto channels = std::size_t(p.channels), locations = std::size_t(p.locations);
  spatial_grounding_gradients all;
  for (long f = 0; f < p.frames; ++f) {
    const detail::grounded_frame frame(p, of.maps, f);
    std::vector<double> whole, attended;
    for (long c = 0; c < p.channels; ++c) {
      whole.push_back(double(ogm::cuda::to_float(of.dpooled[f * 2 * p.channels + c])) / double(p.locations));
      attended.push_back(double(ogm::cuda::to_float(of.dpooled[(f * 2 + 1) * p.channels + c])));
    }
    std::vector<double> dw;
    double mean = 0;
    for (std::size_t l = 0; l < locations; ++l) {
      const double given = of.dweight ? double(ogm::cuda::to_float(of.dweight[f * p.locations + long(l)])) : 0;
      dw.push_back(frame.location[l].times(attended) + given);
      mean += frame.weight[l] * dw[l];
    }
    std::vector<double> heard(channels), map(channels * locations);
    for (std::size_t l = 0; l < locations; ++l) {
      const double dcosine = frame.weight[l] * (dw[l] - mean);
      std::vector<double> seen(channels);
      for (std::size_t c = 0; c < channels; ++c) {
        heard[c] += dcosine * frame.location[l].direction[c];
        seen[c] = frame.weight[l] * attended[c] + dcosine * frame.sound.direction[c];
      }
      for (std::size_t c = 0; c < channels; ++c) map[c * locations + l] = whole[c] + frame.location[l].slope(seen, c);
    }
    for (std::size_t c = 0; c < channels; ++c) all.dsound.push_back(frame.sound.slope(heard, c));
    all.dmaps.insert(all.dmaps.end(), map.begin(), map.end());
  }
  return all;
}

}  // namespace avqa::cuda
