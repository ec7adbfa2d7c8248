#pragma once
// The optimisers: plain aggregates of settings, each with the element-wise rule of one step. Semantics are PyTorch's.

#include <ogm/core/math.hpp>

#include <cmath>

namespace ogm::optim {

/// Stochastic gradient descent: v = momentum v + g; p -= lr v; with Nesterov p -= lr (g + momentum v). Weight decay is added to g.
struct sgd {
  double lr = 1e-2, momentum = 0, weight_decay = 0;
  bool nesterov = false;

  template <class T> struct rule {
    static constexpr int states = 1;
    T lr, momentum, decay;
    bool nesterov;
    template <class V> OGM_HD void step(V& p, V g, V& v, T rate) const {
      g += p * decay;
      v = v * momentum + g;
      p -= (nesterov ? V(g + v * momentum) : v) * (lr * rate);
    }
  };
  template <class T> rule<T> at(double rate, long /*step*/) const { return {T(rate), T(momentum), T(weight_decay), nesterov}; }
};

/// Kingma and Ba, ICLR 2015; weight decay is added to the gradient.
struct adam {
  double lr = 1e-3;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 0;

  template <class T> struct rule {
    static constexpr int states = 2;
    T lr, beta1, one_minus_beta1, beta2, one_minus_beta2, root_correction, epsilon, decay, shrink;
    template <class V> OGM_HD void step(V& p, V g, V& m, V& v, T rate) const {
      g += p * decay;
      p *= T(1) - shrink * rate;
      m = m * beta1 + g * one_minus_beta1;
      v = v * beta2 + g * g * one_minus_beta2;
      p -= m * (lr * rate) / (math::sqrt(v) * root_correction + epsilon);
    }
  };
  /// `decoupled` is AdamW's decay.
  template <class T> rule<T> at(double rate, long step, bool decoupled = false) const {
    const double c1 = 1 - std::pow(beta1, double(step)), c2 = 1 - std::pow(beta2, double(step));
    return {T(rate / c1),
            T(beta1),
            T(1 - beta1),
            T(beta2),
            T(1 - beta2),
            T(1 / std::sqrt(c2)),
            T(epsilon),
            T(decoupled ? 0.0 : weight_decay),
            T(decoupled ? rate * weight_decay : 0.0)};
  }
};

/// Loshchilov and Hutter, ICLR 2019: the decay shrinks the parameter and is not part of the gradient.
struct adamw {
  double lr = 1e-3;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 1e-2;

  template <class T> using rule = adam::rule<T>;
  template <class T> rule<T> at(double rate, long step) const {
    return adam{lr, beta1, beta2, epsilon, weight_decay}.at<T>(rate, step, true);
  }
};

/// Tieleman and Hinton, 2012: p -= lr g / (sqrt(mean square of g) + epsilon), then momentum on that.
struct rmsprop {
  double lr = 1e-2;
  double alpha = 0.99, epsilon = 1e-8;
  double momentum = 0, weight_decay = 0;

  template <class T> struct rule {
    static constexpr int states = 2;
    T lr, alpha, one_minus_alpha, epsilon, momentum, decay;
    template <class V> OGM_HD void step(V& p, V g, V& square, V& v, T rate) const {
      g += p * decay;
      square = square * alpha + g * g * one_minus_alpha;
      v = v * momentum + g / (math::sqrt(square) + epsilon);
      p -= v * (lr * rate);
    }
  };
  template <class T> rule<T> at(double rate, long /*step*/) const {
    return {T(rate), T(alpha), T(1 - alpha), T(epsilon), T(momentum), T(weight_decay)};
  }
};

/// An optimiser: settings with `lr`, a rule for each element type, and at<T>(learning rate, step counted from 1).
template <class O>
concept optimiser = requires(const O& o) {
  { o.lr } -> std::convertible_to<double>;
  typename O::template rule<float>;
  o.template at<float>(0.1, 1L);
};

}  // namespace ogm::optim
