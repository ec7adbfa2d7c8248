#include "commands.hpp"
#include "json_file.hpp"
#include "networks.hpp"
#include "outputs.hpp"

#include <ogm/data/pt.hpp>
#include <ogm/data/safetensors.hpp>

#include <cstdio>
#include <vector>

namespace program {
namespace {

/// Tensors of a network: how many the file has, how many it has in another shape, and the first that it lacks.
bool compare(const std::string& name, const tensor_shapes& needed, const tensor_shapes& stored) {
  std::size_t there = 0, differ = 0;
  std::string lacking;
  for (const auto& [tensor, sizes] : needed) {
    const auto found = stored.find(tensor);
    if (found == stored.end()) {
      if (lacking.empty()) lacking = tensor;
    } else
      ++(found->second == sizes ? there : differ);
  }
  std::printf("%-52s %3zu of %3zu tensors", name.c_str(), there, needed.size());
  if (differ > 0) std::printf(", %zu of another shape", differ);
  if (there == needed.size())
    std::printf(": fits");
  else if (!lacking.empty())
    std::printf(", %s is missing", lacking.c_str());
  std::printf("\n");
  return there == needed.size();
}

}  // namespace

void checkpoint_command::add(CLI::App& to) {
  to.add_option("file", file, "a .pt, .pth or .safetensors file")->required();
  to.add_option("--json", json, "file for the tensors and the networks that they fit");
  to.add_flag("--all", all, "every tensor, not only the first twenty");
}

int checkpoint_command::run() {
  require_writable({{"--json", json}});
  std::vector<std::string> lines;
  ogm::size_type elements = 0;
  const auto add = [&](const std::string& name, const auto& shape, std::string_view type) {
    const std::vector<ogm::size_type> sizes(shape.begin(), shape.end());
    ogm::size_type count = 1;
    for (const auto s : sizes) count *= s;
    elements += count;
    lines.push_back(name + "  " + ogm::shape_text(sizes) + "  " + std::string(type));
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
  const tensor_shapes stored = shapes_of(file);
  std::printf("networks of this program:\n");
  std::string fits;
  const auto one = [&](const std::string& name, const tensor_shapes& needed) {
    if (compare(name, needed, stored)) fits += (fits.empty() ? "" : ", ") + json_text(name);
  };
  for (const network_entry& n : all_networks().networks) one(n.text(), n.tensors());
  for (const pretraining_entry& p : all_networks().stages)
    one("grounding stage, " + std::to_string(p.channels) + " channels, " + std::to_string(p.width) + " wide", p.tensors());
  if (!json.empty())
    write_json(json, {{"tensors", std::to_string(lines.size())}, {"elements", std::to_string(elements)}, {"fits", "[" + fits + "]"}});
  return 0;
}

}  // namespace program
