// After the first step of a batch size a training step allocates nothing: operator new and malloc are both counted.

#include <ogm/backend/eigen.hpp>
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/modulation/combinators.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/modulation/uniform.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/nn/resnet18.hpp>
#include <ogm/train/training_step.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OGM_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OGM_SANITIZED
#endif
#endif

#ifdef OGM_SANITIZED
int main() { std::printf("skipped: a sanitizer has its own malloc\n"); }
#else

#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace {
std::atomic<long> allocations{0};
}

extern "C" void* __libc_malloc(std::size_t);
extern "C" void* __libc_memalign(std::size_t, std::size_t);
extern "C" void* malloc(std::size_t n) {
  ++allocations;
  return __libc_malloc(n);
}
extern "C" int posix_memalign(void** p, std::size_t a, std::size_t n) {
  ++allocations;
  *p = __libc_memalign(a, n);
  return *p ? 0 : 12;
}
extern "C" void* aligned_alloc(std::size_t a, std::size_t n) {
  ++allocations;
  return __libc_memalign(a, n);
}
void* operator new(std::size_t n) {
  ++allocations;
  return __libc_malloc(n);
}
void* operator new(std::size_t n, std::align_val_t a) {
  ++allocations;
  return __libc_memalign(std::size_t(a), n);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }

using namespace ogm;

namespace {

template <class Backend> struct small_net {
  using backend_type = Backend;
  static constexpr int width = 16;
  nn::conv2d<1, 8, nn::kernel<3>, nn::padding<1>, nn::no_bias, Backend> conv;
  nn::batch_norm<8, Backend> norm;
  nn::basic_block<8, 16, 2, Backend> block;
  OGM_FIELDS(conv, norm, block)
  auto operator()(auto& tape, const auto& x) const {
    return nn::global_mean{}(tape, block(tape, norm.then_relu(tape, conv(tape, x))));  // (batch, 16)
  }
};

template <class Backend, int Hidden, class Policy> bool check(const char* what, const Policy& policy, int threads, size_type batch) {
  const use_threads pool(threads);
  using model =
      late_fusion<fusion::concat<4>, modality<"image", small_net<Backend> >, modality<"sound", nn::mlp<30, Hidden, 32, Backend> > >;
  tensor<float, dyn, 1, 12, 12> image(batch);
  tensor<float, dyn, 30> sound(batch);
  tensor<std::int32_t, dyn> labels(batch);
  training_step<model, Policy, optim::sgd> step(model{}, policy, optim::sgd{.momentum = 0.9});
  nn::initialise(step.modules(), 1);
  long counts[4];
  for (int i = 0; i < 4; ++i) {
    allocations = 0;
    step.step(std::tie(image, sound), as_view(labels), {.step = i, .learning_rate = 1e-3});
    counts[i] = allocations;
  }
  std::printf("%-28s %d thread(s): %ld in step 1, then %ld, %ld, %ld\n", what, threads, counts[0], counts[1], counts[2], counts[3]);
  return counts[0] > 0 && counts[1] == 0 && counts[2] == 0 && counts[3] == 0;
}

}  // namespace

int main() {
  using eigen = backend::eigen<float>;
  bool good = true;
  for (const int threads : {1, 2}) {
    good &= check<eigen, 64>("none", modulation::none{}, threads, 33);
    good &= check<eigen, 64>("ogm_ge", modulation::ogm_ge{.alpha = 0.3}, threads, 33);
    good &= check<eigen, 1024>("unimodal losses, wide", modulation::chain{modulation::uniform{}, modulation::ogm{}}, threads, 320);
  }
  return !good;
}
#endif
