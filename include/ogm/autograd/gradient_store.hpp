#pragma once
// The gradients of a model: one aligned buffer outside it, one slot a parameter.

#include <ogm/autograd/module.hpp>

namespace ogm {

/// Where a backward step puts a gradient; `fresh`: nothing has been added yet, so write and do not read.
template <class T> struct accumulator {
  T* data;
  bool fresh;
  bool add() const { return !fresh; }
};

/// Hands out slots to the parameters of a model when it is made; a copied model copies no gradients.
///
/// Errors     std::logic_error where a parameter is used that the model does not name in OGM_FIELDS
template <class Backend> class gradient_store {
 public:
  using space = typename Backend::space;
  using value_type = typename Backend::value_type;
  static constexpr std::size_t granule = memory::alignment / sizeof(value_type);  // every slot begins on a cache line

  template <class Model> explicit gradient_store(Model& model) {
    std::size_t elements = 0;
    for_each_parameter_quietly(model, [&](auto, auto& p) {
      p.slot = touched_.size();
      p.offset = elements;
      touched_.push_back(0);
      elements += (std::size_t(p.value.count()) + granule - 1) / granule * granule;
    });
    values_ = basic_tensor<space, value_type, dyn>(size_type(elements));
  }

  /// Forgets all gradients: the next backward writes them anew.
  void clear() { std::fill(touched_.begin(), touched_.end(), char(0)); }
  std::size_t slots() const { return touched_.size(); }
  bool reached(std::size_t slot) const { return touched_[slot] != 0; }
  template <class P> bool reached(const P& p) const { return reached(p.slot); }
  template <class P> value_type* data(const P& p) { return values_.data() + p.offset; }
  template <class P> const value_type* data(const P& p) const { return values_.data() + p.offset; }
  template <class P> accumulator<value_type> of(const P& p) {
    if (p.slot == unbound) throw std::logic_error("ogm: a parameter was used that the model does not name. Add its field to OGM_FIELDS.");
    return {data(p), !std::exchange(touched_[p.slot], char(1))};
  }
  /// All slots, in the order of the parameters; the gaps between them are 0.
  basic_tensor<space, value_type, dyn>& values() { return values_; }
  const basic_tensor<space, value_type, dyn>& values() const { return values_; }

 private:
  basic_tensor<space, value_type, dyn> values_;
  std::vector<char> touched_;
};

}  // namespace ogm
