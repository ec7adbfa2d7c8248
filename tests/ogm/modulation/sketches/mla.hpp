#pragma once
// MLA, far enough to show that the concept holds it: one modality after the other, the head's gradient projected, another prediction.

#include <ogm/modulation/stages.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace ogm::sketches {

template <class T> struct identity_matrix {
  T* matrix;  // (size, size)
  long size;
  void operator()() const {
    for (long i = 0; i < size * size; ++i) matrix[i] = T(i % (size + 1) == 0);
  }
};

/// P <- P - k k^T / (alpha + r k) with k = P r and r the mean row of z, then divided by its norm; g <- g P. The projector of recursive
/// least squares.
template <class T> struct project {
  const T* z;  // (batch, width)
  long batch, width, classes, stride;
  double alpha;
  T* projector;     // (width, width)
  T* g;             // (classes, width), rows `stride` apart
  double* scratch;  // (2, width)
  void operator()() const {
    double *r = scratch, *k = scratch + width;
    for (long c = 0; c < width; ++c) {
      r[c] = 0;
      for (long i = 0; i < batch; ++i) r[c] += double(z[i * width + c]) / double(batch);
    }
    double rk = 0, norm = 0;
    for (long i = 0; i < width; ++i) {
      k[i] = 0;
      for (long j = 0; j < width; ++j) k[i] += double(projector[i * width + j]) * r[j];
      rk += r[i] * k[i];
    }
    for (long i = 0; i < width; ++i)
      for (long j = 0; j < width; ++j) {
        T& p = projector[i * width + j];
        p -= T(k[i] * k[j] / (alpha + rk));
        norm += double(p) * double(p);
      }
    for (long i = 0; i < width * width; ++i) projector[i] /= T(std::sqrt(norm));
    for (long c = 0; c < classes; ++c) {
      for (long j = 0; j < width; ++j) {
        r[j] = 0;
        for (long i = 0; i < width; ++i) r[j] += double(g[c * stride + i]) * double(projector[i * width + j]);
      }
      for (long j = 0; j < width; ++j) g[c * stride + j] = T(r[j]);
    }
  }
};

/// scores = the probes' probabilities, each sample's weighted by exp(-entropy).
template <class T, int M> struct entropy_weighted {
  std::array<const T*, std::size_t(M)> probes;  // (rows, classes)
  T* scores;                                    // (rows, classes)
  long rows, classes;
  void operator()() const {
    for (long r = 0; r < rows; ++r) {
      double total = 0;
      for (long c = 0; c < classes; ++c) scores[r * classes + c] = 0;
      for (const T* probe : probes) {
        const T* o = probe + r * classes;
        double top = double(o[0]), sum = 0, mean = 0;
        for (long c = 1; c < classes; ++c) top = std::max(top, double(o[c]));
        for (long c = 0; c < classes; ++c) {
          const double e = std::exp(double(o[c]) - top);
          sum += e, mean += e * (double(o[c]) - top);
        }
        const double weight = std::exp(mean / sum - std::log(sum));  // of minus the entropy
        total += weight;
        for (long c = 0; c < classes; ++c) scores[r * classes + c] += T(weight * std::exp(double(o[c]) - top) / sum);
      }
      for (long c = 0; c < classes; ++c) scores[r * classes + c] /= T(total);
    }
  }
};

/// One modality after the other through a head that keeps what it knows.
///
/// Needs      an update for each modality; features of one width
/// Source     Zhang, Yoon, Bansal, Yao: Multimodal Representation Learning by Alternating Unimodal Adaptation, CVPR 2024
template <class Backend, int Width> struct mla {
  static constexpr modulation::needs requirements{.probe = probe::split, .own_step = true};
  using T = typename Backend::value_type;
  basic_tensor<typename Backend::space, T, Width, Width> projector;
  bool begun = false;

  void on_gradients(auto& step) {
    if (!begun) {  // the very first update is not projected
      step.run(identity_matrix<T>{projector.data(), Width});
      begun = true;
      return;
    }
    constexpr long total = long(std::remove_cvref_t<decltype(step)>::modalities) * Width;
    const auto z = step.features(step.active());
    double* scratch = step.template scratch<double>(2 * Width);
    for (auto& s : step.slots())
      if (s.reached && s.tag.role == role::head && s.tag.rank == 2)
        step.run(project<T>{z.data(), long(z.size(0)), Width, long(s.count) / total, total, 0.1, projector.data(),
                            s.gradient + step.active() * Width, scratch});
  }
  void predict(auto& c) const {
    constexpr int M = std::remove_cvref_t<decltype(c)>::modalities;
    std::array<const T*, std::size_t(M)> probes;
    for (std::size_t u = 0; u < probes.size(); ++u) probes[u] = c.probes[u].data();
    c.run(entropy_weighted<T, M>{probes, c.scores.data(), long(c.scores.size(0)), long(c.scores.size(1))});
  }
};

}  // namespace ogm::sketches
