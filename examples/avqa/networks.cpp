#include "networks.hpp"

#include <avqa/features/store.hpp>
#include <ogm/data/pt.hpp>
#include <ogm/data/safetensors.hpp>

#include <algorithm>

namespace program {

tensor_shapes shapes_of(const std::string& path) {
  tensor_shapes out;
  const auto add = [&](const std::string& name, const auto& shape) {
    out[name.starts_with("module.") ? name.substr(7) : name] = {shape.begin(), shape.end()};
  };
  if (path.ends_with(".pt") || path.ends_with(".pth")) {
    const ogm::data::pt::file f(path);
    for (const auto& entry : f.entries()) add(entry.name, entry.shape);
  } else {
    const ogm::data::safetensors::file f(path);
    for (const auto& [name, entry] : f.entries()) add(name, entry.shape);
  }
  return out;
}

std::string network_entry::text() const {
  std::string out(name);
  if (hears) out += ", sound of " + std::to_string(sound);
  if (looks) out += ", maps of " + std::to_string(channels) + " channels";
  return out + ", " + std::to_string(width) + " wide";
}

const network_list& all_networks() {
  static const network_list all = [] {
    network_list out;
    for (network_list part : {published_networks(), composed_networks(), drawn_networks()}) {
      out.networks.insert(out.networks.end(), part.networks.begin(), part.networks.end());
      out.stages.insert(out.stages.end(), part.stages.begin(), part.stages.end());
    }
    return out;
  }();
  return all;
}

const network_entry& network_for(std::string_view row, const std::string& store) {
  const auto& all = all_networks().networks;
  if (store.empty()) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const network_entry& n) { return n.name == row; });
    if (found == all.end() || found->hears || found->looks)
      throw ogm::value_error("avqa: " + std::string(row) + " looks or listens. Give --features STORE.");
    return *found;
  }
  const avqa::feature_shape shape = avqa::feature_store(store).shape();
  std::string known;
  for (const network_entry& n : all) {
    if (n.channels != shape.channels || n.sound != shape.sound) continue;
    if (n.name == row) return n;
    known += std::string(known.empty() ? "" : ", ") + std::string(n.name);
  }
  throw ogm::shape_error("avqa: " + store + " has " + shape.text() +
                         (known.empty() ? "; this program has networks for a sound of 128 and maps of 512, 128 or 48 channels."
                                        : "; with such features this program has " + known + ", and not " + std::string(row) + "."));
}

const network_entry& network_in(const std::string& path) {
  const tensor_shapes stored = shapes_of(path);
  for (const network_entry& n : all_networks().networks) {
    const tensor_shapes needed = n.tensors();
    const auto there = [&](const auto& tensor) {
      const auto found = stored.find(tensor.first);
      return found != stored.end() && found->second == tensor.second;
    };
    // A smaller row's tensors may all be in a larger one's file, which has others beside them.
    if (std::all_of(needed.begin(), needed.end(), there) &&
        (needed.size() == stored.size() || n.name == avqa::name_of(avqa::ablation::spatial_grounding)))
      return n;
  }
  throw ogm::data_error("avqa: " + path + " has the tensors of none of the program's networks. See: avqa checkpoint " + path);
}

}  // namespace program
