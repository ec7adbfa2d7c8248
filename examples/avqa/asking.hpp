#pragma once
// Many questions about stored features, and how a reply is told.

#include "networks.hpp"

#include <avqa/data/music_avqa.hpp>
#include <avqa/evaluation/accuracy.hpp>
#include <avqa/features/store.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace program {

/// Answers all questions, in their order; the store may be null where the network needs none.
std::vector<reply> ask(answerer& network, const network_entry& entry, const avqa::feature_store* store,
                       std::span<const avqa::annotation> questions, bool with_attention, bool quiet);
/// The questions of a file that a network can be asked, and what it answers.
struct examination {
  const network_entry* entry = nullptr;
  std::unique_ptr<answerer> network;
  std::optional<avqa::feature_store> store;
  std::vector<avqa::annotation> asked;
  std::size_t all = 0;  // questions of the file, those about videos without features too
  std::vector<reply> replies;
  avqa::question_accuracy accuracy;
};
/// Opens a network and asks it every question of a file whose video has features.
///
/// Errors     value_error, shape_error and data_error with the file that does not fit
std::unique_ptr<examination> examine(const std::string& model, const std::string& features, const std::string& questions, bool quiet);
/// The likeliest answers with their probabilities.
std::vector<std::pair<std::string, double>> likeliest(const reply& r, std::size_t count);

}  // namespace program
