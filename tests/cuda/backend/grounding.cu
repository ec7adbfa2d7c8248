// avqa's operations on the device against the same operations on the host.
#include <avqa/cuda/operations.cuh>

#include <cuda/support/device.hpp>

using namespace ogm;
using namespace ogm::test;

namespace {

/// An array in both memories. On the device it begins with what the host's begins with.
struct both {
  std::vector<float> host;
  device_array<float> device;

  both(long count, std::uint32_t stream) : host(numbers(count, stream)), device(host) {}
  float* at(bool on_device) { return on_device ? device.data() : host.data(); }
};

/// Runs make(false) on the host and make(true) on the device, and compares `results`.
template <class Make> void check_same(const Make& make, std::initializer_list<both*> results) {
  cuda::context context;
  make(false)();
  run_on_device(make(true), context).throw_if_failed();
  require_success(cudaStreamSynchronize(context.stream()));
  std::size_t number = 0;
  for (both* const r : results) {
    INFO("result " << number++);
    CHECK(count_apart(r->device.values(), std::vector<double>(r->host.begin(), r->host.end()), 1e-5) == 0);
  }
}

}  // namespace

TEST_CASE("spatial grounding through the backend") {
  const avqa::op::spatial_shape s{3, 20, 12};
  both maps(3 * 240, 1), sound(60, 2), pooled(120, 3), weight(36, 4), dpooled(120, 5), dweight(36, 6), dsound(60, 7), dmaps(720, 8);
  std::vector<float> cosine(std::size_t(3 * s.row())), inverse(cosine), share(cosine), slope(2 * cosine.size());
  check_same(
      [&](bool d) {
        return avqa::op::spatial_grounding_forward<float>{s,
                                                          maps.at(d),
                                                          sound.at(d),
                                                          pooled.at(d),
                                                          weight.at(d),
                                                          d ? nullptr : cosine.data(),
                                                          d ? nullptr : inverse.data(),
                                                          d ? nullptr : share.data()};
      },
      {&pooled, &weight});
  for (const bool add_sound : {false, true})
    for (const bool add_maps : {false, true})
      check_same(
          [&](bool d) {
            return avqa::op::spatial_grounding_backward<float>{.shape = s,
                                                               .dpooled = dpooled.at(d),
                                                               .dweight = dweight.at(d),
                                                               .maps = maps.at(d),
                                                               .sound = sound.at(d),
                                                               .weight = weight.at(d),
                                                               .cosine = d ? nullptr : cosine.data(),
                                                               .inverse_norm = d ? nullptr : inverse.data(),
                                                               .slope = d ? nullptr : slope.data(),
                                                               .dsound = dsound.at(d),
                                                               .dmaps = dmaps.at(d),
                                                               .add_sound = add_sound,
                                                               .add_maps = add_maps};
          },
          {&dsound, &dmaps});
}

TEST_CASE("attention of one query through the backend") {
  const avqa::op::single_query_shape s{3, 2, 5, 12};
  const random::key key{4, 5, 6};
  for (const double probability : {0.0, 0.4}) {
    INFO("probability " << probability);
    both query(72, 1), memory(180, 2), weight(30, 3), kept(30, 4), mixed(72, 5), total(6, 6), dmixed(72, 7), dtotal(6, 8), dquery(72, 9),
        dmemory(180, 10);
    std::vector<float> slope(30);
    both& after = probability > 0 ? kept : weight;  // as the layer has it
    check_same(
        [&](bool d) {
          return avqa::op::single_query_attention_forward<float>{s,           0.5f,        query.at(d), memory.at(d), weight.at(d),
                                                                 after.at(d), mixed.at(d), total.at(d), probability,  key};
        },
        {&weight, &kept, &mixed, &total});
    for (const bool add : {false, true})
      check_same(
          [&](bool d) {
            return avqa::op::single_query_attention_backward<float>{.shape = s,
                                                                    .scale = 0.5f,
                                                                    .query = query.at(d),
                                                                    .memory = memory.at(d),
                                                                    .weight = weight.at(d),
                                                                    .kept = d ? nullptr : after.at(d),
                                                                    .dmixed = dmixed.at(d),
                                                                    .dtotal = dtotal.at(d),
                                                                    .slope = d ? nullptr : slope.data(),
                                                                    .dquery = dquery.at(d),
                                                                    .dmemory = dmemory.at(d),
                                                                    .add_memory = add,
                                                                    .probability = probability,
                                                                    .key = key};
          },
          {&dquery, &dmemory});
  }
}

TEST_CASE("a bias by head through the backend") {
  both bias(24, 1), total(15, 2), y(120, 3), dbias(24, 4), dtotal(15, 5);
  check_same([&](bool d) { return avqa::op::add_by_head<float>{bias.at(d), total.at(d), y.at(d), 5, 3, 8}; }, {&y});
  for (const bool add : {false, true})
    check_same(
        [&](bool d) {
          return avqa::op::add_by_head_backward<float>{bias.at(d), total.at(d), y.at(d), dbias.at(d), dtotal.at(d), 5, 3, 8, add};
        },
        {&dbias, &dtotal});
}
