#pragma once
// The kinds of probe: what a policy asks for and a fusion head answers.

namespace ogm {

/// How "what would this modality say alone" is answered.
///
/// split         the head's own term of that modality: exact for separable heads, the probes sum to the fused logits
/// zero_feature  the head, with the features of the other modalities 0
/// self_head     the head's conditioning applied to the modality itself (film, gated)
/// zero_input    the whole model in evaluation mode, with the inputs of the other modalities 0
/// aux_head      a dense layer of its own on the features, trained beside the model
/// prototype     class centres of the features; a policy keeps them
/// shapley       the Shapley value of the logits over all subsets of modalities, by zeroed inputs
enum class probe { none, split, zero_feature, self_head, zero_input, aux_head, prototype, shapley };

}  // namespace ogm
