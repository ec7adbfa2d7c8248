#pragma once
// The networks of the program, one by one behind an interface, so that each set of widths is compiled once, in a file of its own.

#include "options.hpp"

#include <avqa/evaluation/attention_picture.hpp>
#include <avqa/features/source.hpp>
#include <avqa/models/network.hpp>
#include <ogm/core/tensor.hpp>
#include <ogm/data/pt.hpp>
#include <ogm/data/safetensors.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace program {

/// Names and shapes of the tensors of a file.
using tensor_shapes = std::map<std::string, std::vector<ogm::size_type>>;
tensor_shapes shapes_of(const std::string& path);
/// f(file of weights): a safetensors file by its ending, else PyTorch's, whose "module." before the names is dropped.
template <class F> auto with_weights(const std::string& path, const F& f) {
  if (path.ends_with(".safetensors")) return f(ogm::data::safetensors::file(path));
  return f(ogm::data::pt::file(path, {.strip_module = true}));
}

/// Questions to answer, with the features of their videos, which may be empty where the network needs none.
struct question_batch {
  ogm::size_type count = 0;
  avqa::feature_shape shape;
  std::vector<float> sound, maps;    // (count, steps, sound), (count, steps, channels, height, width)
  std::vector<std::int32_t> tokens;  // (count, words)
};

/// What a network says to a question.
struct reply {
  std::vector<float> probabilities;  // of each answer
  avqa::attention_record attention;  // where it was asked for and the network has any

  std::size_t best() const { return std::size_t(std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin()); }
};

/// A network with its weights.
class answerer {
 public:
  virtual ~answerer() = default;
  virtual std::vector<reply> answer(const question_batch& batch, bool with_attention) = 0;
};

/// One network that can be trained, and asked.
struct network_entry {
  std::string_view name;  // of its row in the ablation
  bool hears, looks, attends;
  int sound, channels, width;  // features that it takes, and its own width
  tensor_shapes (*tensors)();
  train_result (*train)(const train_options& how);
  std::unique_ptr<answerer> (*open)(const std::string& path);

  bool takes(const avqa::feature_shape& shape) const { return (!hears || shape.sound == sound) && (!looks || shape.channels == channels); }
  std::string text() const;  // "avst, sound of 128, maps of 512 channels, 512 wide"
};
/// The stage before, for the features of one set of widths.
struct pretraining_entry {
  int sound, channels, width;
  tensor_shapes (*tensors)();
  train_result (*train)(const train_options& how);
};
struct network_list {
  std::vector<network_entry> networks;
  std::vector<pretraining_entry> stages;
};

network_list published_networks();  // sound of 128, maps of 512 channels, 512 wide: the published sizes
network_list composed_networks();   // 128, 128, 256: scenes composed of features
network_list drawn_networks();      // 128, 48, 128: scenes drawn and played, features without weights
/// All of them.
const network_list& all_networks();

/// The network of a row for a store's features; for the question alone, that of the published sizes where no store is given.
///
/// Errors     value_error, shape_error
const network_entry& network_for(std::string_view row, const std::string& store);
/// All networks of the program for a store's features, the question alone among them; without a store that one alone.
std::vector<const network_entry*> networks_for(const std::string& store);
/// Whether a file has any tensor of a network by its name.
bool begins_with(const network_entry& entry, const std::string& path);
/// The network whose tensors a file has; of several the one with most.
///
/// Errors     data_error where it is none of them
const network_entry& network_in(const std::string& path);

}  // namespace program
