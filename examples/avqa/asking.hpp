#pragma once
// Many questions about stored features, and how a reply is told.

#include "networks.hpp"

#include <avqa/data/music_avqa.hpp>
#include <avqa/features/store.hpp>

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace program {

/// Answers all questions, in their order; the store may be null where the network needs none.
std::vector<reply> ask(answerer& network, const network_entry& entry, const avqa::feature_store* store,
                       std::span<const avqa::annotation> questions, bool with_attention, bool quiet);
/// The likeliest answers with their probabilities.
std::vector<std::pair<std::string, double>> likeliest(const reply& r, std::size_t count);

}  // namespace program
