// Spatial grounding's two passes against the definition: every number of locations that a last pack can have.
#include <avqa/grounding/op/spatial.hpp>
#include <ogm/core/random.hpp>
#include <support/compare.hpp>

#include <catch2/catch.hpp>

#include <concepts>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

using namespace ogm;
using avqa::op::spatial_shape;

namespace {

using numbers = std::vector<double>;

constexpr double least_norm = 1e-12;

/// Of `magnitude` or a little more, none near 0, each a float.
numbers draw(long count, std::uint32_t stream, double magnitude) {
  numbers out(static_cast<std::size_t>(count));
  random::generator g({3, stream, 0});
  for (double& x : out) {
    const double u = 2 * double(g.uniform()) - 1;
    x = double(float(magnitude * (u < 0 ? u - 1 : u + 1)));
  }
  return out;
}

/// A vector over its length, or over the least norm where it is shorter.
struct unit {
  numbers direction;
  double length = 0;
  bool constant;  // the least norm divides it

  unit(const double* v, long count, long step) {
    for (long c = 0; c < count; ++c) direction.push_back(v[c * step]);
    const double own = std::sqrt(times(direction));
    constant = own < least_norm;
    length = std::max(own, least_norm);
    for (double& x : direction) x /= length;
  }
  double times(const numbers& v) const { return std::inner_product(v.begin(), v.end(), direction.begin(), 0.0); }
  /// The vector's slope, of that of its direction.
  double slope(const numbers& d, std::size_t c) const { return (d[c] - (constant ? 0 : times(d) * direction[c])) / length; }
};

/// The inputs of a batch of frames, and what the definition makes of them, one number after the other.
struct definition {
  spatial_shape shape;
  double of_maps, of_sound;  // magnitudes
  numbers maps, sound, dpooled, dweight;
  numbers pooled, weight, dsound, dmaps;

  definition(const spatial_shape& s, double of_maps_, double of_sound_, bool weighted)
      : shape(s),
        of_maps(of_maps_),
        of_sound(of_sound_),
        maps(draw(s.frames * s.map(), 1, of_maps)),
        sound(draw(s.frames * s.channels, 2, of_sound)),
        dpooled(draw(s.frames * 2 * s.channels, 3, 1)),
        dweight(weighted ? draw(s.frames * s.locations, 4, 1) : numbers{}),
        pooled(dpooled.size()),
        dsound(sound.size()),
        dmaps(maps.size()) {
    for (long f = 0; f < s.frames; ++f) frame(f);
  }

 private:
  void frame(long f) {
    const auto channels = std::size_t(shape.channels), locations = std::size_t(shape.locations);
    const std::size_t map = std::size_t(f * shape.map());
    const unit heard(sound.data() + f * shape.channels, shape.channels, 1);
    const numbers whole(dpooled.begin() + f * 2 * shape.channels, dpooled.begin() + (f * 2 + 1) * shape.channels);
    const numbers attended(dpooled.begin() + (f * 2 + 1) * shape.channels, dpooled.begin() + (f + 1) * 2 * shape.channels);
    double* const mean = pooled.data() + f * 2 * shape.channels;
    double* const seen = mean + channels;

    std::vector<unit> places;
    numbers w;
    for (std::size_t l = 0; l < locations; ++l) {
      places.emplace_back(maps.data() + map + l, shape.channels, shape.locations);
      w.push_back(std::exp(heard.times(places[l].direction)));
    }
    const double sum = std::accumulate(w.begin(), w.end(), 0.0);
    double mean_slope = 0;
    numbers slope_of_weight;
    for (std::size_t l = 0; l < locations; ++l) {
      w[l] /= sum;
      for (std::size_t c = 0; c < channels; ++c) {
        mean[c] += maps[map + c * locations + l] / double(locations);
        seen[c] += w[l] * places[l].direction[c];
      }
      slope_of_weight.push_back(places[l].times(attended) + (dweight.empty() ? 0 : dweight[std::size_t(f) * locations + l]));
      mean_slope += w[l] * slope_of_weight[l];
    }
    weight.insert(weight.end(), w.begin(), w.end());

    numbers dheard(channels);
    for (std::size_t l = 0; l < locations; ++l) {
      const double dcosine = w[l] * (slope_of_weight[l] - mean_slope);
      numbers dplace(channels);
      for (std::size_t c = 0; c < channels; ++c) {
        dheard[c] += dcosine * places[l].direction[c];
        dplace[c] = w[l] * attended[c] + dcosine * heard.direction[c];
      }
      for (std::size_t c = 0; c < channels; ++c) dmaps[map + c * locations + l] = places[l].slope(dplace, c) + whole[c] / double(locations);
    }
    for (std::size_t c = 0; c < channels; ++c) dsound[std::size_t(f) * channels + c] = heard.slope(dheard, c);
  }
};

/// Outputs and workspaces begin as NaN; a problem is told in words.
template <class T> class kernel {
 public:
  explicit kernel(const definition& d)
      : d_(d), maps_(as(d.maps)), sound_(as(d.sound)), dpooled_(as(d.dpooled)), dweight_(as(d.dweight)), rows_(unknown(3 * rows())) {}

  std::string forward() {
    auto pooled = unknown(d_.pooled.size());
    weight_ = unknown(d_.weight.size());
    T* const r = rows_.data();
    avqa::op::spatial_grounding_forward<T>{d_.shape, maps_.data(), sound_.data(), pooled.data(), weight_.data(),
                                           r,        r + rows(),   r + 2 * rows()}();
    const auto channels = std::size_t(d_.shape.channels);
    for (std::size_t i = 0; i < pooled.size(); ++i)
      if (apart(pooled[i], d_.pooled[i], i % (2 * channels) < channels ? d_.of_maps : 1)) return told("pooled", i, pooled[i], d_.pooled[i]);
    return first_apart("weight", weight_, d_.weight, {}, 1);
  }
  /// After forward(). Of the two gradients those that are wanted, written or added to what is there.
  std::string backward(bool sound_wanted, bool maps_wanted, bool add_sound, bool add_maps) {
    const double of_dsound = 1 / std::max(d_.of_sound, least_norm), of_dmaps = 1 / std::max(d_.of_maps, least_norm);
    const auto sound_before = add_sound ? draw(long(d_.dsound.size()), 5, of_dsound) : numbers{};
    const auto maps_before = add_maps ? draw(long(d_.dmaps.size()), 6, of_dmaps) : numbers{};
    auto dsound = add_sound ? as(sound_before) : unknown(d_.dsound.size());
    auto dmaps = add_maps ? as(maps_before) : unknown(d_.dmaps.size());
    auto slope = unknown(2 * rows());
    avqa::op::spatial_grounding_backward<T>{.shape = d_.shape,
                                            .dpooled = dpooled_.data(),
                                            .dweight = dweight_.empty() ? nullptr : dweight_.data(),
                                            .maps = maps_.data(),
                                            .sound = sound_.data(),
                                            .weight = weight_.data(),
                                            .cosine = rows_.data(),
                                            .inverse_norm = rows_.data() + rows(),
                                            .slope = slope.data(),
                                            .dsound = sound_wanted ? dsound.data() : nullptr,
                                            .dmaps = maps_wanted ? dmaps.data() : nullptr,
                                            .add_sound = add_sound,
                                            .add_maps = add_maps}();
    std::string out;
    if (sound_wanted) out = first_apart("dsound", dsound, d_.dsound, sound_before, of_dsound);
    if (maps_wanted && out.empty()) out = first_apart("dmaps", dmaps, d_.dmaps, maps_before, of_dmaps);
    return out;
  }

 private:
  static std::vector<T> as(const numbers& x) { return {x.begin(), x.end()}; }
  static std::vector<T> unknown(std::size_t count) { return std::vector<T>(count, std::numeric_limits<T>::quiet_NaN()); }
  std::size_t rows() const { return std::size_t(d_.shape.frames * d_.shape.row()); }
  static bool apart(T got, double expected, double magnitude) {
    return test::apart(double(got) / magnitude, expected / magnitude, std::same_as<T, float> ? 3e-6 : 1e-13);
  }
  static std::string told(const char* what, std::size_t i, T got, double expected) {
    return std::string(what) + "[" + std::to_string(i) + "] is " + std::to_string(got) + ", not " + std::to_string(expected);
  }
  static std::string first_apart(const char* what, const std::vector<T>& got, const numbers& expected, const numbers& before,
                                 double magnitude) {
    for (std::size_t i = 0; i < got.size(); ++i) {
      const double whole = expected[i] + (before.empty() ? 0 : before[i]);
      if (apart(got[i], whole, magnitude)) return told(what, i, got[i], whole);
    }
    return {};
  }

  const definition& d_;
  std::vector<T> maps_, sound_, dpooled_, dweight_, rows_, weight_;
};

template <class T> void is_definition(const spatial_shape& shape, double of_maps = 1, double of_sound = 1) {
  for (const bool weighted : {false, true}) {
    CAPTURE(shape.frames, shape.channels, shape.locations, of_maps, of_sound, weighted);
    const definition d(shape, of_maps, of_sound, weighted);
    kernel<T> run(d);
    CHECK(run.forward() == "");
    for (const auto& [sound, maps] : {std::pair{true, false}, {false, true}, {true, true}})
      for (const bool add_sound : {false, true})
        for (const bool add_maps : {false, true}) {
          CAPTURE(sound, maps, add_sound, add_maps);
          if ((sound || !add_sound) && (maps || !add_maps)) CHECK(run.backward(sound, maps, add_sound, add_maps) == "");
        }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("spatial grounding's operations are the definition, whatever their memory held", "[avqa]", float, double) {
  constexpr double quiet = 1e-14;  // below the least norm
  for (const long channels : {1, 2, 3, 4, 5, 7, 8, 11}) {
    for (long locations = 1; locations <= 36; ++locations) {
      is_definition<TestType>({3, channels, locations});
      is_definition<TestType>({1, channels, locations}, quiet);
    }
    is_definition<TestType>({2, channels, 196});
    is_definition<TestType>({0, channels, 9});
    is_definition<TestType>({1, channels, 9}, 1, quiet);
    is_definition<TestType>({1, channels, 9}, quiet, quiet);
  }
  is_definition<TestType>({45, 5, 13});  // groups of two maps
}
