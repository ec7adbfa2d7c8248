#include <ogm/data/mel.hpp>

#include <ogm/data/npy.hpp>

#include <catch2/catch.hpp>
#include <cmath>

#include "files.hpp"

using namespace ogm::data;
namespace test = ogm::test;

TEST_CASE("bands are triangles on HTK's scale that overlap to one") {
  const mel_filterbank bank({.bands = 10, .low_hz = 100, .high_hz = 3000}, 1024, 8000);
  const auto mel = [](double f) { return 2595 * std::log10(1 + f / 700); };
  const double step = (mel(3000) - mel(100)) / 11;
  for (int k = 0; k < bank.bins(); ++k) {
    const double f = k * 8000.0 / 1024;
    double sum = 0;
    for (int b = 0; b < 10; ++b) sum += double(bank.weight(b, k));
    const bool between = mel(f) >= mel(100) + step && mel(f) <= mel(3000) - step;
    if (between) CHECK(!(std::fabs(sum - 1) > 1e-5));
    if (f <= 100 || f >= 3000) CHECK(!(sum > 1e-6));
  }
  for (int b = 0; b < 10; ++b) {
    int best = 0;
    for (int k = 1; k < bank.bins(); ++k)
      if (bank.weight(b, k) > bank.weight(b, best)) best = k;
    CHECK(!(std::fabs(mel(best * 8000.0 / 1024) - (mel(100) + step * (b + 1))) > step / 10));
  }
}

TEST_CASE("band limits that make no sense are refused") {
  CHECK(test::has(test::message_of<ogm::value_error>([] { mel_filterbank({.bands = 4, .high_hz = 5000}, 64, 8000); }), "5000"));
  CHECK(test::has(test::message_of<ogm::value_error>([] { mel_filterbank({.bands = 4, .low_hz = 3000, .high_hz = 2000}, 64, 8000); }),
                  "4 mel bands"));
  CHECK(test::has(test::message_of<ogm::value_error>([] { mel_filterbank({.bands = 0}, 64, 8000); }), "0 mel bands"));
  const mel_filterbank bank({.bands = 4}, 64, 8000);
  std::vector<float> in(33), out(5);
  CHECK(test::has(test::message_of<ogm::shape_error>([&] { bank.apply(in, out, 1); }), "into 5"));
}

TEST_CASE("a short clip stands in the middle, a long one is cut around its middle") {
  const std::vector<float> x{1, 2, 3};
  CHECK(centre_clip(x, 6) == std::vector<float>{0, 1, 2, 3, 0, 0});
  CHECK(centre_clip(x, 2) == std::vector<float>{1, 2});
  CHECK(centre_clip(x, 1) == std::vector<float>{2});
}

TEST_CASE("silence is the floor of the digits' log-mel, and loudness does not matter") {
  const digit_log_mel spectrum;
  std::vector<float> silent(40 * 64), quiet(40 * 64), loud(40 * 64), clip(5000);
  spectrum({}, silent);
  for (const float v : silent) REQUIRE(v == std::log(1e-6f));
  for (std::size_t i = 0; i < clip.size(); ++i) clip[i] = 0.25f * std::sin(0.4f * float(i)) * std::cos(0.003f * float(i));
  spectrum(clip, quiet);
  for (float& x : clip) x *= 4;
  spectrum(clip, loud);
  CHECK(quiet == loud);
  CHECK(digit_log_mel::quantise(-14.f) == 0);
  CHECK(digit_log_mel::quantise(100.f) == 255);
  CHECK(digit_log_mel::quantise(digit_log_mel::restore(77)) == 77);
}

TEST_CASE("the stored 8-bit log-mel of the spoken digits comes out of their recordings", "[slow]") {
  const auto folder = test::shared("data/avmnist/optional_pcm");
  if (!folder) return;
  const auto offsets = npy::read<std::int32_t>(*folder + "/audio_offsets.npy");
  const auto pcm = npy::map<std::int16_t>(*folder + "/audio_pcm.npy");
  const auto stored = npy::read<std::uint8_t>(*folder + "/../audio_logmel.npy");
  const digit_log_mel spectrum;
  std::vector<float> out(40 * 64);
  long same = 0, near = 0, all = 0;
  for (std::size_t j = 0; j + 1 < offsets.values.size(); j += 7) {
    const std::vector<float> clip(pcm.values.begin() + offsets.values[j], pcm.values.begin() + offsets.values[j + 1]);
    spectrum(clip, out);
    for (std::size_t i = 0; i < out.size(); ++i, ++all) {
      const int difference = std::abs(int(digit_log_mel::quantise(out[i])) - int(stored.values[j * out.size() + i]));
      same += difference == 0;
      near += difference <= 1;
    }
  }
  CHECK(double(same) > 0.99 * double(all));
  CHECK(near == all);
}

TEST_CASE("the Kaldi filter bank: a tone in its band, padding after the end, silence") {
  const kaldi_fbank bank(16000);
  std::vector<float> clip(16000), out(1024 * 128);
  for (std::size_t i = 0; i < clip.size(); ++i) clip[i] = 0.3f + float(std::sin(2 * 3.14159265358979323846 * 1000 * double(i) / 16000));
  bank(clip, out);
  const auto mel = [](double f) { return 1127 * std::log(1 + f / 700); };
  const double step = (mel(8000) - mel(20)) / 129;
  const int expected = int(std::lround((mel(1000) - mel(20)) / step)) - 1;
  const auto row = out.begin() + 50 * 128;
  CHECK(std::abs(int(std::max_element(row, row + 128) - row) - expected) <= 1);
  // 98 whole frames of 400 samples every 160; then zeros, normalised.
  const float padded = 4.503877f / (2 * 5.141276f), lowest = (std::log(1.1920929e-7f) + 4.503877f) / (2 * 5.141276f);
  CHECK(out[97 * 128] != padded);
  for (std::size_t i = 98 * 128; i < out.size(); ++i) REQUIRE(out[i] == padded);
  std::fill(clip.begin(), clip.end(), 0.5f);
  bank(clip, out);
  CHECK(!(std::fabs(out[5] - lowest) > 1e-6f));
  CHECK(test::has(test::message_of<ogm::value_error>([] { kaldi_fbank(100); }), "100 Hz"));
}

TEST_CASE("one frame of the Kaldi filter bank is its definition") {
  constexpr double pi = 3.14159265358979323846;
  std::vector<float> clip(400), out(1024 * 128);
  for (std::size_t i = 0; i < clip.size(); ++i) clip[i] = float(std::sin(0.05 * double(i * i) / 10) + 0.1 * double(i % 7));
  kaldi_fbank(16000)(clip, out);
  double mean = 0;
  for (const float x : clip) mean += double(x) / 400;
  std::vector<double> frame(512, 0.0), power(257);
  for (std::size_t i = 0; i < 400; ++i) {
    const double now = double(clip[i]) - mean, before = double(clip[i ? i - 1 : 0]) - mean;
    frame[i] = (now - 0.97 * before) * (0.5 - 0.5 * std::cos(2 * pi * double(i) / 399));
  }
  for (std::size_t k = 0; k < 257; ++k) {
    double re = 0, im = 0;
    for (std::size_t i = 0; i < 400; ++i)
      re += frame[i] * std::cos(2 * pi * double(i * k) / 512), im += frame[i] * std::sin(2 * pi * double(i * k) / 512);
    power[k] = re * re + im * im;
  }
  const auto mel = [](double f) { return 1127 * std::log(1 + f / 700); };
  const double low = mel(20), step = (mel(8000) - low) / 129;
  double worst = 0;
  for (int b = 0; b < 128; ++b) {
    double sum = 0;
    for (std::size_t k = 0; k < 257; ++k) {
      const double m = mel(double(k) * 16000 / 512), left = low + b * step;
      sum += std::max(0.0, std::min((m - left) / step, (left + 2 * step - m) / step)) * power[k];
    }
    const double expected = (std::log(std::max(sum, 1.1920929e-7)) + 4.503877) / (2 * 5.141276);
    worst = std::max(worst, std::fabs(double(out[std::size_t(b)]) - expected));
  }
  CHECK(!(worst > 1e-4));
}
