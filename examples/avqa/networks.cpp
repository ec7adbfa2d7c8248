#include "networks.hpp"

#include <avqa/features/store.hpp>

#include <algorithm>

namespace program {

tensor_shapes shapes_of(const std::string& path) {
  return with_weights(path, [](const auto& file) {
    tensor_shapes out;
    for (const auto& one : file.entries()) {
      if constexpr (requires { one.name; })
        out[one.name] = {one.shape.begin(), one.shape.end()};
      else
        out[one.first] = {one.second.shape.begin(), one.second.shape.end()};
    }
    return out;
  });
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

std::vector<const network_entry*> networks_for(const std::string& store) {
  std::vector<const network_entry*> out;
  const auto& all = all_networks().networks;
  if (store.empty()) {
    for (const network_entry& n : all)
      if (out.empty() && !n.hears && !n.looks) out.push_back(&n);
    return out;
  }
  const avqa::feature_shape shape = avqa::feature_store(store).shape();
  for (const network_entry& n : all)
    if (n.channels == shape.channels && n.sound == shape.sound) out.push_back(&n);
  if (out.empty())
    throw ogm::shape_error("avqa: " + store + " has " + shape.text() +
                           "; this program has networks for a sound of 128 and maps of 512, 128 or 48 channels.");
  return out;
}

const network_entry& network_for(std::string_view row, const std::string& store) {
  std::string known;
  for (const network_entry* n : networks_for(store)) {
    if (n->name == row) return *n;
    known += std::string(known.empty() ? "" : ", ") + std::string(n->name);
  }
  if (store.empty()) throw ogm::value_error("avqa: " + std::string(row) + " looks or listens. Give --features STORE.");
  throw ogm::value_error("avqa: with features such as those of " + store + " this program has " + known + ", and not " + std::string(row) +
                         ".");
}

bool begins_with(const network_entry& entry, const std::string& path) {
  const tensor_shapes stored = shapes_of(path), needed = entry.tensors();
  return std::any_of(needed.begin(), needed.end(), [&](const auto& tensor) { return stored.count(tensor.first) > 0; });
}

const network_entry& network_in(const std::string& path) {
  const tensor_shapes stored = shapes_of(path);
  const network_entry* best = nullptr;
  std::size_t most = 0;
  for (const network_entry& n : all_networks().networks) {
    const tensor_shapes needed = n.tensors();
    const auto there = [&](const auto& tensor) {
      const auto found = stored.find(tensor.first);
      return found != stored.end() && found->second == tensor.second;
    };
    if (needed.size() > most && std::all_of(needed.begin(), needed.end(), there)) best = &n, most = needed.size();
  }
  if (!best) throw ogm::data_error("avqa: " + path + " has the tensors of none of the program's networks. See: avqa checkpoint " + path);
  return *best;
}

}  // namespace program
