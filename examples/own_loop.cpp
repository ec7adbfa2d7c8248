// A training loop of one's own, with its own model, gradients and optimiser: only the balance comes from ogm.
// Two linear softmax classifiers whose logits are added; the gradient is written by hand.

#include <ogm/modulation/foreign.hpp>
#include <ogm/modulation/ogm_ge.hpp>

#include <cmath>
#include <cstdio>

int main() {
  constexpr int samples = 256, width = 8, classes = 4;
  ogm::random::generator draw({.seed = 1, .stream = 0, .step = 0});
  std::vector<std::int32_t> labels(samples);
  std::vector<float> x[2], w[2], g[2], o[2];  // of two modalities; the second is noisier
  for (int u = 0; u < 2; ++u)
    x[u].resize(samples * width), w[u].resize(classes * width), g[u].resize(classes * width), o[u].resize(samples * classes);
  for (int i = 0; i < samples; ++i) {
    labels[std::size_t(i)] = i % classes;
    for (int u = 0; u < 2; ++u)
      for (int k = 0; k < width; ++k)
        x[u][std::size_t(i * width + k)] = (k == i % classes ? 1.f : 0.f) + (u == 0 ? 0.3f : 1.f) * draw.normal();
  }

  ogm::modulation::modulator balance(ogm::modulation::ogm_ge{.alpha = 0.5f, .noise = 0.1f}, {"audio", "visual"});
  for (int step = 0; step < 200; ++step) {
    for (int u = 0; u < 2; ++u)
      for (int i = 0; i < samples; ++i)
        for (int c = 0; c < classes; ++c) {
          float sum = 0;
          for (int k = 0; k < width; ++k) sum += w[u][std::size_t(c * width + k)] * x[u][std::size_t(i * width + k)];
          o[u][std::size_t(i * classes + c)] = sum;
        }
    double loss = 0;
    for (auto& gradient : g) std::fill(gradient.begin(), gradient.end(), 0.f);
    for (int i = 0; i < samples; ++i) {
      double p[classes], total = 0;
      for (int c = 0; c < classes; ++c)
        total += p[c] = std::exp(double(o[0][std::size_t(i * classes + c)]) + double(o[1][std::size_t(i * classes + c)]));
      loss -= std::log(p[i % classes] / total) / samples;
      for (int c = 0; c < classes; ++c)
        for (int u = 0; u < 2; ++u)
          for (int k = 0; k < width; ++k)
            g[u][std::size_t(c * width + k)] += float((p[c] / total - (c == i % classes)) / samples) * x[u][std::size_t(i * width + k)];
    }
    balance.observe(labels, {o[0], o[1]}, classes);  // what each modality says alone
    for (int u = 0; u < 2; ++u) {
      balance.apply(u, g[u]);
      for (std::size_t k = 0; k < w[u].size(); ++k) w[u][k] -= 0.5f * g[u][k];
    }
    balance.next_step();
    if (step % 50 == 0)
      std::printf("step %3d  loss %.4f  score of audio %.1f, of visual %.1f\n", step, loss, balance.score(0), balance.score(1));
  }
}
