#pragma once
// Everything that a training program needs. For programs: headers of the library never include it. Readers of media files and of PyTorch's
// .pt, and the adapters to Eigen and xtensor, are included by those who use them: ogm/data/wav.hpp, ogm/data/image.hpp, ogm/data/pt.hpp and
// pt_writer.hpp, ogm/core/interop/eigen.hpp, ...

// IWYU pragma: begin_exports
#include <ogm/autograd/expression.hpp>
#include <ogm/autograd/module.hpp>
#include <ogm/autograd/tape.hpp>
#include <ogm/backend/eigen.hpp>
#include <ogm/backend/standard.hpp>
#include <ogm/core/parallel.hpp>
#include <ogm/core/random.hpp>
#include <ogm/core/tensor.hpp>
#include <ogm/data/dataset.hpp>
#include <ogm/data/loader.hpp>
#include <ogm/data/safetensors.hpp>
#include <ogm/data/synthetic.hpp>
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/film.hpp>
#include <ogm/fusion/gated.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/fusion/sum.hpp>
#include <ogm/modulation/check.hpp>
#include <ogm/modulation/combinators.hpp>
#include <ogm/modulation/foreign.hpp>
#include <ogm/modulation/none.hpp>
#include <ogm/modulation/ogm.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/modulation/uniform.hpp>
#include <ogm/nn/attention.hpp>
#include <ogm/nn/batch_norm.hpp>
#include <ogm/nn/concatenate.hpp>
#include <ogm/nn/conv.hpp>
#include <ogm/nn/conv_block.hpp>
#include <ogm/nn/dropout.hpp>
#include <ogm/nn/embedding.hpp>
#include <ogm/nn/gru.hpp>
#include <ogm/nn/initialise.hpp>
#include <ogm/nn/layer_norm.hpp>
#include <ogm/nn/linear.hpp>
#include <ogm/nn/loss.hpp>
#include <ogm/nn/lstm.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/nn/normalize.hpp>
#include <ogm/nn/pooling.hpp>
#include <ogm/nn/residual.hpp>
#include <ogm/nn/resnet18.hpp>
#include <ogm/nn/sequential.hpp>
#include <ogm/nn/slice.hpp>
#include <ogm/nn/softmax.hpp>
#include <ogm/optim/rules.hpp>
#include <ogm/optim/schedule.hpp>
#include <ogm/train/evaluation.hpp>
#include <ogm/train/observers/collect.hpp>
#include <ogm/train/observers/csv.hpp>
#include <ogm/train/observers/earlier_run.hpp>
#include <ogm/train/observers/plots.hpp>
#include <ogm/train/observers/progress.hpp>
#include <ogm/train/observers/tensorboard.hpp>
#include <ogm/train/trainer.hpp>
#include <ogm/version.hpp>
// IWYU pragma: end_exports
