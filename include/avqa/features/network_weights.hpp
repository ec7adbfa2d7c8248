#pragma once
// Weights of small published networks in a folder: .npy arrays of bytes and their scales, or of floats.

#include <ogm/core/error.hpp>
#include <ogm/core/extents.hpp>
#include <ogm/data/npy.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace avqa {

/// Reads arrays of a folder as floats, each of a known shape.
///
/// Errors     data_error with the file and what was expected: a folder or file that is not there or damaged, another shape, another type, a
///            number that is not finite
class network_weights {
 public:
  using shape_type = std::vector<ogm::size_type>;

  explicit network_weights(std::string folder) : folder_(std::move(folder)) {
    if (!std::filesystem::is_directory(folder_)) damaged(folder_, "no folder is there; one with the weights of a network expected");
  }

  std::string path(const std::string& name) const { return folder_ + '/' + name; }

  /// A number from 0 to 99 as names of files have it.
  static std::string two_digits(long number) { return {char('0' + number / 10), char('0' + number % 10)}; }

  /// An array of floats.
  std::vector<float> floats(const std::string& name, const shape_type& shape) const {
    return read<float>(path(name + ".npy"), shape, "f32").values;
  }

  /// NAME.npy: floats, or bytes that the numbers in `scale`.npy multiply: one for all, or one for each index of `axis`.
  std::vector<float> scaled(const std::string& name, const std::string& scale, const shape_type& shape, std::size_t axis) const {
    const std::string file = path(name + ".npy");
    const ogm::data::dtype type = ogm::data::npy::header(file).type;
    if (type == ogm::data::dtype::f32) return floats(name, shape);
    const auto bytes = read<std::int8_t>(file, shape, "i8 with scales, or f32,");
    const std::string scale_file = path(scale + ".npy");
    const auto scales = read<float>(scale_file, {}, "f32");
    const std::size_t count = scales.values.size();
    if (scales.shape.size() != 1 || (count != 1 && count != std::size_t(shape[axis])))
      damaged(scale_file, "an array of shape " + ogm::shape_text(scales.shape) + "; one scale or " + std::to_string(shape[axis]) +
                              ", one for each index of axis " + std::to_string(axis) + " of " + ogm::shape_text(shape) + ", expected");
    std::size_t inner = 1;
    for (std::size_t a = axis + 1; a < shape.size(); ++a) inner *= std::size_t(shape[a]);
    std::vector<float> out(bytes.values.size());
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = float(bytes.values[i]) * scales.values[count == 1 ? 0 : i / inner % std::size_t(shape[axis])];
    return out;
  }

  [[noreturn]] static void damaged(const std::string& file, const std::string& what) {
    throw ogm::data_error("avqa: " + file + ": " + what + ".");
  }

 private:
  /// An empty shape is any.
  template <class T> static ogm::data::array<T> read(const std::string& file, const shape_type& shape, const std::string& types) {
    const auto info = ogm::data::npy::header(file);
    if (info.type != ogm::data::dtype_of<T>)
      damaged(file, "elements of type " + std::string(ogm::data::name_of(info.type)) + "; " + types + " expected");
    if (!shape.empty() && info.shape != shape)
      damaged(file, "an array of shape " + ogm::shape_text(info.shape) + "; one of shape " + ogm::shape_text(shape) + " expected");
    auto out = ogm::data::npy::read<T>(file);
    for (std::size_t i = 0; i < out.values.size(); ++i)
      if (!std::isfinite(float(out.values[i]))) damaged(file, "element " + std::to_string(i) + " is not finite");
    return out;
  }

  std::string folder_;
};

}  // namespace avqa
