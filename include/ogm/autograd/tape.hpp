#pragma once
// `var` (a view and its gradient) and the two tapes: `tape` records what it computes, `inference` runs the same forward and keeps nothing.

#include <ogm/autograd/arena.hpp>
#include <ogm/autograd/gradient_store.hpp>
#include <ogm/backend/standard.hpp>
#include <ogm/core/random.hpp>

#include <new>

namespace ogm {

/// A value on the tape: a trivially copyable handle, valid until the tape is rewound.
template <memory::space Space, class T, int... E> class basic_var : public basic_view<Space, T, E...> {
 public:
  basic_var(const basic_view<Space, T, E...>& value, T* gradient, bool* touched)
      : basic_view<Space, T, E...>(value), gradient_(gradient), touched_(touched) {}
  /// Whether a loss depends on it, once backward has come this far.
  bool reached() const { return *touched_; }
  T* gradient() const { return gradient_; }
  basic_view<Space, T, E...> gradient_view() const { return {gradient_, this->shape()}; }
  accumulator<T> accumulate() const { return {gradient_, !std::exchange(*touched_, true)}; }
  /// Another shape of the same elements: value and gradient are shared.
  template <int... F> basic_var<Space, T, F...> as(const extents<F...>& shape) const {
    return {reshape(static_cast<const basic_view<Space, T, E...>&>(*this), shape), gradient_, touched_};
  }

 private:
  T* gradient_;
  bool* touched_;
};
/// A handle of the same elements.
template <class S, class T, int... E> basic_var<S, T, E...> as_view(const basic_var<S, T, E...>& v) { return v; }
/// A var of another shape; value and gradient are shared.
template <int... F, class S, class T, int... E> basic_var<S, T, F...> reshape(const basic_var<S, T, E...>& v, const extents<F...>& shape) {
  return v.as(shape);
}

template <class X> inline constexpr bool is_var = false;
template <class S, class T, int... E> inline constexpr bool is_var<basic_var<S, T, E...>> = true;

/// Runs a forward and keeps nothing: layers get views, and no gradient code is instantiated. Rewind it after each batch.
template <class Backend = backend::standard> class inference {
 public:
  using backend_type = Backend;
  using space = typename Backend::space;
  using value_type = typename Backend::value_type;
  static constexpr bool records = false;

  inference() = default;
  inference(const inference&) = delete;
  inference& operator=(const inference&) = delete;

  template <class T = value_type, int... E> basic_view<space, T, E...> make(const extents<E...>& e) { return {scratch<T>(e.count()), e}; }
  /// Uninitialised elements in the backend's memory, until the tape is rewound.
  template <class T = value_type> T* scratch(size_type n) {
    return static_cast<T*>(values_.take(std::size_t(n) * sizeof(T), memory::alignment));
  }
  template <class Operation> void run(const Operation& operation) { backend_.run(operation); }
  Backend& backend() { return backend_; }
  void rewind() { values_.rewind(); }
  /// Whether layers behave as in training: dropout drops, batch normalisation uses the batch.
  static constexpr bool training() { return false; }
  static constexpr bool statistics_frozen() { return true; }
  template <class X> void fail_unless_mine() const {
    static_assert(std::same_as<typename X::space, space>,
                  "ogm: a tensor lies in another memory space than the tape works in. Copy it with copy_to<space>(tensor).");
  }
  /// A number of the backend's memory, read from the host.
  template <class T, int... E> T read(const basic_view<space, T, E...>& x) {
    std::remove_const_t<T> v;
    space::copy_to_host(&v, x.data(), sizeof v);
    return v;
  }
  std::size_t capacity() const { return values_.capacity(); }

 private:
  arena<space> values_;
  [[no_unique_address]] Backend backend_;
};

namespace detail {
/// The `touched` flags of a step's vars, in blocks that are kept.
class flag_pool {
 public:
  bool* take() {
    if (used_ == blocks_.size() * block) blocks_.push_back(std::make_unique<bool[]>(block));
    bool* flag = &blocks_[used_ / block][used_ % block];
    ++used_;
    *flag = false;
    return flag;
  }
  void clear() {
    for (auto& b : blocks_) std::fill_n(b.get(), block, false);
  }
  void rewind() { used_ = 0; }

 private:
  static constexpr std::size_t block = 1024;
  std::vector<std::unique_ptr<bool[]>> blocks_;
  std::size_t used_ = 0;
};
}  // namespace detail

/// Records: every layer that is called on it leaves a backward step.
template <class Backend = backend::standard> class tape : public inference<Backend> {
  using base = inference<Backend>;

 public:
  using typename base::space;
  using typename base::value_type;
  static constexpr bool records = true;

  template <class T = value_type, int... E> basic_var<space, T, E...> make(const extents<E...>& e) {
    const auto value = base::template make<T>(e);
    return {value, base::template scratch<T>(e.count()), flags_.take()};
  }
  /// Data whose gradient is wanted: a copy of it as a var.
  template <class T, int... E> auto variable(const basic_view<space, T, E...>& x) {
    auto v = make<std::remove_const_t<T>>(x.shape());
    space::copy(v.data(), x.data(), std::size_t(x.count()) * sizeof(T));
    return v;
  }
  template <class T, int... E> auto variable(const basic_tensor<space, T, E...>& x) { return variable(x.view()); }

  /// Adds a backward step, called as f(tape). The closure lives in the arena: one function pointer, no virtual, never destroyed.
  template <class F> void record(const F& f) {
    static_assert(std::is_trivially_destructible_v<F>, "ogm: a backward step owns memory. Capture vars and views, not tensors.");
    struct node : step {
      F f;
      node(step* p, const F& g) : step{[](step* s, tape& t) { static_cast<node*>(s)->f(t); }, p}, f(g) {}
    };
    last_ = new (host_.take(sizeof(node), alignof(node))) node(last_, f);
  }
  /// The gradients of everything that `loss` depends on, times `seed`.
  template <class T> void backward(const basic_var<space, T>& loss, T seed = T(1)) {
    const auto g = loss.accumulate();
    space::copy_from_host(g.data, &seed, sizeof seed);
    run_backward();
  }
  /// Backward from values whose gradients the caller has set.
  void run_backward() {
    for (step* s = last_; s; s = s->previous) s->run(s, *this);
  }
  /// Forgets the gradients of all vars, so that another loss of the same forward can be run backward.
  void forget_gradients() { flags_.clear(); }
  void rewind() {
    base::rewind();
    host_.rewind();
    flags_.rewind();
    last_ = nullptr;
    stream_ = 0;
  }
  void bind(gradient_store<Backend>& g) { gradients_ = &g; }
  template <class P> accumulator<value_type> gradient(const P& p) {
    if (!gradients_) throw std::logic_error("ogm: backward on a tape without gradients. Call tape.bind(store) first.");
    return gradients_->of(p);
  }

  bool training() const { return training_; }
  void set_training(bool on) { training_ = on; }
  bool statistics_frozen() const { return frozen_ > 0; }
  /// What this step's random draws are keyed by.
  void set_random(std::uint64_t seed, std::uint32_t step) { seed_ = seed, step_ = step; }
  /// A key no other draw of this step has: calls are counted, so the order of the layers decides.
  random::key next_key() { return {seed_, random::stream_of(random::purpose::dropout, stream_++), step_}; }

 private:
  friend class frozen_statistics;
  struct step {
    void (*run)(step*, tape&);
    step* previous;
  };
  arena<memory::host> host_;
  detail::flag_pool flags_;
  step* last_ = nullptr;
  gradient_store<Backend>* gradients_ = nullptr;
  bool training_ = true;
  int frozen_ = 0;
  std::uint64_t seed_ = 0;
  std::uint32_t step_ = 0, stream_ = 0;
};

/// While it lives, batch normalisation on this tape uses the batch and leaves its running statistics as they are.
class frozen_statistics {
 public:
  template <class Backend> explicit frozen_statistics(tape<Backend>& t) : count_(&t.frozen_) { ++*count_; }
  frozen_statistics(const frozen_statistics&) = delete;
  frozen_statistics& operator=(const frozen_statistics&) = delete;
  ~frozen_statistics() { --*count_; }

 private:
  int* count_;
};

}  // namespace ogm
