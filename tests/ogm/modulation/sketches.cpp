// Three unlike policies, far enough to show that the concept holds them: OPM edits features, MMPareto combines the gradients of several
// losses, MLA trains one modality after the other and edits the head's gradient.

#include <ogm/modulation/combinators.hpp>

#include "support.hpp"

using namespace ogm;

namespace {

/// On-the-fly prediction modulation: the modality that is ahead loses features. Source: specs of Wei et al., TPAMI 2024.
struct opm {
  static constexpr modulation::needs requirements{.probe = probe::split, .second_pass = true, .min_modalities = 2};
  double q_base = 0.5, lambda = 0.5, p_execute = 0.7;

  static double drop_probability(double q_base, double lambda, double ratio) {
    const double r = std::tanh(std::max(0.0, ratio - 1));
    return r > 0 ? std::clamp(q_base * (1 + lambda * r), 0.0, 1.0) : 0;
  }
  void on_features(auto& c) const {
    constexpr int M = std::remove_cvref_t<decltype(c)>::modalities;
    auto draw = c.generator();
    if (double(draw.uniform()) >= p_execute) return;
    double q[M], dropped = 0, width = 0;
    for (int u = 0; u < M; ++u) {
      q[u] = drop_probability(q_base, lambda, c.ratio(u));
      dropped += q[u] * c.width(u);
      width += c.width(u);
      c.report_value("drop", c.name(u), q[u]);
    }
    const double theta = dropped / width;
    for (size_type i = 0; i < c.size(); ++i) {
      bool any = false;
      for (int u = 0; u < M; ++u) {
        const bool keep = double(draw.uniform()) >= q[u];
        any |= keep;
        c.row_factors(u)[std::size_t(i)] = keep ? 1 / (1 - theta) : 0;
      }
      if (!any) c.remove(i);
    }
  }
};

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
/// g = 2 (w a + (1 - w) b), rescaled to at least the norm of sum, times gamma; 0 where it vanishes.
template <class T> struct pareto_combination {
  const T* a;
  const T* b;
  const T* sum;
  T* g;
  long count;
  double w, gamma;
  void operator()() const {
    double norm = 0, whole = 0;
    std::vector<double> combined(static_cast<std::size_t>(count));
    for (long i = 0; i < count; ++i) {
      const double x = combined[std::size_t(i)] = 2 * (w * double(a[i]) + (1 - w) * double(b[i]));
      norm += x * x, whole += double(sum[i]) * double(sum[i]);
    }
    const double scale = norm > 0 ? std::max(1.0, std::sqrt(whole / norm)) : 0;  // the reference computes infinity times 0 here
    for (long i = 0; i < count; ++i) g[i] = T(combined[std::size_t(i)] * scale * gamma);
  }
};

/// MMPareto: fused and unimodal gradients of an encoder, combined so that neither is made worse. Source: Wei and Hu, ICML 2024.
struct mmpareto {
  static constexpr modulation::needs requirements{.probe = probe::aux_head, .per_loss_gradients = true};
  double gamma = 1;

  static double weight(double aa, double bb, double ab) {
    if (ab > 0) return 0.5;
    const double between = aa + bb - 2 * ab;
    return between > 0 ? std::clamp((bb - ab) / between, 0.0, 1.0) : 0.5;
  }
  void loss(auto& losses) const {
    losses.for_each_probe([&](int u, const auto& o) { losses.add(losses.name(u), losses.cross_entropy(o), 1, u + 1); });
  }
  void on_gradients(auto& step) const {
    using T = typename std::remove_cvref_t<decltype(step)>::T;
    using space = typename std::remove_cvref_t<decltype(step)>::space;
    for (int u = 0; u < step.modalities; ++u) {
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
        space::copy_to_host(host, dots, sizeof host);
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

/// P <- P - k k^T / (alpha + r k), k = P r, normalised; g <- g P. The projector of recursive least squares.
template <class T> struct project {
  const T* z;  // (batch, width), whose mean is r
  long batch, width, classes, stride;
  double alpha;
  T* projector;  // (width, width)
  T* g;          // (classes, width), rows `stride` apart
  void operator()() const {
    const auto n = std::size_t(width);
    std::vector<double> r(n), k(n);
    for (long i = 0; i < batch; ++i)
      for (std::size_t c = 0; c < n; ++c) r[c] += double(z[std::size_t(i) * n + c]) / double(batch);
    double rk = 0, norm = 0;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) k[i] += double(projector[i * n + j]) * r[j];
    for (std::size_t i = 0; i < n; ++i) rk += r[i] * k[i];
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        projector[i * n + j] -= T(k[i] * k[j] / (alpha + rk)), norm += double(projector[i * n + j]) * double(projector[i * n + j]);
    for (std::size_t i = 0; i < n * n; ++i) projector[i] /= T(std::sqrt(norm));
    for (long c = 0; c < classes; ++c) {
      std::vector<double> row(n);
      for (std::size_t j = 0; j < n; ++j)
        for (std::size_t i = 0; i < n; ++i) row[j] += double(g[c * stride + long(i)]) * double(projector[i * n + j]);
      for (std::size_t j = 0; j < n; ++j) g[c * stride + long(j)] = T(row[j]);
    }
  }
};
/// scores = the probes' probabilities, each sample's weighted by exp(-entropy).
template <class T> struct entropy_weighted {
  std::array<const T*, 2> probes;
  T* scores;
  long rows, classes;
  void operator()() const {
    for (long r = 0; r < rows; ++r) {
      std::vector<double> p[2];
      double weight[2], total = 0;
      for (int u = 0; u < 2; ++u) {
        double sum = 0, entropy = 0;
        for (long c = 0; c < classes; ++c) p[u].push_back(std::exp(double(probes[std::size_t(u)][r * classes + c]))), sum += p[u].back();
        for (double& x : p[u]) x /= sum, entropy -= x * std::log(x);
        total += weight[u] = std::exp(-entropy);
      }
      for (long c = 0; c < classes; ++c)
        scores[r * classes + c] = T((weight[0] * p[0][std::size_t(c)] + weight[1] * p[1][std::size_t(c)]) / total);
    }
  }
};

/// MLA: one modality after the other through a head that keeps what it knows. Source: Zhang et al., CVPR 2024.
struct mla {
  static constexpr modulation::needs requirements{.probe = probe::split, .own_step = true};
  mutable basic_tensor<memory::host, double, dyn> projector;  // of 6 features

  void on_gradients(auto& step) const {
    const auto z = step.features(step.active());
    const long width = long(z.size(1));
    if (projector.count() == 0) {
      projector = basic_tensor<memory::host, double, dyn>(width * width);
      for (long i = 0; i < width; ++i) projector(i * width + i) = 1;
      return;  // skipped at the very first step
    }
    for (auto& s : step.slots())
      if (s.reached && s.tag.role == role::head && s.tag.rank == 2)
        step.run(
            project<double>{z.data(), long(z.size(0)), width, 4, 2 * width, 0.1, projector.data(), s.gradient + step.active() * width});
  }
  void predict(auto& c) const {
    c.run(entropy_weighted<double>{
        {c.probes[0].data(), c.probes[1].data()}, c.scores.data(), long(c.scores.size(0)), long(c.scores.size(1))});
  }
};

template <class Policy> std::pair<double, double> losses_of_training(const Policy& policy) {
  const test::small_batch batch;
  training_step<test::small_model<>, Policy, optim::sgd> step(test::small_model<>{}, policy, optim::sgd{});
  nn::initialise(step.modules(), 5);
  double first = 0, last = 0;
  for (int i = 0; i < 60; ++i) {
    last = step.step(std::tie(batch.audio, batch.visual), as_view(batch.labels), {.step = i, .learning_rate = 0.1}).loss;
    if (i == 0) first = last;
  }
  return {first, last};
}

}  // namespace

TEST_CASE("OPM: never executed it is no modulation; otherwise rows are dropped, rescaled and removed with their labels") {
  const auto plain = test::gradients_of(modulation::none{});
  const auto never = test::gradients_of(opm{.p_execute = 0});
  for (std::size_t s = 0; s < plain.slots.size(); ++s) CHECK(plain.slots[s].raw == never.slots[s].raw);
  CHECK(opm::drop_probability(0.5, 0.5, 0.9) == 0);
  CHECK(std::abs(opm::drop_probability(0.5, 0.5, 2) - 0.5 * (1 + 0.5 * std::tanh(1))) <= 1e-12);
  const auto always = test::gradients_of(opm{.q_base = 1, .lambda = 0, .p_execute = 1});
  CHECK(always.reported("drop/audio") == 1);  // audio is ahead: all of it is dropped
  for (const double g : always.slots[0].raw) CHECK(g == 0);
  const auto [first, last] = losses_of_training(opm{});
  CHECK(last < first);
}

TEST_CASE("MMPareto: the weight is the point of least norm between two gradients") {
  CHECK(mmpareto::weight(4, 4, 4) == 0.5);                         // parallel
  CHECK(std::abs(mmpareto::weight(4, 9, 0) - 9.0 / 13) <= 1e-12);  // orthogonal, of norms 2 and 3: b^2 / (a^2 + b^2)
  CHECK(mmpareto::weight(4, 4, -4) == 0.5);                        // opposite, of equal norms
  const double a[]{1, 2}, opposite[]{-1, -2}, sum[]{3, 0};
  double g[]{9, 9};
  pareto_combination<double>{a, opposite, sum, g, 2, 0.5, 1.5}();
  CHECK((g[0] == 0 && g[1] == 0));
  pareto_combination<double>{a, a, sum, g, 2, 0.5, 1}();  // 2 * (a + a) / 2, rescaled to the sum's norm
  CHECK(std::abs(std::hypot(g[0], g[1]) - std::max(3.0, 2 * std::sqrt(5.0))) <= 1e-12);
}

TEST_CASE("MMPareto: each loss has its own gradient, and with parallel ones the sum is kept") {
  const auto seen = test::gradients_of(mmpareto{});
  CHECK(std::isfinite(seen.reported("weight/audio")));
  for (const auto& s : seen.slots) {
    if (s.tag.role != role::encoder) {
      CHECK(s.raw == s.modulated);
      continue;
    }
    double before = 0, after = 0;
    for (std::size_t i = 0; i < s.raw.size(); ++i) before += s.raw[i] * s.raw[i], after += s.modulated[i] * s.modulated[i];
    CHECK(std::sqrt(after) >= std::sqrt(before) * (1 - 1e-9));  // rescaled to at least the sum's norm
  }
  const auto [first, last] = losses_of_training(mmpareto{});
  CHECK(last < first);
}

TEST_CASE("MLA: the projector stays symmetric and damps the direction it has seen") {
  constexpr int n = 3;
  const double z[]{1, 0, 0, 1, 0, 0};
  double P[n * n]{1, 0, 0, 0, 1, 0, 0, 0, 1}, g[]{1, 1, 1};
  project<double>{z, 2, n, 1, n, 0.1, P, g}();
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) CHECK(std::abs(P[i * n + j] - P[j * n + i]) <= 1e-15);
  CHECK(P[0] >= 0);
  CHECK(std::abs(g[0]) < 0.2 * std::abs(g[1]));
  const auto [first, last] = losses_of_training(mla{});
  CHECK(last < first);
}
