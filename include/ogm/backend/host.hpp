#pragma once
// What every backend on the host shares: an operation runs itself, and a workspace is kept between calls.

#include <ogm/backend/op/gemm.hpp>
#include <ogm/core/memory.hpp>

#include <memory>

namespace ogm::backend {

/// A backend is a type with `value_type` (of parameters and activations), `space`, and `run(operation)` for every operation of
/// backend/op. It is an object: what must be kept between calls (a workspace, primitives, later a stream) lives in it and nowhere else.
template <class B>
concept any_backend = requires {
  typename B::value_type;
  typename B::space;
  requires memory::space<typename B::space>;
};

/// Grows to the largest request and stays: after the first step nothing is allocated.
class workspace {
 public:
  template <class T> T* take(long count) {
    const auto bytes = std::size_t(count) * sizeof(T);
    if (!memory_ || bytes > memory_.get_deleter().bytes) {
      memory_.reset();
      memory_ = {static_cast<std::byte*>(memory::host::allocate(bytes)), release{bytes}};
    }
    return reinterpret_cast<T*>(memory_.get());
  }

 private:
  struct release {
    std::size_t bytes;
    void operator()(std::byte* p) const { memory::host::release(p, bytes); }
  };
  std::unique_ptr<std::byte, release> memory_{nullptr, release{0}};
};

/// Calls an operation, with a workspace where it asks for one.
template <class Operation> void run_here(const Operation& operation, workspace& memory) {
  if constexpr (requires { operation(memory); })
    operation(memory);
  else
    operation();
}

/// A batched product as independent products, one chunk each.
template <class T, class Gemm> void for_each_product(const op::batched_gemm<T>& g, const Gemm& gemm) {
  parallel_for(g.count, [&](long i) {
    op::gemm<T> one = g.first;
    one.a += i * g.a_step;
    one.b += i * g.b_step;
    one.c += i * g.c_step;
    gemm(one);
  });
}

}  // namespace ogm::backend
