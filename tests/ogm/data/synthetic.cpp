#include <ogm/data/synthetic.hpp>

#include <ogm/data/bytes.hpp>

#include <catch2/catch.hpp>
#include <cmath>

#include "files.hpp"

using namespace ogm::data;
namespace test = ogm::test;

namespace {
/// Accuracy on `test` of the nearest class mean of `train`, over the first `width` elements of each item.
template <class T>
double nearest_mean(const T* train, const std::vector<std::int32_t>& train_labels, const T* test,
                    const std::vector<std::int32_t>& test_labels, int width, int classes) {
  std::vector<double> means(std::size_t(classes * width), 0.0), counts(std::size_t(classes), 0.0);
  for (std::size_t i = 0; i < train_labels.size(); ++i) {
    const auto c = std::size_t(train_labels[i]);
    ++counts[c];
    for (std::size_t k = 0; k < std::size_t(width); ++k) means[c * std::size_t(width) + k] += double(train[i * std::size_t(width) + k]);
  }
  long right = 0;
  for (std::size_t i = 0; i < test_labels.size(); ++i) {
    double best = 1e300;
    int guess = -1;
    for (std::size_t c = 0; c < std::size_t(classes); ++c) {
      double d = 0;
      for (std::size_t k = 0; k < std::size_t(width); ++k) {
        const double x = double(test[i * std::size_t(width) + k]) - means[c * std::size_t(width) + k] / counts[c];
        d += x * x;
      }
      if (d < best) best = d, guess = int(c);
    }
    right += guess == test_labels[i];
  }
  return double(right) / double(test_labels.size());
}
}  // namespace

TEST_CASE("the imbalanced set is determined by its seed, and its parts share their clusters") {
  const auto a = imbalanced(4), b = imbalanced(4), c = imbalanced(5);
  CHECK(a.labels == b.labels);
  CHECK(std::equal(a.audio.flat().begin(), a.audio.flat().end(), b.audio.flat().begin()));
  CHECK(!std::equal(a.audio.flat().begin(), a.audio.flat().end(), c.audio.flat().begin()));
  const auto other = imbalanced(4, {.part = 1});
  CHECK(other.labels != a.labels);
  const auto few = imbalanced(4, {.items = 10});  // the first items do not depend on how many there are
  CHECK(std::equal(few.visual.flat().begin(), few.visual.flat().end(), a.visual.flat().begin()));
}

TEST_CASE("audio is strong, visual is weak, both together are best, and each has what the other lacks") {
  const imbalanced_options train{.items = 4000}, test{.items = 4000, .part = 1};
  const auto a = imbalanced(1, train), b = imbalanced(1, test);
  const double audio = nearest_mean(a.audio.data(), a.labels, b.audio.data(), b.labels, 16, 8);
  const double visual = nearest_mean(a.visual.data(), a.labels, b.visual.data(), b.labels, 16, 8);
  const auto joined = [](const imbalanced_set& s) {
    std::vector<float> out;
    for (ogm::size_type i = 0; i < s.audio.size(0); ++i) {
      out.insert(out.end(), s.audio.data() + i * 16, s.audio.data() + (i + 1) * 16);
      out.insert(out.end(), s.visual.data() + i * 16, s.visual.data() + (i + 1) * 16);
    }
    return out;
  };
  const double both = nearest_mean(joined(a).data(), a.labels, joined(b).data(), b.labels, 32, 8);
  INFO("audio " << audio << ", visual " << visual << ", both " << both);
  CHECK(audio > visual + 0.2);
  CHECK(visual > 1.0 / 8 + 0.03);
  CHECK(both > audio + 0.03);
  CHECK(test::has(test::message_of<ogm::value_error>([] { imbalanced(1, {.classes = 7}); }), "7 classes"));
}

TEST_CASE("drawn digits can be told apart by picture and by sound, and either can be made the weak one") {
  const auto a = synthetic_digits(600, 1), b = synthetic_digits(300, 1, {.part = 1}), again = synthetic_digits(50, 1);
  CHECK(std::equal(again.images.flat().begin(), again.images.flat().end(), a.images.flat().begin()));
  CHECK(std::equal(again.audio.flat().begin(), again.audio.flat().end(), a.audio.flat().begin()));
  CHECK(!std::equal(b.images.flat().begin(), b.images.flat().end(), a.images.flat().begin()));
  std::vector<int> counts(10, 0);
  for (const std::int32_t l : a.labels) ++counts[std::size_t(l)];
  for (const int c : counts) CHECK(c > 30);
  const double image = nearest_mean(a.images.data(), a.labels, b.images.data(), b.labels, 28 * 28, 10);
  const double sound = nearest_mean(a.audio.data(), a.labels, b.audio.data(), b.labels, 40 * 64, 10);
  INFO("image " << image << ", sound " << sound);
  CHECK(image > 0.6);
  CHECK(sound > 0.6);
  const synthetic_digits_options faint{.image_noise = 0.4f, .image_strength = 0.3f},
      faint_test{.part = 1, .image_noise = 0.4f, .image_strength = 0.3f};
  const auto c = synthetic_digits(600, 1, faint), d = synthetic_digits(300, 1, faint_test);
  CHECK(nearest_mean(c.images.data(), c.labels, d.images.data(), d.labels, 28 * 28, 10) < image - 0.1);
}
