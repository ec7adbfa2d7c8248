#pragma once
// MMPareto, far enough to show that the concept holds it: the gradients of several losses, combined.

#include <ogm/modulation/stages.hpp>

#include <algorithm>
#include <cmath>

namespace ogm::sketches {

/// dots[0..2] = <a, a>, <b, b>, <a, b>.
template <class T> struct dot_products {
  const T* a;
  const T* b;
  long count;
  double* dots;
  void operator()() const {
    dots[0] = dots[1] = dots[2] = 0;
    for (long i = 0; i < count; ++i)
      dots[0] += double(a[i]) * double(a[i]), dots[1] += double(b[i]) * double(b[i]), dots[2] += double(a[i]) * double(b[i]);
  }
};

/// g = 2 (w a + (1 - w) b), rescaled to at least the norm of sum, times gamma; 0 where it vanishes. g may be sum.
template <class T> struct pareto_combination {
  const T* a;
  const T* b;
  const T* sum;
  T* g;
  long count;
  double w, gamma;
  double at(long i) const { return 2 * (w * double(a[i]) + (1 - w) * double(b[i])); }
  void operator()() const {
    double norm = 0, whole = 0;
    for (long i = 0; i < count; ++i) norm += at(i) * at(i), whole += double(sum[i]) * double(sum[i]);
    const double scale = norm > 0 ? std::max(1.0, std::sqrt(whole / norm)) : 0;  // the reference computes infinity times 0 here
    for (long i = 0; i < count; ++i) g[i] = T(at(i) * scale * gamma);
  }
};

/// Fused and unimodal gradients of an encoder, combined so that neither is made worse.
///
/// Needs      a head of its own on each modality's features, and a backward pass for each loss
/// Source     Wei and Hu: MMPareto, ICML 2024
struct mmpareto {
  static constexpr modulation::needs requirements{.probe = probe::aux_head, .per_loss_gradients = true};
  double gamma = 1;

  /// The share of a in the shortest vector between a and b; 1/2 where they do not conflict, or are equal.
  static double weight(double aa, double bb, double ab) {
    if (ab > 0) return 0.5;
    const double between = aa + bb - 2 * ab;
    return between > 0 ? std::clamp((bb - ab) / between, 0.0, 1.0) : 0.5;
  }
  void loss(auto& losses) const {
    losses.for_each_probe([&](int u, const auto& o) { losses.add(losses.name(u), losses.cross_entropy(o), 1, u + 1); });
  }
  void on_gradients(auto& step) const {
    using Step = std::remove_cvref_t<decltype(step)>;
    using T = typename Step::T;
    for (int u = 0; u < Step::modalities; ++u) {
      double aa = 0, bb = 0, ab = 0;
      double* dots = step.template scratch<double>(3);
      const auto each = [&](const auto& f) {
        step.template for_each_slot<modulation::select::all_encoder>(u, [&](auto& s) {
          const auto g = step.loss_gradients(s);
          if (g[0] && g[std::size_t(u) + 1]) f(s, g[0], g[std::size_t(u) + 1]);
        });
      };
      each([&](auto& s, const T* a, const T* b) {
        step.run(dot_products<T>{a, b, long(s.count), dots});
        double host[3];
        Step::space::copy_to_host(host, dots, sizeof host);
        aa += host[0], bb += host[1], ab += host[2];
      });
      const double w = weight(aa, bb, ab);
      each([&](auto& s, const T* a, const T* b) {
        step.run(pareto_combination<T>{a, b, s.gradient, s.gradient, long(s.count), w, gamma});
      });
      step.report_value("weight", step.name(u), w);
    }
  }
};

}  // namespace ogm::sketches
