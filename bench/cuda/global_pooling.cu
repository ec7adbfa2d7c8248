// The mean of every plane and its backward pass against cudnnPoolingForward and cudnnPoolingBackward with a window of a whole plane, and
// forward against cudnnReduceTensor too.
#include <ogm/cuda/global_pooling/global_pooling_launch.cuh>

#include "device.cuh"

using namespace ogm::cuda;

namespace {

class whole_plane {
 public:
  whole_plane(long height, long width) {
    bench::check(cudnnCreatePoolingDescriptor(&description_));
    bench::check(cudnnSetPooling2dDescriptor(description_, CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING, CUDNN_PROPAGATE_NAN, int(height),
                                             int(width), 0, 0, int(height), int(width)));
  }
  ~whole_plane() { cudnnDestroyPoolingDescriptor(description_); }
  whole_plane(const whole_plane&) = delete;
  whole_plane& operator=(const whole_plane&) = delete;
  operator cudnnPoolingDescriptor_t() const { return description_; }

 private:
  cudnnPoolingDescriptor_t description_ = nullptr;
};

struct maps {
  long batch, channels, height, width;
  long planes() const { return batch * channels; }
  long places() const { return height * width; }
};

template <class T> void forward(benchmark::State& state, const maps& m) {
  const bench::array<T> x(m.planes() * m.places(), 1), y(m.planes()), pooled(m.planes()), reduced(m.planes());
  const bench::tensor from(bench::dnn_type<T>, m.batch, m.channels, m.height, m.width), to(bench::dnn_type<T>, m.batch, m.channels, 1, 1);
  const whole_plane window(m.height, m.width);
  const bench::reduction mean(CUDNN_REDUCE_TENSOR_AVG, from, to);
  const auto ours = [&] { bench::check(launch_global_pooling_forward<T>({x.data(), y.data(), m.planes(), m.places()}, nullptr)); };
  const auto pooling = [&] {
    const float one = 1, zero = 0;
    bench::check(cudnnPoolingForward(bench::library().dnn, window, &one, from, x.data(), &zero, to, pooled.data()));
  };
  bench::in_turn(state, double(m.planes() * (m.places() + 1)) * sizeof(T), bench::tolerance<T>, ours,
                 {{"cudnn_pooling", pooling, [&] { return bench::apart(y, pooled); }},
                  {"cudnn_reduce", [&] { mean(x.data(), reduced.data()); }, [&] { return bench::apart(y, reduced); }}});
}

template <class T> void backward(benchmark::State& state, const maps& m) {
  const bench::array<T> x(m.planes() * m.places(), 1), y(m.planes(), 2), dy(m.planes(), 3), dx(m.planes() * m.places()),
      theirs(m.planes() * m.places());
  const bench::tensor from(bench::dnn_type<T>, m.batch, m.channels, m.height, m.width), to(bench::dnn_type<T>, m.batch, m.channels, 1, 1);
  const whole_plane window(m.height, m.width);
  const auto ours = [&] { bench::check(launch_global_pooling_backward<T>({dy.data(), dx.data(), m.planes(), m.places()}, nullptr)); };
  const auto pooling = [&] {
    const float one = 1, zero = 0;
    bench::check(
        cudnnPoolingBackward(bench::library().dnn, window, &one, to, y.data(), to, dy.data(), from, x.data(), &zero, from, theirs.data()));
  };
  bench::in_turn(state, double(m.planes() * (m.places() + 1)) * sizeof(T), bench::tolerance<T>, ours,
                 {{"cudnn_pooling", pooling, [&] { return bench::apart(dx, theirs); }}});
}

template <class T> void add_type(const std::string& type) {
  for (const maps& m : {maps{64, 512, 7, 7}, maps{640, 512, 14, 14}, maps{64, 64, 112, 112}}) {
    const std::string name = "global_pooling/" + type + "/" + std::to_string(m.batch) + "x" + std::to_string(m.channels) + "x" +
                             std::to_string(m.height) + "x" + std::to_string(m.width) + "/";
    bench::add(name + "forward", [=](benchmark::State& s) { forward<T>(s, m); });
    bench::add(name + "backward", [=](benchmark::State& s) { backward<T>(s, m); });
  }
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run(argc, argv, [] {
    add_type<float>("float");
    add_type<half>("half");
  });
}
