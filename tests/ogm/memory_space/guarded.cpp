// A second memory space, unreadable outside its backend's own functions: whatever touches an element by itself crashes here.

#include <ogm/backend/eigen.hpp>
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/modulation/combinators.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/modulation/uniform.hpp>
#include <ogm/nn/batch_norm.hpp>
#include <ogm/nn/conv.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/nn/pooling.hpp>
#include <ogm/nn/resnet18.hpp>
#include <ogm/train/training_step.hpp>

#include <catch2/catch.hpp>

#include <sys/mman.h>
#include <csetjmp>
#include <csignal>

using namespace ogm;

namespace {

/// One reserved range; pieces of it are handed out and never given back.
struct vault {
  static constexpr std::size_t size = std::size_t(512) << 20;
  static char* base() {
    static char* p = static_cast<char*>(::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    return p;
  }
  struct open {
    open() { ::mprotect(base(), size, PROT_READ | PROT_WRITE); }
    ~open() { ::mprotect(base(), size, PROT_NONE); }
  };
};

struct guarded_memory {
  static void* allocate(std::size_t bytes) {
    static std::size_t used = 0;
    const std::size_t at = used;
    used += (bytes + 63) / 64 * 64;
    if (used > vault::size) throw std::bad_alloc();
    return vault::base() + at;
  }
  static void release(void*, std::size_t) noexcept {}
  static void zero(void* p, std::size_t n) {
    const vault::open now;
    memory::host::zero(p, n);
  }
  static void copy(void* p, const void* q, std::size_t n) {
    const vault::open now;
    memory::host::copy(p, q, n);
  }
  static void copy_from_host(void* p, const void* q, std::size_t n) { copy(p, q, n); }
  static void copy_to_host(void* p, const void* q, std::size_t n) { copy(p, q, n); }
};

class guarded {
 public:
  using value_type = float;
  using space = guarded_memory;
  template <class Operation> void run(const Operation& operation) {
    const vault::open now;
    inner_.run(operation);
  }

 private:
  backend::eigen<float> inner_;
};
using host = backend::eigen<float>;

template <class Backend> struct small_net {
  using backend_type = Backend;
  static constexpr int width = 16;
  nn::conv2d<1, 8, nn::kernel<3>, nn::padding<1>, nn::no_bias, Backend> conv;
  nn::batch_norm<8, Backend> norm;
  nn::basic_block<8, 8, 1, Backend> same;
  nn::basic_block<8, 16, 2, Backend> halved;
  OGM_FIELDS(conv, norm, same, halved)
  auto operator()(auto& tape, const auto& x) const {
    const auto first = nn::max_pool2d<nn::kernel<2>>{}(tape, norm.then_relu(tape, conv(tape, x)));  // (batch, 8, 5, 4)
    return nn::global_mean{}(tape, halved(tape, same(tape, first)));                                // (batch, 16)
  }
};
template <class Backend>
using model = late_fusion<fusion::concat<4>, modality<"image", small_net<Backend>>, modality<"sound", nn::mlp<6, 12, 8, Backend>>>;

/// Losses of a few steps and the weights after them.
template <class Backend, class Policy> std::vector<float> train(const Policy& policy) {
  using space = typename Backend::space;
  tensor<float, dyn, 1, 10, 8> image(7);
  tensor<float, dyn, 6> sound(7);
  tensor<std::int32_t, dyn> labels(7);
  for (size_type i = 0; i < image.count(); ++i) image.data()[i] = std::sin(0.37f * float(i));
  for (size_type i = 0; i < sound.count(); ++i) sound.data()[i] = std::cos(0.61f * float(i));
  for (int i = 0; i < 7; ++i) labels(i) = i % 4;
  const auto x = copy_to<space>(image);
  const auto s = copy_to<space>(sound);
  const auto y = copy_to<space>(labels);
  training_step<model<Backend>, Policy, optim::adam> step(model<Backend>{}, policy, optim::adam{});
  nn::initialise(step.modules(), 4);
  std::vector<float> out;
  for (int i = 0; i < 4; ++i) out.push_back(float(step.step(std::tie(x, s), as_view(y), {.step = i, .learning_rate = 1e-2}, {1.0}).loss));
  for_each_parameter_quietly(step.model(), [&](auto, auto& p) {
    const auto here = copy_to<memory::host>(p.value);
    out.insert(out.end(), here.flat().begin(), here.flat().end());
  });
  return out;
}

std::jmp_buf back;
void on_fault(int) { std::longjmp(back, 1); }

}  // namespace

TEST_CASE("the guarded memory cannot be read from outside") {
  const basic_tensor<guarded_memory, float, dyn> x(4);
  const auto before = std::signal(SIGSEGV, on_fault);
  volatile float read = 1;
  const bool faulted = setjmp(back) != 0;
  if (!faulted) read = *x.data();
  std::signal(SIGSEGV, before);
  CHECK(faulted);
  CHECK(read == 1);
}

TEST_CASE("models and policies train on memory that only the backend can touch, to the host's bits") {
  const auto same = [](const auto& policy) {
    const auto here = train<host>(policy), there = train<guarded>(policy);
    REQUIRE(here.size() == there.size());
    CHECK(std::isfinite(here[3]));
    CHECK(here[3] < here[0]);
    CHECK(std::memcmp(here.data(), there.data(), here.size() * sizeof(float)) == 0);
  };
  same(modulation::none{});
  same(modulation::ogm_ge{.alpha = 0.3});
  same(modulation::chain{modulation::uniform{}, modulation::ogm{.alpha = 0.3}});
}
