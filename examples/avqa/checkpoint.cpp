#include "commands.hpp"

#include <avqa/models/grounding_pretraining.hpp>
#include <ogm/data/pt.hpp>
#include <ogm/data/safetensors.hpp>

#include <cstdio>
#include <map>
#include <vector>

namespace program {
namespace {

using shapes = std::map<std::string, std::vector<ogm::size_type>>;

/// Tensors of a network: how many the file has, how many it has in another shape, and the first that it lacks.
template <class Network> void compare(const char* name, const shapes& stored) {
  const Network network;
  std::size_t there = 0, differ = 0, all = 0;
  std::string lacking;
  ogm::for_each_parameter(network, [&](auto, const std::string& tensor, const auto& p) {
    ++all;
    const auto found = stored.find(tensor);
    const auto& sizes = p.value.shape().sizes;
    if (found == stored.end()) {
      if (lacking.empty()) lacking = tensor;
    } else if (std::equal(found->second.begin(), found->second.end(), sizes.begin(), sizes.end()))
      ++there;
    else
      ++differ;
  });
  std::printf("%-22s %3zu of %3zu tensors", name, there, all);
  if (differ > 0) std::printf(", %zu of another shape", differ);
  if (there == all)
    std::printf(": fits");
  else if (!lacking.empty())
    std::printf(", %s is missing", lacking.c_str());
  std::printf("\n");
}

}  // namespace

void checkpoint_command::add(CLI::App& to) {
  to.add_option("file", file, "a .pt, .pth or .safetensors file")->required();
  to.add_flag("--all", all, "every tensor, not only the first twenty");
}

int checkpoint_command::run() {
  shapes stored;
  std::vector<std::string> lines;
  ogm::size_type elements = 0;
  const auto add = [&](const std::string& name, const auto& shape, std::string_view type) {
    std::vector<ogm::size_type> sizes(shape.begin(), shape.end());
    ogm::size_type count = 1;
    for (const auto s : sizes) count *= s;
    elements += count;
    lines.push_back(name + "  " + ogm::shape_text(sizes) + "  " + std::string(type));
    stored[name.starts_with("module.") ? name.substr(7) : name] = std::move(sizes);
  };
  if (file.ends_with(".safetensors")) {
    const ogm::data::safetensors::file f(file);
    for (const auto& [name, entry] : f.entries()) add(name, entry.shape, ogm::data::name_of(entry.type));
  } else {
    const ogm::data::pt::file f(file);
    for (const auto& entry : f.entries()) add(entry.name, entry.shape, ogm::data::name_of(entry.type));
  }
  std::printf("%s: %zu tensors, %lld elements\n", file.c_str(), lines.size(), static_cast<long long>(elements));
  const std::size_t shown = all ? lines.size() : std::min<std::size_t>(lines.size(), 20);
  for (std::size_t i = 0; i < shown; ++i) std::printf("  %s\n", lines[i].c_str());
  if (shown < lines.size()) std::printf("  ... and %zu more (--all)\n", lines.size() - shown);
  std::printf("networks of the published sizes:\n");
  compare<avqa::avst<>>("avst", stored);
  compare<avqa::without_spatial_grounding<>>("av_q_tg", stored);
  compare<avqa::network<avqa::ablation::question>>("q", stored);
  compare<avqa::grounding_pretraining<>>("grounding stage", stored);
  return 0;
}

}  // namespace program
