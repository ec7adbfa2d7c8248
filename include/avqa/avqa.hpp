#pragma once
// Everything of avqa. For programs; headers of the library never include it.

// IWYU pragma: begin_exports
#include <avqa/data/music_avqa.hpp>
#include <avqa/data/music_avqa_writer.hpp>
#include <avqa/data/question_dataset.hpp>
#include <avqa/data/scenes/add_scenes.hpp>
#include <avqa/data/scenes/collection.hpp>
#include <avqa/data/scenes/composer.hpp>
#include <avqa/data/scenes/draw.hpp>
#include <avqa/data/scenes/instrument_features.hpp>
#include <avqa/data/scenes/instrument_scenes.hpp>
#include <avqa/data/scenes/mixing.hpp>
#include <avqa/data/scenes/procedural.hpp>
#include <avqa/data/scenes/questions.hpp>
#include <avqa/data/scenes/rendered_features.hpp>
#include <avqa/data/scenes/renderer.hpp>
#include <avqa/data/scenes/scene.hpp>
#include <avqa/data/scenes/truth.hpp>
#include <avqa/data/splits.hpp>
#include <avqa/evaluation/accuracy.hpp>
#include <avqa/evaluation/accuracy_table.hpp>
#include <avqa/evaluation/priors.hpp>
#include <avqa/features/clips.hpp>
#include <avqa/features/mobilenet_v2.hpp>
#include <avqa/features/negative_frames.hpp>
#include <avqa/features/published_features.hpp>
#include <avqa/features/resnet_14x14.hpp>
#include <avqa/features/source.hpp>
#include <avqa/features/store.hpp>
#include <avqa/features/store_writer.hpp>
#include <avqa/features/vggish.hpp>
#include <avqa/features/yamnet.hpp>
#include <avqa/grounding/spatial.hpp>
#include <avqa/grounding/temporal.hpp>
#include <avqa/media/clip.hpp>
#include <avqa/models/grounding_pretraining.hpp>
#include <avqa/models/network.hpp>
#include <avqa/question/answers.hpp>
#include <avqa/question/encoder.hpp>
#include <avqa/question/matching.hpp>
#include <avqa/question/templates.hpp>
#include <avqa/question/tokenizer.hpp>
#include <avqa/question/types.hpp>
#include <avqa/question/vocabulary.hpp>
#include <avqa/version.hpp>
// IWYU pragma: end_exports
