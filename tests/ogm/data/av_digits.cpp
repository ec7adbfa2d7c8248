#include <ogm/data/av_digits.hpp>

#include <catch2/catch.hpp>
#include <cmath>

#include "files.hpp"

using namespace ogm::data;
namespace test = ogm::test;

namespace {
template <class T>
void write(const test::folder& in, const std::string& name, const std::vector<T>& values, const std::vector<ogm::size_type>& shape) {
  npy::write<T>(in / name, values, shape);
}
void write_set(const test::folder& in) {
  write<std::int32_t>(in, "pairs_train.npy", {1, 0, 3, 0, 1, 9}, {2, 3});
  write<std::int32_t>(in, "pairs_test.npy", {0, 1, 4}, {1, 3});
  std::vector<std::uint8_t> audio(2 * 40 * 64, 51), images(2 * 28 * 28, 255);
  audio[40 * 64] = 102, images[28 * 28] = 0;
  write<std::uint8_t>(in, "audio_logmel.npy", audio, {2, 40, 64});
  write<std::uint8_t>(in, "images.npy", images, {2, 28, 28});
  write<std::int32_t>(in, "optional_pcm/audio_offsets.npy", {0, 100, 300}, {3});
  write<std::int16_t>(in, "optional_pcm/audio_pcm.npy", std::vector<std::int16_t>(300, 1000), {300});
}
}  // namespace

TEST_CASE("pairs, labels and bytes as floats") {
  const test::folder in;
  write_set(in);
  const auto train = av_digits(in.path(), part::train);
  CHECK(train.labels() == std::vector<std::int32_t>{3, 9});
  ogm::tensor<float, 1, 40, 64> audio;
  ogm::tensor<float, 1, 28, 28> image;
  CHECK(train.load({0, 0, 0}, {audio.view(), image.view()}) == 3);
  CHECK(audio(0, 0, 0) == 0.2f);
  CHECK(image(0, 0, 0) == 0.f);
  train.load({0, 0, 1}, {audio.view(), image.view()});
  CHECK(audio(0, 0, 0) == 0.4f);
  CHECK(image(0, 0, 0) == 1.f);
  CHECK(av_digits(in.path(), part::test, {.from_pcm = true}).size() == 1);
}

TEST_CASE("files that do not fit are named") {
  const test::folder in;
  write_set(in);
  write<std::int32_t>(in, "pairs_test.npy", {0, 2, 4}, {1, 3});
  CHECK(test::has(test::message_of<ogm::value_error>([&] { av_digits(in.path(), part::test); }), "row 2 of 2"));
  write<std::int32_t>(in, "pairs_test.npy", {0, 1, 10}, {1, 3});
  CHECK(test::has(test::message_of([&] { av_digits(in.path(), part::test); }), "the digit 10"));
  write<std::int32_t>(in, "pairs_test.npy", {0, 1, 4}, {1, 3});
  write<std::int32_t>(in, "optional_pcm/audio_offsets.npy", {0, 100, 301}, {3});
  CHECK(test::has(test::message_of([&] { av_digits(in.path(), part::test, {.from_pcm = true}); }), "recording 1 from 100 to 301 of 300"));
  CHECK(test::has(test::message_of<ogm::value_error>([&] { av_digits(in.path(), part::test, {.hard = true, .from_pcm = true}); }),
                  "no recordings"));
}

TEST_CASE("the real digits") {
  const auto folder = test::shared("data/avmnist");
  if (!folder) return;
  CHECK(av_digits(*folder, part::train).size() == 8000);
  const auto test = av_digits(*folder, part::test, {.hard = true});
  CHECK(test.size() == 2000);
  CHECK(test.array<0>().size(0) == 3000);
}
