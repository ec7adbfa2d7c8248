#pragma once
// OGM with generalisation enhancement: the noise that the scaling takes away is given back.

#include <ogm/modulation/ogm.hpp>

namespace ogm::modulation {

/// Where the deviation of the noise comes from.
enum class noise_source {
  tensor_std,           // the spread over the elements of one parameter's gradient: the published code
  per_sample_diagonal,  // the variance of the gradient over samples, element by element, over the batch: the diagonal of the paper's
                        // covariance
  none,                 // OGM without enhancement
};
/// Which gradient the deviation is taken of.
enum class std_of {
  before_scale,  // the unscaled one: the published code now, and the paper
  after_scale,   // the scaled one: an older release
};
/// Which modalities get noise.
enum class ge_scope {
  both,            // all of them, scaled or not: the published code
  modulated_only,  // those with k < 1: what the paper motivates
};

/// Generalisation enhancement alone: adds noise to the gradients of every modality. In a chain after a policy that scales.
///
/// g_u <- g_u + deviation * n, n standard normal, drawn by Philox: the same bits for any number of threads and after a resume.
/// Source     Peng et al., CVPR 2022, Eq. (16)-(18)
template <class Selection = select::weights> struct basic_gaussian_enhance {
  static constexpr needs requirements{};
  using selection = Selection;
  modulation::std_of std_of = modulation::std_of::before_scale;
  float amount = 1;

  void on_gradients(auto& step) const {
    for_each_modality(step, [&](auto& m) {
      if (std_of == modulation::std_of::before_scale)
        m.template gradients<Selection>().add_noise(amount);
      else
        m.template gradients<Selection>().add_noise_of_scaled(amount);
    });
  }
};
using gaussian_enhance = basic_gaussian_enhance<>;

/// OGM-GE: g_u <- k_u g_u + h, h normal with the deviation of the gradient.
///
/// Switches   every known difference between the paper and its code: Shape, Selection, Ratio, Noise as types, the rest as members
/// Source     Peng et al., CVPR 2022; presets ogm_ge_as_published and ogm_ge_as_in_paper
template <class Shape = shape::paper, class Selection = select::weights, class Ratio = ratio::mean_pairwise,
          noise_source Noise = noise_source::tensor_std>
struct basic_ogm_ge {
  static constexpr needs requirements{
      .probe = probe::split, .per_sample_gradients = Noise == noise_source::per_sample_diagonal, .min_modalities = 2};
  using selection = Selection;
  double alpha = 0.8;
  modulation::std_of std_of = modulation::std_of::before_scale;
  modulation::ge_scope scope = modulation::ge_scope::both;
  modulation::tie tie = modulation::tie::none;
  modulation::apply_to apply_to = modulation::apply_to::gradient;
  float noise = 1;  // times the deviation

  void on_gradients(auto& step) const {
    const basic_ogm<Shape, Selection, Ratio> scaling{alpha, tie, apply_to};
    scaling.on_gradients(step);
    if constexpr (Noise != noise_source::none)
      for_each_modality(step, [&](auto& m) {
        const double rho = m.template ratio<Ratio>();
        if (scope == ge_scope::modulated_only && scaling.coefficient(rho, m.index() == 0) == 1) return;
        if (std_of == modulation::std_of::before_scale)
          m.template gradients<Selection>().add_noise(noise);
        else
          m.template gradients<Selection>().add_noise_of_scaled(noise);
      });
  }
};
using ogm_ge = basic_ogm_ge<>;

/// The released code: convolution weights only, noise on both modalities, a tie falls on the first. Put it into windowed<..., 0, 50>.
constexpr basic_ogm_ge<shape::paper, select::conv_weights> ogm_ge_as_published(double alpha = 0.8) {
  return {.alpha = alpha, .tie = tie::first};
}
/// The paper's text: the whole encoder, noise of the gradient's covariance over samples (its diagonal), on the modality that is scaled.
constexpr basic_ogm_ge<shape::paper, select::all_encoder, ratio::mean_pairwise, noise_source::per_sample_diagonal> ogm_ge_as_in_paper(
    double alpha = 0.8) {
  return {.alpha = alpha, .scope = ge_scope::modulated_only};
}

}  // namespace ogm::modulation
