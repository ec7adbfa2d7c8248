#include <avqa/grounding/spatial.hpp>
#include <support/golden.hpp>
#include <support/gradient_check.hpp>

using namespace ogm;
using D = backend::eigen<double>;

namespace {

/// By the definition, one number after the other.
struct plain {
  std::vector<double> pooled, weights;
  template <class Maps, class Sound> plain(const Maps& maps, const Sound& sound) {
    const long channels = maps.size(2), locations = maps.size(3) * maps.size(4);
    for (long f = 0; f < maps.size(0) * maps.size(1); ++f) {
      const auto* x = maps.data() + f * channels * locations;
      const auto* s = sound.data() + f * channels;
      const auto length = [&](const auto* v, long step) {
        double sum = 0;
        for (long c = 0; c < channels; ++c) sum += double(v[c * step]) * double(v[c * step]);
        return std::max(std::sqrt(sum), 1e-12);
      };
      std::vector<double> w(static_cast<std::size_t>(locations)), n(w);
      double total = 0;
      for (long l = 0; l < locations; ++l) {
        n[std::size_t(l)] = length(x + l, locations);
        double dot = 0;
        for (long c = 0; c < channels; ++c) dot += double(x[c * locations + l]) * double(s[c]);
        total += w[std::size_t(l)] = std::exp(dot / n[std::size_t(l)] / length(s, 1));
      }
      for (double& v : w) v /= total;
      for (long c = 0; c < channels; ++c) {
        double mean = 0;
        for (long l = 0; l < locations; ++l) mean += double(x[c * locations + l]) / double(locations);
        pooled.push_back(mean);
      }
      for (long c = 0; c < channels; ++c) {
        double sum = 0;
        for (long l = 0; l < locations; ++l) sum += w[std::size_t(l)] * double(x[c * locations + l]) / n[std::size_t(l)];
        pooled.push_back(sum);
      }
      weights.insert(weights.end(), w.begin(), w.end());
    }
  }
};
template <class X> bool close(const X& x, const std::vector<double>& y, double tolerance) {
  bool all = x.count() == long(y.size());
  for (long i = 0; all && i < x.count(); ++i) all = !test::apart(double(x.data()[i]), y[std::size_t(i)], tolerance);
  return all;
}

template <int Channels> void is_right(long height, long width) {
  INFO(Channels << " channels, " << height << " x " << width);
  const auto maps = test::numbers_like(extents<dyn, dyn, Channels, dyn, dyn>(2, 3, height, width), 1);
  const auto sound = test::numbers_like(extents<dyn, dyn, Channels>(2, 3), 2);
  const plain expected(maps, sound);
  inference<D> t;
  const auto g = avqa::spatial_attention<Channels>{}.with_map(t, maps, sound);
  CHECK(close(g.pooled, expected.pooled, 1e-12));
  CHECK(close(g.weights, expected.weights, 1e-12));

  tensor<float, dyn, dyn, Channels, dyn, dyn> maps_f(2, 3, height, width);
  tensor<float, dyn, dyn, Channels> sound_f(2, 3);
  std::copy_n(maps.data(), maps.count(), maps_f.data());
  std::copy_n(sound.data(), sound.count(), sound_f.data());
  inference<> single;
  const auto h = avqa::spatial_attention<Channels>{}.with_map(single, maps_f, sound_f);
  CHECK(close(h.pooled, expected.pooled, 1e-5));
  CHECK(close(h.weights, expected.weights, 1e-6));
}
}  // namespace

TEST_CASE("spatial grounding is its definition", "[avqa]") {
  is_right<16>(4, 4);
  is_right<7>(1, 1);
  is_right<9>(3, 5);
  is_right<19>(14, 14);
  is_right<64>(1, 33);
  for (long places = 1; places < 36; ++places) is_right<3>(1, places);
}

TEST_CASE("spatial grounding has the gradients of its definition", "[avqa]") {
  for (const auto& [height, width] : {std::pair{2L, 3L}, {1L, 1L}, {5L, 7L}}) {
    auto maps = test::numbers_like(extents<dyn, dyn, 11, dyn, dyn>(2, 2, height, width), 1);
    auto sound = test::numbers_like(extents<dyn, dyn, 11>(2, 2), 2);
    test::no_model none;
    CHECK(test::gradient_problem<D>(
              none, [](auto& t, const auto&, const auto& x, const auto& s) { return avqa::spatial_attention<11>{}(t, x, s); },
              {.elements = 60}, maps, sound) == "");
    CHECK(test::gradient_problem<D>(
              none,
              [](auto& t, const auto&, const auto& x, const auto& s) {
                const auto g = avqa::spatial_attention<11>{}.with_map(t, x, s);
                return std::tuple(g.pooled, g.weights);
              },
              {.elements = 60}, maps, sound) == "");
    CHECK(test::gradient_problem<D>(  // only the map is looked at
              none,
              [](auto& t, const auto&, const auto& x, const auto& s) { return avqa::spatial_attention<11>{}.with_map(t, x, s).weights; },
              {.elements = 60}, maps, sound) == "");
    avqa::spatial_grounding<11, 5, D> block;
    nn::initialise(block, 3);
    test::check_layer(block, {.elements = 60}, maps, sound);
  }
}

TEST_CASE("spatial grounding: the gradient of what is shorter than the least norm is that of a division by a constant", "[avqa]") {
  auto maps = test::numbers_like(extents<dyn, dyn, 5, dyn, dyn>(1, 1, 1, 2), 1, 1e-13);
  auto sound = test::numbers_like(extents<dyn, dyn, 5>(1, 1), 2, 1e-13);
  test::no_model none;
  CHECK(test::gradient_problem<D>(
            none, [](auto& t, const auto&, const auto& x, const auto& s) { return avqa::spatial_attention<5>{}(t, x, s); }, {.step = 1e-18},
            maps, sound) == "");
  tape<backend::eigen<float>> t;  // the same in float: against the numbers of double
  tape<D> exact;
  tensor<float, dyn, dyn, 5> quiet(1, 1);
  tensor<float, dyn, dyn, 5, dyn, dyn> bright(1, 1, 1, 2);
  tensor<double, dyn, dyn, 5, dyn, dyn> bright_d(1, 1, 1, 2);
  for (int i = 0; i < 5; ++i) quiet.data()[i] = float(sound.data()[i]);
  for (int i = 0; i < 10; ++i) bright.data()[i] = float(bright_d.data()[i] = 0.1 * i - 0.3);
  const auto s = t.variable(quiet);
  const auto s_d = exact.variable(sound);
  const auto y = avqa::spatial_attention<5>{}(t, bright, s);
  const auto y_d = avqa::spatial_attention<5>{}(exact, bright_d, s_d);
  std::fill_n(y.accumulate().data, y.count(), 1.f);
  std::fill_n(y_d.accumulate().data, y_d.count(), 1.0);
  t.run_backward();
  exact.run_backward();
  for (int i = 0; i < 5; ++i) CHECK(std::abs(double(s.gradient()[i]) - s_d.gradient()[i]) <= 1e-4 * std::abs(s_d.gradient()[i]) + 1e3);
}

namespace {
/// Gives a value numbers for its gradient.
template <class Var> void seed(const Var& y, std::uint64_t key) { test::seed_gradient(y, test::numbers(std::size_t(y.count()), key)); }
}  // namespace

TEMPLATE_TEST_CASE("spatial grounding: a sound that is the maps of one location has the sum of both gradients", "[avqa]",
                   backend::eigen<float>, D) {
  const auto numbers = test::numbers_like<TestType>(extents<dyn, dyn, 5>(2, 3), 4);
  for (const bool used_elsewhere : {false, true}) {
    CAPTURE(used_elsewhere);
    const auto gradients = [&](bool shared) {
      tape<TestType> t;
      const auto sound = t.variable(numbers);
      const auto maps = (shared ? sound : t.variable(numbers)).as(extents<dyn, dyn, 5, dyn>(2, 3, 1));
      seed(avqa::spatial_attention<5>{}(t, maps, sound), 6);
      if (used_elsewhere) seed(sound, 7);
      t.run_backward();
      auto out = test::gradient_of(sound);
      const auto of_maps = test::gradient_of(maps);
      for (std::size_t i = 0; !shared && i < out.size(); ++i) out[i] += of_maps[i];
      return out;
    };
    const auto together = gradients(true), apart = gradients(false);
    for (std::size_t i = 0; i < apart.size(); ++i) CHECK(!test::apart(together[i], apart[i], 1e-6));
    CHECK(std::any_of(apart.begin(), apart.end(), [](double g) { return std::abs(g) > 0.1; }));
  }
}

TEST_CASE(
    "spatial grounding: maps of one row of locations give the same bits, and a forward pass has as many backward ones as are asked for",
    "[avqa]") {
  const auto maps = test::numbers_like<backend::eigen<float>>(extents<dyn, dyn, 6, dyn, dyn>(2, 2, 3, 7), 1);
  const auto sound = test::numbers_like<backend::eigen<float>>(extents<dyn, dyn, 6>(2, 2), 2);
  using results = std::vector<std::vector<double>>;
  const auto pass = [](auto& t, const auto& g, const auto& x, const auto& s, std::uint64_t key) {
    seed(g.pooled, key), seed(g.weights, key + 1);
    t.run_backward();
    return results{{g.pooled.data(), g.pooled.data() + g.pooled.count()},
                   {g.weights.data(), g.weights.data() + g.weights.count()},
                   test::gradient_of(x),
                   test::gradient_of(s)};
  };
  const auto once = [&](std::uint64_t key) {
    tape<> t;
    const auto x = t.variable(maps);
    const auto s = t.variable(sound);
    return pass(t, avqa::spatial_attention<6>{}.with_map(t, x, s), x, s, key);
  };
  const results first = once(10), second = once(20);
  CHECK(first[2] != second[2]);

  tape<> t;
  const auto x = t.variable(maps);
  const auto s = t.variable(sound);
  const auto g = avqa::spatial_attention<6>{}.with_map(t, x.as(extents<dyn, dyn, 6, dyn>(2, 2, 21)), s);
  CHECK(pass(t, g, x, s, 10) == first);
  t.forget_gradients();
  CHECK(pass(t, g, x, s, 20) == second);
}

TEST_CASE("spatial grounding: a frame gives the same bits alone, in a batch, and on any number of threads", "[avqa][threads]") {
  constexpr long frames = 87;  // groups of several maps
  for (const long height : {3L, 5L, 14L}) {
    const long width = height == 3 ? 5 : height;
    tensor<float, dyn, dyn, 9, dyn, dyn> maps(1, frames, height, width);
    tensor<float, dyn, dyn, 9> sound(1, frames);
    random::generator draw({.seed = 5, .stream = 0, .step = 0});
    for (float& v : maps.flat()) v = draw.normal();
    for (float& v : sound.flat()) v = draw.normal();
    const long places = height * width;
    struct result {
      std::vector<float> pooled, weights, dsound, dmaps;
      bool operator==(const result&) const = default;
    };
    const auto part = [&](long first, long n, int threads) {
      const use_threads pool(threads);
      tensor<float, dyn, dyn, 9, dyn, dyn> m(1, n, height, width);
      tensor<float, dyn, dyn, 9> s(1, n);
      std::copy_n(maps.data() + first * 9 * places, n * 9 * places, m.data());
      std::copy_n(sound.data() + first * 9, n * 9, s.data());
      result r;
      const auto append = [](std::vector<float>& to, const float* from, long count) { to.insert(to.end(), from, from + count); };
      for (const bool of_maps : {false, true}) {
        tape<> t;
        const auto x = t.variable(m);
        const auto heard = t.variable(s);
        const auto back = [&](const auto& g) {
          for (long i = 0; i < n * 18; ++i) g.pooled.accumulate().data[i] = float(i % 18) - 7;
          for (long i = 0; i < n * places; ++i) g.weights.accumulate().data[i] = float(i % places) * 0.1f;
          append(r.pooled, g.pooled.data(), n * 18), append(r.weights, g.weights.data(), n * places);
          t.run_backward();
          append(r.dsound, heard.gradient(), n * 9);
        };
        if (of_maps) {
          back(avqa::spatial_attention<9>{}.with_map(t, x, heard));
          append(r.dmaps, x.gradient(), n * 9 * places);
        } else
          back(avqa::spatial_attention<9>{}.with_map(t, m, heard));
      }
      return r;
    };
    const result whole = part(0, frames, 1);
    CHECK(whole == part(0, frames, 2));
    CHECK(whole == part(0, frames, 4));
    for (const long f : {0L, 1L, 44L, frames - 1}) {
      const result alone = part(f, 1, 1);
      CHECK(std::equal(alone.dmaps.begin(), alone.dmaps.end(), whole.dmaps.begin() + f * 9 * places));
      CHECK(std::equal(alone.weights.begin(), alone.weights.begin() + places, whole.weights.begin() + f * places));
      CHECK(std::equal(alone.pooled.begin(), alone.pooled.begin() + 18, whole.pooled.begin() + f * 18));
      CHECK(std::equal(alone.dsound.begin(), alone.dsound.begin() + 9, whole.dsound.begin() + f * 9));
    }
  }
}

TEST_CASE("spatial grounding: a map weighs 1, silence and black give flat weights, one location at most e^2 times another", "[avqa]") {
  tensor<float, dyn, dyn, 8, dyn, dyn> maps(1, 2, 3, 3);
  tensor<float, dyn, dyn, 8> sound(1, 2);
  for (long i = 0; i < maps.count() / 2; ++i) maps.data()[i] = float(i % 5) - 2;  // the second frame is black
  for (long c = 0; c < 8; ++c) sound(0, 1, c) = 1;                                // the first one is silent
  inference<> t;
  const auto g = avqa::spatial_attention<8>{}.with_map(t, maps, sound);
  for (long l = 0; l < 18; ++l) CHECK(!test::apart(g.weights.data()[l], 1.0 / 9, 1e-6));
  for (long c = 0; c < 32; ++c) CHECK(std::isfinite(g.pooled.data()[c]));

  tensor<float, dyn, dyn, 8, dyn, dyn> both(1, 1, 1, 2);  // one location along the sound, one against it
  tensor<float, dyn, dyn, 8> loud(1, 1);
  for (long c = 0; c < 8; ++c) loud(0, 0, c) = both(0, 0, c, 0, 0) = float(c) - 3, both(0, 0, c, 0, 1) = 3 - float(c);
  const auto h = avqa::spatial_attention<8>{}.with_map(t, both, loud);
  CHECK(!test::apart(double(h.weights.data()[0]) / double(h.weights.data()[1]), std::exp(2.0), 1e-5));
}

TEMPLATE_TEST_CASE_SIG("spatial grounding: features as large as 1e18 and larger give the weights of their definition, and no NaN anywhere",
                       "[avqa]", ((int Channels), Channels), 5, 512) {
  for (const float scale : {1.f, 1e16f, 1e18f, 1e19f, 1e24f, 1e30f})
    for (const float loud : {0.f, 1.f, 1e18f, 1e30f})
      for (const auto& [height, width] : {std::pair{1L, 3L}, {3L, 7L}}) {  // less than a pack, and a last one that reaches back
        INFO("features of " << scale << ", sound of " << loud << ", " << height << " x " << width);
        tensor<float, dyn, dyn, Channels, dyn, dyn> maps(1, 2, height, width);
        tensor<float, dyn, dyn, Channels> sound(1, 2);
        random::generator draw({.seed = 3, .stream = 0, .step = 0});
        for (float& v : maps.flat()) v = scale * (draw.uniform() < 0.5f ? -1.f : 1.f);  // none is smaller: sums are as large as can be
        for (float& v : sound.flat()) v = loud * (draw.uniform() * 2 - 1);
        for (long c = 0; c < Channels; ++c) {
          maps(0, 0, c, 0, 1) = 0;               // a location where nothing is
          maps(0, 1, c, 0, 2) = 0.5f;            // one that is small beside the others
          sound(0, 1, c) = maps(0, 1, c, 0, 0);  // a sound as large as they are, and along one of them
        }
        const plain expected(maps, sound);
        tape<> t;
        const auto x = t.variable(maps);
        const auto s = t.variable(sound);
        const auto g = avqa::spatial_attention<Channels>{}.with_map(t, x, s);
        CHECK(close(g.weights, expected.weights, 1e-5));
        for (long f = 0; f < 2; ++f)  // the attended vector: its numbers are below 1, and the mean's as large as the features
          for (long c = 0; c < Channels; ++c) {
            const auto attended = std::size_t((f * 2 + 1) * Channels + c), mean = std::size_t(f * 2 * Channels + c);
            if (test::apart(g.pooled.data()[attended], expected.pooled[attended], 1e-5)) FAIL_CHECK("attended vector, channel " << c);
            if (test::apart(g.pooled.data()[mean] / scale, expected.pooled[mean] / scale, 1e-5)) FAIL_CHECK("mean, channel " << c);
          }
        for (long i = 0; i < g.pooled.count(); ++i) g.pooled.accumulate().data[i] = float(i % 5) - 2;
        for (long i = 0; i < g.weights.count(); ++i) g.weights.accumulate().data[i] = float(i % 3) - 1;
        t.run_backward();
        CHECK(std::all_of(x.gradient(), x.gradient() + x.count(), [](float v) { return std::isfinite(v); }));
        CHECK(std::all_of(s.gradient(), s.gradient() + s.count(), [](float v) { return std::isfinite(v); }));
      }
}

TEST_CASE("spatial grounding: NaN and infinity in the features are not hidden", "[avqa]") {
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    tensor<float, dyn, dyn, 8, dyn, dyn> maps(1, 2, 3, 3);
    tensor<float, dyn, dyn, 8> sound(1, 2);
    std::fill_n(maps.data(), maps.count(), 1.f);
    std::fill_n(sound.data(), sound.count(), 1.f);
    maps(0, 0, 3, 1, 1) = bad;
    inference<> t;
    const auto g = avqa::spatial_attention<8>{}.with_map(t, maps, sound);
    for (long l = 0; l < 9; ++l) CHECK(std::isnan(g.weights.data()[l]));
    for (long l = 9; l < 18; ++l) CHECK(!test::apart(g.weights.data()[l], 1.0 / 9, 1e-6));  // the other frame is as it was
  }
}

TEST_CASE("spatial grounding names the shapes that do not fit", "[avqa]") {
  inference<> t;
  const auto says = [&](const auto& maps, const auto& sound, const std::string& shapes) {
    CHECK_THROWS_WITH(avqa::spatial_attention<8>{}(t, maps, sound),
                      "avqa: spatial_attention<8> was given maps of shape " + shapes +
                          "; the same batch and time, 8 channels and a location at least are needed.");
    CHECK_THROWS_AS(avqa::spatial_attention<8>{}(t, maps, sound), shape_error);
  };
  const tensor<float, dyn, dyn, 8, dyn, dyn> maps(1, 2, 3, 3);
  const tensor<float, dyn, dyn, 8> sound(1, 2);
  says(maps, tensor<float, dyn, dyn, 8>(1, 3), "(1, 2, 8, 3, 3) and a sound of shape (1, 3, 8)");
  says(maps, tensor<float, dyn, dyn, 8>(2, 2), "(1, 2, 8, 3, 3) and a sound of shape (2, 2, 8)");
  says(tensor<float, dyn, dyn, 8, dyn, dyn>(1, 2, 3, 0), sound, "(1, 2, 8, 3, 0) and a sound of shape (1, 2, 8)");
  // Widths that only the program's run knows.
  says(tensor<float, dyn, dyn, dyn, dyn, dyn>(1, 2, 7, 3, 3), sound, "(1, 2, 7, 3, 3) and a sound of shape (1, 2, 8)");
  says(tensor<float, dyn, dyn, dyn, dyn>(1, 2, 9, 3), sound, "(1, 2, 9, 3) and a sound of shape (1, 2, 8)");
  says(maps, tensor<float, dyn, dyn, dyn>(1, 2, 7), "(1, 2, 8, 3, 3) and a sound of shape (1, 2, 7)");
  const tensor<float, dyn, dyn, dyn, dyn, dyn> free_maps(1, 2, 8, 3, 3);  // and that do fit
  const tensor<float, dyn, dyn, dyn> free_sound(1, 2, 8);
  CHECK_NOTHROW(avqa::spatial_attention<8>{}(t, free_maps, free_sound));
}
