#pragma once
// Small networks with random weights in a folder, and what they give by definition, in double.

#include <ogm/data/npy.hpp>

#include "../../ogm/data/files.hpp"
#include "numbers.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace ogm::test {

/// (row, column, channel)
struct plain_image {
  long height, width, channels;
  std::vector<double> at;
};

/// Weights by name. Each layer adds its own to the folder, then computes.
class plain_network {
 public:
  explicit plain_network(const class folder& to) : folder_(&to) {}

  /// Adds an array of floats in [low, high).
  const std::vector<float>& add(const std::string& name, const std::vector<ogm::size_type>& shape, float low, float high) {
    long count = 1;
    for (const auto size : shape) count *= long(size);
    std::vector<float>& values = arrays_[name] = uniform_numbers(count, arrays_.size() + 1, (high - low) / 2);
    for (float& v : values) v += (high + low) / 2;
    ogm::data::npy::write<float>(*folder_ / (name + ".npy"), values, shape);
    return values;
  }

  /// A convolution with `columns` filters of kernel x kernel; before a stride of 1 the zeros are on both sides, else behind.
  plain_image convolution(const plain_image& x, const std::string& name, long columns, long kernel, long stride, double low, double high) {
    const auto& weight = add_weight(name, {columns, kernel, kernel, x.channels}, kernel * kernel * x.channels);
    const auto& bias = add(name + "_b", {columns}, -0.1f, 0.1f);
    return windows(x, columns, kernel, stride, [&](long c, const auto& each) {
      double sum = bias[std::size_t(c)];
      each([&](long k, const double* from) {
        const float* const w = weight.data() + (c * kernel * kernel + k) * x.channels;
        for (long i = 0; i < x.channels; ++i) sum += from[i] * double(w[i]);
      });
      terms_ += double(kernel * kernel * x.channels);
      return std::clamp(sum, low, high);
    });
  }
  /// A convolution of each channel by itself, 3 x 3.
  plain_image depthwise(const plain_image& x, const std::string& name, long stride, double low, double high) {
    const auto& weight = add_weight(name, {1, 3, 3, x.channels}, 9);
    const auto& bias = add(name + "_b", {x.channels}, -0.1f, 0.1f);
    return windows(x, x.channels, 3, stride, [&](long c, const auto& each) {
      double sum = bias[std::size_t(c)];
      each([&](long k, const double* from) { sum += from[c] * double(weight[std::size_t(k * x.channels + c)]); });
      terms_ += 9;
      return std::clamp(sum, low, high);
    });
  }
  /// Sums of all of x.
  std::vector<double> dense(const std::vector<double>& x, const std::string& name, long columns) {
    const long inner = long(x.size());
    const auto& weight = add_weight(name, {columns, inner}, inner);
    const auto& bias = add(name + "_b", {columns}, -0.1f, 0.1f);
    std::vector<double> out(bias.begin(), bias.end());
    for (std::size_t c = 0; c < out.size(); ++c)
      for (std::size_t i = 0; i < x.size(); ++i) out[c] += x[i] * double(weight[c * x.size() + i]);
    return out;
  }
  static std::vector<double> mean(const plain_image& x) {
    std::vector<double> out(std::size_t(x.channels), 0.0);
    for (std::size_t i = 0; i < x.at.size(); ++i) out[i % out.size()] += x.at[i] / double(x.height * x.width);
    return out;
  }

  /// Multiplications that were added so far, also with zeros beside the image.
  double terms() const { return terms_; }

 private:
  /// Of a size that keeps the results about as large as what goes in.
  const std::vector<float>& add_weight(const std::string& name, const std::vector<ogm::size_type>& shape, long terms) {
    const float size = std::sqrt(6.f / float(terms));
    return add(name + "_w", shape, -size, size);
  }
  /// f(column, each), where each(g) calls g(place in the window, numbers) for places in the image.
  template <class F> static plain_image windows(const plain_image& x, long columns, long kernel, long stride, const F& f) {
    plain_image out{x.height / stride, x.width / stride, columns, {}};
    const long before = stride == 1 ? kernel / 2 : 0;
    for (long h = 0; h < out.height; ++h)
      for (long w = 0; w < out.width; ++w)
        for (long c = 0; c < columns; ++c)
          out.at.push_back(f(c, [&](const auto& g) {
            for (long k = 0; k < kernel * kernel; ++k) {
              const long row = h * stride - before + k / kernel, column = w * stride - before + k % kernel;
              if (row >= 0 && row < x.height && column >= 0 && column < x.width) g(k, x.at.data() + (row * x.width + column) * x.channels);
            }
          }));
    return out;
  }

  const class folder* folder_;
  std::map<std::string, std::vector<float>> arrays_;
  double terms_ = 0;
};

/// What is thrown while the file has the content; it is as before then.
template <class F> std::string message_with(const std::string& file, const std::string& content, const F& f) {
  const std::string before = text_of(file);
  ogm::data::write_atomically(file, ogm::data::as_byte_span(content));
  std::string out = message_of(f);
  ogm::data::write_atomically(file, ogm::data::as_byte_span(before));
  return out;
}
/// What is thrown while the file is not there.
template <class F> std::string message_without(const std::string& file, const F& f) {
  std::filesystem::rename(file, file + ".away");
  std::string out = message_of(f);
  std::filesystem::rename(file + ".away", file);
  return out;
}

}  // namespace ogm::test
