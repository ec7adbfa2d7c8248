// The readers of CREMA-D, VGGSound, Kinetics-Sounds and AVE on a few files in their layout.

#include <ogm/data/ave.hpp>
#include <ogm/data/cremad.hpp>
#include <ogm/data/kinetics_sounds.hpp>
#include <ogm/data/loader.hpp>
#include <ogm/data/vggsound.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <complex>

#include "files.hpp"

using namespace ogm::data;
namespace test = ogm::test;

namespace {
#ifdef OGM_WITH_SNDFILE
void write_sound(const std::string& path, int rate, double seconds) {
  wav::sound s{rate, 1, {}};
  for (int i = 0; i < int(rate * seconds); ++i) s.samples.push_back(0.5f * float(std::sin(0.1 * i) * std::cos(0.0007 * i)));
  wav::write(path, s);
}
#endif
/// A frame of one grey level.
void write_frame(const std::string& path, int level) {
  image::write_png(path, {6, 8, 3, std::vector<std::uint8_t>(6 * 8 * 3, std::uint8_t(level))});
}
void write_frames(const test::folder& in, const std::string& folder, int count) {
  for (int i = 0; i < count; ++i) write_frame(in / (folder + "/frame_0000" + std::to_string(i + 1) + ".jpg"), 20 * (i + 1));
}
/// One item, loaded on its own.
struct loaded {
  std::vector<float> audio, visual;
  std::int32_t label;
};
loaded load(const clip_dataset& data, ogm::size_type index, std::uint32_t epoch = 0) {
  const auto [a, v] = data.item_shapes();
  loaded out{std::vector<float>(std::size_t(a.count())), std::vector<float>(std::size_t(v.count())), 0};
  out.label = data.load({1, epoch, index}, {{out.audio.data(), a}, {out.visual.data(), v}});
  return out;
}
/// Which frames a test item shows, from their grey levels.
std::vector<int> shown(const clip_dataset& data, ogm::size_type index, std::uint32_t epoch = 0) {
  const auto l = load(data, index, epoch);
  const auto v = std::get<1>(data.item_shapes());
  std::vector<int> out;
  for (ogm::size_type f = 0; f < v[1]; ++f)
    out.push_back(int(std::lround((l.visual[std::size_t(f * v[2] * v[3])] * 0.229f + 0.485f) * 255 / 20)));
  return out;
}
}  // namespace

#if defined(OGM_WITH_SNDFILE) && defined(OGM_DATA_HAS_STB)
TEST_CASE("CREMA-D: lists of names and emotions, one frame, a spectrogram of 257 x 188") {
  const test::folder in;
  in.write("train.csv",
           "\xEF\xBB\xBF"
           "1001_a,NEU\n1001_b,ANG\n1001_gone,SAD\n");
  in.write("test.csv", "1002_c,FEA\n");
  for (const char* name : {"1001_a", "1001_b", "1002_c"}) {
    write_sound(in / ("AudioWAV/" + std::string(name) + ".wav"), 16000, 1.3);
    write_frames(in, "Image-01-FPS/" + std::string(name), 2);
  }
  const auto data = cremad(in.path(), {.frames = {.size = 10}});
  CHECK(data.missing == 1);
  REQUIRE(data.train.size() == 2);
  CHECK(data.test[0].label == 3);
  CHECK(data.train.classes()[5] == "ANG");
  CHECK(std::get<0>(data.train.item_shapes()).text() == "(1, 257, 188)");
  CHECK(std::get<1>(data.train.item_shapes()).text() == "(3, 1, 10, 10)");
  const auto item = load(data.test, 0);
  CHECK(item.label == 3);
  CHECK(shown(data.test, 0) == std::vector<int>{1});
  float low = 0, high = -100;
  for (const float v : item.audio) low = std::min(low, v), high = std::max(high, v);
  CHECK(high > 2);  // 0.5 at one bin of a window of 512: about log(64)
  CHECK(high < 4.5f);
  CHECK(low >= std::log(1e-7f) - 1e-3f);
  const auto again = load(data.train, 1), other = load(data.train, 1, 1), same = load(data.train, 1);
  CHECK(again.visual == same.visual);
  CHECK(again.audio == other.audio);

  loader batches(data.train, {.batch = 2, .threads = 2});
  const auto* b = batches.next();
  CHECK(b->get<0>().shape().text() == "(2, 1, 257, 188)");
  CHECK(b->get<1>().shape().text() == "(2, 3, 1, 10, 10)");

  in.write("test.csv", "1002_c,XYZ\n");
  CHECK(test::has(test::message_of([&] { cremad(in.path()); }), "test.csv: line 1: the class \"XYZ\" is not known"));
  in.write("test.csv", "1002_c\n");
  CHECK(test::has(test::message_of([&] { cremad(in.path()); }), "line 1 has 1 fields, 2 expected"));
}

TEST_CASE("VGGSound: one list, more than three frames, 5 s from a random place") {
  const test::folder in;
  in.write("vggsound.csv",
           "abc,000010,\"dog barking, far\",train\nxyz,000020,violin,test\nfew,000001,violin,train\nabc,000030,violin,test\n");
  const auto add = [&](const std::string& split, const std::string& name, int frames) {
    write_sound(in / (split + "-audios/" + split + "-set/" + name + ".wav"), 16000, 4);
    write_frames(in, split + "-videos/" + split + "-set-img/Image-01-FPS/" + name + ".mp4", frames);
  };
  add("train", "abc_000010", 5);
  add("train", "few_000001", 3);
  add("test", "xyz_000020", 6);
  const auto data = vggsound(in.path(), {.frames = {.count = 3, .size = 8}});
  CHECK(data.missing == 2);
  REQUIRE(data.train.size() == 1);
  REQUIRE(data.test.size() == 1);
  CHECK(data.train.classes() == std::vector<std::string>{"dog barking, far", "violin"});
  CHECK(data.test[0].label == 1);
  CHECK(std::get<0>(data.test.item_shapes()).text() == "(1, 129, 626)");
  CHECK(load(data.test, 0).audio == load(data.test, 0).audio);
  CHECK(load(data.test, 0).audio != load(data.test, 0, 1).audio);
  CHECK(shown(data.test, 0) == std::vector<int>{1, 2, 3});
  const auto drawn = vggsound(in.path(), {.frames = {.count = 3, .size = 8, .choice = frame_choice::at_random}});
  std::vector<int> all(7, 0);
  for (std::uint32_t epoch = 0; epoch < 60; ++epoch) {
    const auto frames = shown(drawn.test, 0, epoch);
    REQUIRE((frames.size() == 3 && frames[0] < frames[1] && frames[1] < frames[2]));
    for (const int f : frames) ++all[std::size_t(f)];
  }
  for (int f = 1; f <= 6; ++f) CHECK(all[std::size_t(f)] > 10);
  in.write("vggsound.csv", "abc,000010,dog,valid\n");
  CHECK(test::has(test::message_of([&] { vggsound(in.path()); }), "line 1: the split \"valid\""));
}

TEST_CASE("a sound that is damaged is named when it is loaded") {
  const test::folder in;
  in.write("train.csv", "a,NEU\n");
  in.write("test.csv", "");
  in.write("AudioWAV/a.wav", "RIFF");
  write_frames(in, "Image-01-FPS/a", 1);
  const auto data = cremad(in.path());
  CHECK(test::has(test::message_of([&] { load(data.train, 0); }), "AudioWAV/a.wav: no WAV file"));
}

TEST_CASE("AVE: classes by the alphabet, doubled videos left out, spectrograms from a file or from sound") {
  const test::folder in;
  in.write("stat.txt", "Violin,10\nBark,20\n");
  in.write("my_train.txt", "Violin,one\nBark,two\nBark,twice\nViolin,twice\n");
  in.write("my_test.txt", "Bark,three\n");
  write_sound(in / "audio_spec/one.wav", 16000, 10);
  const std::vector<float> ready(257 * 1004, 0.25f);
  const std::vector<ogm::size_type> shape{257, 1004};
  for (const char* name : {"two", "twice", "three"}) npy::write<float>(in / ("audio_spec/" + std::string(name) + ".npy"), ready, shape);
  for (const char* name : {"one", "two", "twice", "three"}) write_frames(in, "visual/" + std::string(name), 9);
  const auto data = ave(in.path(), {.frames = {.count = 3, .size = 4, .choice = frame_choice::evenly}});
  REQUIRE(data.train.size() == 2);
  CHECK(data.train[0].label == 1);
  CHECK(data.train[1].label == 0);
  CHECK(load(data.test, 0).audio == ready);
  CHECK(shown(data.test, 0) == std::vector<int>{1, 4, 7});
}
#endif

#ifdef OGM_DATA_HAS_STB
TEST_CASE("Kinetics-Sounds: class numbers, ready-made filter banks, frames evenly spread") {
  const test::folder in;
  in.write("my_train.txt", "v1_0,10,30\n");
  in.write("my_test.txt", "v2_5,10,2\n");
  std::vector<float> ready(1024 * 128);
  for (std::size_t i = 0; i < ready.size(); ++i) ready[i] = float(i % 97);
  const std::vector<ogm::size_type> shape{1024, 128};
  npy::write<float>(in / "train_spec/v1_0.npy", ready, shape);
  npy::write<float>(in / "test_spec/v2_5.npy", ready, shape);
  write_frames(in, "visual/v1_0", 3);
  write_frames(in, "visual/v2_5", 9);
  const auto data = kinetics_sounds(in.path(), {.frames = {.count = 3, .size = 4, .choice = frame_choice::evenly}});
  CHECK(data.train[0].label == 30);
  CHECK(load(data.test, 0).audio == ready);
  CHECK(shown(data.test, 0) == std::vector<int>{1, 4, 7});
  CHECK(load(data.train, 0).label == 30);
  in.write("my_test.txt", "v2_5,10,31\n");
  CHECK(test::has(test::message_of([&] { kinetics_sounds(in.path()); }), "my_test.txt: line 1: class 31 of 31"));
  in.write("my_test.txt", "v1_0,10,1\nv2_5,10,1\n");
  std::filesystem::remove_all(in.path() + "/visual/v2_5");
  write_frames(in, "visual/v2_5", 2);
  const auto few = kinetics_sounds(in.path());
  CHECK(few.missing == 1);
  CHECK(test::has(test::message_of([&] { load(few.test, 0); }), "v2_5: 2 frames, 3 expected"));
}
#endif

#ifdef OGM_WITH_SNDFILE
TEST_CASE("the older spectrogram is its definition") {
  const test::folder in;
  const int n = 64, hop = 24, rate = 1000;
  write_sound(in / "a.wav", rate, 0.3);
  const tukey_spectrogram how{.rate_hz = rate, .samples = 300, .n_fft = n, .overlap = n - hop};
  const auto [bins, times] = how.shape();
  CHECK(times == 10);
  std::vector<float> out(std::size_t(bins * times));
  ogm::random::generator unused({});
  how(in / "a.wav", unused, out);
  const auto clip = wav::read(in / "a.wav").samples;
  std::vector<double> expected, window;
  double squares = 0, mean_of_all = 0, square_of_all = 0;
  for (int i = 0; i < n; ++i) {  // a Tukey window of n + 1 points without its last
    const double x = std::min(i, n - i) / (0.25 * n / 2);
    window.push_back(x < 1 ? 0.5 * (1 - std::cos(3.14159265358979323846 * x)) : 1);
    squares += window.back() * window.back();
  }
  for (int k = 0; k < bins; ++k)
    for (int t = 0; t < times; ++t) {
      double mean = 0;
      for (int i = 0; i < n; ++i) mean += double(clip[std::size_t(t * hop + i)]) / n;
      std::complex<double> sum = 0;
      for (int i = 0; i < n; ++i)
        sum += (double(clip[std::size_t(t * hop + i)]) - mean) * window[std::size_t(i)] *
               std::polar(1.0, -2 * 3.14159265358979323846 * i * k / n);
      expected.push_back(std::log(std::norm(sum) / (rate * squares) * (k == 0 || k == n / 2 ? 1 : 2) + 1e-7));
      mean_of_all += expected.back() / double(bins * times);
    }
  for (const double e : expected) square_of_all += (e - mean_of_all) * (e - mean_of_all) / double(expected.size());
  double worst = 0;
  for (std::size_t i = 0; i < out.size(); ++i)
    worst = std::max(worst, std::fabs(double(out[i]) - (expected[i] - mean_of_all) / std::sqrt(square_of_all)));
  CHECK(!(worst > 1e-3));
}
#endif
