// The attention of temporal grounding on the device against its reference, and that against the host's implementation.
#include "temporal_grounding_instances.hpp"

#include <avqa/cuda/temporal_grounding/temporal_grounding_reference.hpp>
#include <avqa/grounding/op/temporal.hpp>

#include <cuda/support/device.hpp>

#include <algorithm>
#include <limits>
#include <utility>

using namespace ogm;
using namespace ogm::test;
using avqa::cuda::add_by_head_backward_params;
using avqa::cuda::add_by_head_params;
using avqa::cuda::single_query_attention_backward_params;
using avqa::cuda::single_query_attention_forward_params;
using avqa::cuda::single_query_dropout;
using avqa::cuda::single_query_shape;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
const single_query_dropout a_third{1.0 / 3, {11, 5, 2}};

struct shape : single_query_shape {
  bool held = true;        // in shared memory, rather than read again
  std::size_t offset = 0;  // of what rows are in, in elements
  std::size_t queries() const { return std::size_t(batch * heads * width); }
  std::size_t memory() const { return std::size_t(batch * keys * width); }
  std::size_t scores() const { return std::size_t(batch * heads * keys); }
  std::size_t rows() const { return std::size_t(batch * heads); }
};
std::string text(const shape& s) {
  return std::to_string(s.batch) + " samples of " + std::to_string(s.heads) + " heads, " + std::to_string(s.keys) + " keys and " +
         std::to_string(s.width) + " columns" + (s.held ? ", held" : ", not held") + ", offset " + std::to_string(s.offset);
}
/// Of the scores, so that they are apart but no weight is nearly 1.
float scale_of(const shape& s) { return 3 / std::sqrt(float(s.width)); }

template <class T, class Tuning> cuda::status launch(const single_query_attention_forward_params<T>& p) {
  return avqa::cuda::launch_single_query_attention_forward<T, Tuning>(p, nullptr);
}
template <class T, class Tuning> cuda::status launch(const single_query_attention_backward_params<T>& p) {
  return avqa::cuda::launch_single_query_attention_backward<T, Tuning>(p, nullptr);
}
/// The least shared memory that is accepted: none of the memory is held.
template <class T, class Tuning, class Params> long least_shared_bytes(Params p) {
  p.shared_bytes = 0;
  const std::string what = launch<T, Tuning>(p).what();
  return std::stol(what.substr(what.find("needs ") + 6));
}

/// What a forward launch is given, on the device.
template <class T> struct forward_run {
  shape s;
  std::vector<T> query, memory;
  device_array<T> device_query, device_memory, weight, kept, mixed, total;

  forward_run(const shape& s_, const std::vector<float>& q, const std::vector<float>& x)
      : s(s_),
        query(stored<T>(q)),
        memory(stored<T>(x)),
        device_query(query, s.offset),
        device_memory(memory, s.offset),
        weight(s.scores(), s.offset),
        kept(s.scores()),
        mixed(s.queries(), s.offset),
        total(s.rows()) {}
  explicit forward_run(const shape& s_)
      : forward_run(s_, numbers(s_.batch * s_.heads * s_.width, 1), numbers(s_.batch * s_.keys * s_.width, 2)) {}

  template <class Tuning> single_query_attention_forward_params<T> arguments(const single_query_dropout& dropout) {
    single_query_attention_forward_params<T> p{.shape = s,
                                               .scale = scale_of(s),
                                               .query = device_query.data(),
                                               .memory = device_memory.data(),
                                               .weight = weight.data(),
                                               .mixed = mixed.data(),
                                               .total = total.data(),
                                               .kept = kept.data(),
                                               .dropout = dropout,
                                               .shared_bytes = most_shared_memory()};
    if (!s.held) p.shared_bytes = least_shared_bytes<T, Tuning>(p);
    return p;
  }
  avqa::cuda::single_query_attention_expected expected(const single_query_attention_forward_params<T>& p) const {
    auto host = p;
    host.query = query.data(), host.memory = memory.data();
    return avqa::cuda::single_query_attention_forward_reference(host);
  }
};

template <class T, class Tuning> void check_forward(const shape& s, const single_query_dropout& dropout) {
  INFO("forward, " << text(s) << ", dropout " << dropout.probability);
  forward_run<T> run(s);
  auto p = run.template arguments<Tuning>(dropout);
  check_traced([&] { launch<T, Tuning>(p).throw_if_failed(); });
  const auto expected = run.expected(p);
  CHECK(count_apart(run.weight.values(), expected.weight, storage_tolerance<T>) == 0);
  CHECK(count_apart(run.kept.values(), expected.kept, storage_tolerance<T>) == 0);
  CHECK(count_apart(run.mixed.values(), expected.mixed, storage_tolerance<T>) == 0);
  CHECK(count_apart(run.total.values(), expected.total, storage_tolerance<T>) == 0);
}

struct wanted {
  bool dmemory, add;
};

/// What a backward launch is given, on the device. The weights are those of the forward pass, as they are stored.
template <class T> struct backward_run {
  shape s;
  std::vector<T> query, memory, weight, dmixed, dtotal, before;
  device_array<T> device_query, device_memory, device_weight, device_dmixed, device_dtotal, dquery, dmemory;

  explicit backward_run(const shape& s_)
      : s(s_),
        query(stored<T>(numbers(s.batch * s.heads * s.width, 1))),
        memory(stored<T>(numbers(s.batch * s.keys * s.width, 2))),
        weight(weights()),
        dmixed(stored<T>(numbers(s.batch * s.heads * s.width, 3))),
        dtotal(stored<T>(numbers(s.batch * s.heads, 4))),
        before(stored<T>(numbers(s.batch * s.keys * s.width, 5))),
        device_query(query, s.offset),
        device_memory(memory, s.offset),
        device_weight(weight),
        device_dmixed(dmixed, s.offset),
        device_dtotal(dtotal),
        dquery(s.queries(), s.offset),
        dmemory(before, s.offset) {}

  template <class Tuning> single_query_attention_backward_params<T> arguments(const wanted& w, const single_query_dropout& dropout) {
    single_query_attention_backward_params<T> p{.shape = s,
                                                .scale = scale_of(s),
                                                .query = device_query.data(),
                                                .memory = device_memory.data(),
                                                .weight = device_weight.data(),
                                                .dmixed = device_dmixed.data(),
                                                .dtotal = device_dtotal.data(),
                                                .dquery = dquery.data(),
                                                .dmemory = w.dmemory ? dmemory.data() : nullptr,
                                                .add_memory = w.add,
                                                .dropout = dropout,
                                                .shared_bytes = most_shared_memory()};
    if (!s.held) p.shared_bytes = least_shared_bytes<T, Tuning>(p);
    return p;
  }
  avqa::cuda::single_query_attention_gradients expected(const single_query_attention_backward_params<T>& p) {
    auto host = p;
    host.query = query.data(), host.memory = memory.data(), host.weight = weight.data(), host.dmixed = dmixed.data();
    host.dtotal = dtotal.data(), host.dmemory = before.data();
    return avqa::cuda::single_query_attention_backward_reference(host);
  }

 private:
  std::vector<T> weights() const {
    single_query_attention_forward_params<T> p{.shape = s,
                                               .scale = scale_of(s),
                                               .query = query.data(),
                                               .memory = memory.data(),
                                               .weight = nullptr,
                                               .mixed = nullptr,
                                               .total = nullptr};
    std::vector<T> all;
    for (const double w : avqa::cuda::single_query_attention_forward_reference(p).weight) all.push_back(cuda::from_float<T>(float(w)));
    return all;
  }
};

template <class T, class Tuning> void check_backward(const shape& s, const wanted& w, const single_query_dropout& dropout) {
  INFO("backward, " << text(s) << ", wanted " << w.dmemory << w.add << ", dropout " << dropout.probability);
  backward_run<T> run(s);
  const auto p = run.template arguments<Tuning>(w, dropout);
  check_traced([&] { launch<T, Tuning>(p).throw_if_failed(); });
  const auto expected = run.expected(p);
  CHECK(count_apart(run.dquery.values(), expected.dquery, storage_tolerance<T>) == 0);
  if (w.dmemory)
    CHECK(count_apart(run.dmemory.values(), expected.dmemory, storage_tolerance<T>) == 0);
  else
    CHECK(same_bits(run.dmemory.values().data(), run.before.data(), run.before.size()));
}

template <class T, class Tuning> void check_attention(shape s) {
  for (const bool held : {true, false}) {
    s.held = held;
    check_forward<T, Tuning>(s, {});
    check_forward<T, Tuning>(s, a_third);
    check_backward<T, Tuning>(s, {true, false}, a_third);
    check_backward<T, Tuning>(s, {true, true}, {});
    check_backward<T, Tuning>(s, {false, false}, a_third);
  }
}

/// A bias a head, and what it is added to, on the device.
template <class T> struct by_head_run {
  long batch, heads, width;
  std::vector<T> bias, total, y, dy, before;
  device_array<T> device_bias, device_total, device_y, device_dy, dbias, dtotal;

  by_head_run(long batch_, long heads_, long width_, std::size_t offset = 0)
      : batch(batch_),
        heads(heads_),
        width(width_),
        bias(stored<T>(numbers(heads * width, 1))),
        total(stored<T>(numbers(batch * heads, 2))),
        y(stored<T>(numbers(batch * heads * width, 3))),
        dy(stored<T>(numbers(batch * heads * width, 4))),
        before(stored<T>(numbers(heads * width, 5))),
        device_bias(bias, offset),
        device_total(total),
        device_y(y, offset),
        device_dy(dy, offset),
        dbias(before, offset),
        dtotal(std::size_t(batch * heads)) {}
  add_by_head_params<T> forward() { return {device_bias.data(), device_total.data(), device_y.data(), batch, heads, width}; }
  add_by_head_backward_params<T> backward(bool add) {
    return {device_bias.data(), device_total.data(), device_dy.data(), dbias.data(), dtotal.data(), batch, heads, width, add};
  }
};

template <class T, class Tuning> void check_by_head(long batch, long heads, long width, std::size_t offset = 0) {
  INFO("by head, " << batch << " samples of " << heads << " heads of " << width << " columns, offset " << offset);
  by_head_run<T> run(batch, heads, width, offset);
  check_traced([&] { avqa::cuda::launch_add_by_head<T, Tuning>(run.forward(), nullptr).throw_if_failed(); });
  const auto y = avqa::cuda::add_by_head_reference<T>({run.bias.data(), run.total.data(), run.y.data(), batch, heads, width});
  CHECK(count_apart(run.device_y.values(), y, storage_tolerance<T>) == 0);

  for (const bool add : {true, false}) {
    INFO((add ? "added" : "written"));
    check_traced([&] { avqa::cuda::launch_add_by_head_backward<T, Tuning>(run.backward(add), nullptr).throw_if_failed(); });
    const auto expected = avqa::cuda::add_by_head_backward_reference<T>(
        {run.bias.data(), run.total.data(), run.dy.data(), run.before.data(), nullptr, batch, heads, width, add});
    CHECK(count_apart(run.dbias.values(), expected.dbias, storage_tolerance<T>) == 0);
    CHECK(count_apart(run.dtotal.values(), expected.dtotal, storage_tolerance<T>) == 0);
  }
}

}  // namespace

TEST_CASE("temporal grounding on the device: attention of every shape") {
  for (const shape& s : {shape{{1, 1, 1, 1}}, shape{{3, 2, 5, 4}}, shape{{2, 3, 1, 7}}, shape{{1, 5, 40, 36}}, shape{{2, 3, 3, 131}},
                         shape{{1, 1, 33, 260}}, shape{{2, 2, 7, 384}}}) {
    check_attention<float, small_temporal_tuning>(s);
    check_attention<cuda::half, small_temporal_tuning>(s);
  }
}

TEST_CASE("temporal grounding on the device: attention in every order of threads") {
  in_every_order([] {
    for (const shape& s : {shape{{2, 3, 5, 8}}, shape{{1, 2, 35, 132}}, shape{{1, 3, 4, 9}}})
      check_attention<float, small_temporal_tuning>(s);
  });
}

TEST_CASE("temporal grounding on the device: rows that begin beside a boundary") {
  for (const std::size_t offset : {1, 2, 4}) {
    check_attention<float, small_temporal_tuning>({{2, 3, 5, 12}, true, offset});
    check_attention<cuda::half, small_temporal_tuning>({{2, 3, 5, 12}, true, offset});
    check_by_head<float, small_temporal_tuning>(3, 2, 12, offset);
    check_by_head<cuda::half, small_temporal_tuning>(3, 2, 12, offset);
  }
}

TEMPLATE_TEST_CASE("temporal grounding on the device: as it is tuned", "", float, cuda::half, cuda::bfloat16) {
  using tuning = avqa::cuda::temporal_grounding_tuning;
  check_attention<TestType, tuning>({{2, 4, 10, 512}});
  check_attention<TestType, tuning>({{1, 4, 60, 512}});
  check_attention<TestType, tuning>({{1, 3, 11, 30}});
  check_by_head<TestType, tuning>(64, 4, 128);
  check_by_head<TestType, tuning>(3, 5, 37);
}

TEST_CASE("temporal grounding on the device: a bias by head of every shape") {
  in_every_order([] {
    for (const long width : {1, 4, 7, 36, 130, 132})
      for (const long batch : {1, 2, 5, 19}) {
        check_by_head<float, small_temporal_tuning>(batch, 3, width);
        check_by_head<cuda::half, small_temporal_tuning>(batch, 1, width);
      }
  });
}

TEST_CASE("temporal grounding on the device: the same bits in every order of threads, and with or without the weights after dropout") {
  for (const bool held : {true, false}) {
    const shape s{{2, 3, 35, 20}, held};
    std::vector<float> first;
    in_every_order([&] {
      for (const bool kept : {true, false}) {
        forward_run<float> forward(s);
        auto p = forward.arguments<small_temporal_tuning>(a_third);
        if (!kept) p.kept = nullptr;
        launch<float, small_temporal_tuning>(p).throw_if_failed();
        backward_run<float> backward(s);
        launch<float, small_temporal_tuning>(backward.arguments<small_temporal_tuning>({true, false}, a_third)).throw_if_failed();
        by_head_run<float> bias(9, 3, 20);
        avqa::cuda::launch_add_by_head_backward<float, small_temporal_tuning>(bias.backward(false), nullptr).throw_if_failed();
        std::vector<float> now;
        for (auto* const x :
             {&forward.mixed, &forward.total, &forward.weight, &backward.dquery, &backward.dmemory, &bias.dbias, &bias.dtotal})
          for (const float v : x->values()) now.push_back(v);
        if (first.empty()) first = now;
        CHECK(same_bits(now.data(), first.data(), now.size()));
      }
    });
  }
}

TEST_CASE("temporal grounding on the device: what is dropped is what the host drops, to the bit") {
  const shape s{{3, 4, 50, 4}};
  for (const double probability : {0.0, 1e-3, 0.1, 0.5, 0.999, 1.0}) {
    INFO("probability " << probability);
    forward_run<float> run(s);
    launch<float, small_temporal_tuning>(run.arguments<small_temporal_tuning>({probability, {3, 1u << 24, 9}})).throw_if_failed();
    const std::vector<float> weight = run.weight.values(), kept = run.kept.values();
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < kept.size(); ++i) {
      const float product = weight[i] * avqa::op::detail::kept_share<float>({3, 1u << 24, 9}, probability, long(i));
      wrong += !same_bits(&product, &kept[i], 1);
    }
    CHECK(wrong == 0);
    const auto zeros = std::count(kept.begin(), kept.end(), 0.f);
    CHECK(std::abs(double(zeros) / double(kept.size()) - probability) < 0.06);
  }
}

TEST_CASE("temporal grounding on the device: large scores, infinity and NaN, which stay in their sample") {
  const shape s{{3, 2, 6, 8}};
  const auto check = [&](const std::vector<float>& q, const std::vector<float>& x, bool bad) {
    forward_run<float> run(s, q, x);
    const auto p = run.arguments<small_temporal_tuning>({});
    launch<float, small_temporal_tuning>(p).throw_if_failed();
    const auto expected = run.expected(p);
    CHECK(std::isnan(expected.weight[0]) == bad);
    CHECK(!std::isnan(expected.weight[12]));
    CHECK(count_apart(run.weight.values(), expected.weight, 4e-6) == 0);
    CHECK(count_apart(run.total.values(), expected.total, 4e-6) == 0);
  };
  const std::vector<float> q = numbers(48, 1), x = numbers(144, 2);
  auto changed = q;
  for (float& v : changed) v *= 1000;  // all but one of the weights are 0
  check(changed, x, false);
  for (const float bad : {not_a_number, infinity}) {
    INFO("an element is " << bad);
    changed = q, changed[0] = bad;
    check(changed, x, true);
    changed = x, changed[9] = bad;
    check(q, changed, true);
  }
}

TEST_CASE("temporal grounding on the device: no keys, and no samples") {
  forward_run<float> none(shape{{2, 3, 0, 8}});
  launch<float, small_temporal_tuning>(none.arguments<small_temporal_tuning>(a_third)).throw_if_failed();
  CHECK(none.mixed.values() == std::vector<float>(48, 0));
  CHECK(none.total.values() == std::vector<float>(6, 0));
  backward_run<float> back(shape{{2, 3, 0, 8}});
  launch<float, small_temporal_tuning>(back.arguments<small_temporal_tuning>({true, false}, a_third)).throw_if_failed();
  CHECK(back.dquery.values() == std::vector<float>(48, 0));

  by_head_run<float> bias(0, 3, 5);
  avqa::cuda::launch_add_by_head<float>(bias.forward(), nullptr).throw_if_failed();
  avqa::cuda::launch_add_by_head_backward<float>(bias.backward(true), nullptr).throw_if_failed();
  CHECK(bias.dbias.values() == bias.before);
  avqa::cuda::launch_add_by_head_backward<float>(bias.backward(false), nullptr).throw_if_failed();
  CHECK(bias.dbias.values() == std::vector<float>(15, 0));
}

#ifdef OGM_CUDA_ON_CPU
TEMPLATE_TEST_CASE("temporal grounding on the device: how much it moves", "", float, cuda::half) {
  using T = TestType;
  using tuning = avqa::cuda::temporal_grounding_tuning;
  const shape s{{2, 4, 16, 512}};  // whose rows of weights are whole sectors
  const double queries = double(s.queries()) * sizeof(T), memory = double(s.memory()) * sizeof(T);
  const double scores = double(s.scores()) * sizeof(T), totals = 32.0 * double(s.rows());  // each a sector of its own
  forward_run<T> forward(s);
  auto p = forward.template arguments<tuning>(a_third);
  p.kept = nullptr;
  check_moved(check_traced([&] { launch<T, tuning>(p).throw_if_failed(); }), queries + memory, queries + scores + totals);
  backward_run<T> backward(s);
  const auto b = backward.template arguments<tuning>({true, false}, a_third);
  check_moved(check_traced([&] { launch<T, tuning>(b).throw_if_failed(); }), 2 * queries + memory + 2 * scores + totals, queries + memory);

  by_head_run<T> bias(64, 4, 128), one(64, 1, 512);  // backward, the totals of a warp's four samples are in one sector with one head only
  const double y = 64 * 512 * sizeof(T), row = 512 * sizeof(T), groups = 64.0 / tuning::rows_at_once;
  check_moved(check_traced([&] { avqa::cuda::launch_add_by_head<T>(bias.forward(), nullptr).throw_if_failed(); }),
              y + groups * row + 32.0 * 64 * 4, y);
  check_moved(check_traced([&] { avqa::cuda::launch_add_by_head_backward<T>(one.backward(false), nullptr).throw_if_failed(); }), 3 * y,
              row + 32.0 * 64);
}
#endif

TEST_CASE("temporal grounding's reference is the host's attention of one query, and its bias by head") {
  const shape s{{3, 2, 7, 20}};
  const single_query_dropout none{};
  for (const single_query_dropout& dropout : {none, a_third}) {
    const std::vector<float> q = numbers(120, 1), x = numbers(420, 2), dz = numbers(120, 3), dtotal = numbers(6, 4);
    std::vector<float> weight(s.scores()), kept(s.scores()), mixed(s.queries()), total(s.rows()), slope(s.scores()), dq(s.queries()),
        dx = numbers(420, 5);
    const avqa::op::single_query_shape host{3, 2, 7, 20};
    avqa::op::single_query_attention_forward<float>{
        host, scale_of(s), q.data(), x.data(), weight.data(), kept.data(), mixed.data(), total.data(), dropout.probability, dropout.key}();
    single_query_attention_forward_params<float> forward{.shape = s,
                                                         .scale = scale_of(s),
                                                         .query = q.data(),
                                                         .memory = x.data(),
                                                         .weight = nullptr,
                                                         .mixed = nullptr,
                                                         .total = nullptr,
                                                         .dropout = dropout};
    const auto expected = avqa::cuda::single_query_attention_forward_reference(forward);
    CHECK(count_apart(weight, expected.weight, 2e-6) == 0);
    CHECK(count_apart(kept, expected.kept, 2e-6) == 0);
    CHECK(count_apart(mixed, expected.mixed, 2e-6) == 0);
    CHECK(count_apart(total, expected.total, 2e-6) == 0);

    for (const bool add : {true, false}) {
      const auto gradients = avqa::cuda::single_query_attention_backward_reference<float>({.shape = s,
                                                                                           .scale = scale_of(s),
                                                                                           .query = q.data(),
                                                                                           .memory = x.data(),
                                                                                           .weight = weight.data(),
                                                                                           .dmixed = dz.data(),
                                                                                           .dtotal = dtotal.data(),
                                                                                           .dquery = nullptr,
                                                                                           .dmemory = dx.data(),
                                                                                           .add_memory = add,
                                                                                           .dropout = dropout});
      avqa::op::single_query_attention_backward<float>{.shape = host,
                                                       .scale = scale_of(s),
                                                       .query = q.data(),
                                                       .memory = x.data(),
                                                       .weight = weight.data(),
                                                       .kept = kept.data(),
                                                       .dmixed = dz.data(),
                                                       .dtotal = dtotal.data(),
                                                       .slope = slope.data(),
                                                       .dquery = dq.data(),
                                                       .dmemory = dx.data(),
                                                       .add_memory = add,
                                                       .probability = dropout.probability,
                                                       .key = dropout.key}();
      CHECK(count_apart(dq, gradients.dquery, 2e-6) == 0);
      CHECK(count_apart(dx, gradients.dmemory, 2e-6) == 0);
    }
  }

  const std::vector<float> bias = numbers(40, 1), total = numbers(6, 2), dy = numbers(120, 3);
  std::vector<float> y = numbers(120, 4), dbias = numbers(40, 5), dtotal(6);
  const auto added = avqa::cuda::add_by_head_reference<float>({bias.data(), total.data(), y.data(), 3, 2, 20});
  avqa::op::add_by_head<float>{bias.data(), total.data(), y.data(), 3, 2, 20}();
  CHECK(count_apart(y, added, 1e-6) == 0);
  for (const bool add : {true, false}) {
    const auto gradients =
        avqa::cuda::add_by_head_backward_reference<float>({bias.data(), total.data(), dy.data(), dbias.data(), nullptr, 3, 2, 20, add});
    avqa::op::add_by_head_backward<float>{bias.data(), total.data(), dy.data(), dbias.data(), dtotal.data(), 3, 2, 20, add}();
    CHECK(count_apart(dbias, gradients.dbias, 1e-6) == 0);
    CHECK(count_apart(dtotal, gradients.dtotal, 1e-6) == 0);
  }
}

TEST_CASE("temporal grounding on the device: arguments that it cannot work with") {
  const auto forward = [](const single_query_shape& s, double probability = 0) {
    single_query_attention_forward_params<float> p{.shape = s,
                                                   .scale = 1,
                                                   .query = nullptr,
                                                   .memory = nullptr,
                                                   .weight = nullptr,
                                                   .mixed = nullptr,
                                                   .total = nullptr,
                                                   .dropout = {probability, {}}};
    return avqa::cuda::launch_single_query_attention_forward<float>(p, nullptr).what();
  };
  const std::string given = "avqa: single_query_attention_forward was given ";
  CHECK(forward({0, 4, 10, 512}) == "");
  CHECK(forward({-1, 4, 10, 512}) == given + "batch = -1; 0 or more is needed.");
  CHECK(forward({1, 0, 10, 512}) == given + "heads = 0; 1 to 1048576 is needed.");
  CHECK(forward({1, 4, -1, 512}) == given + "keys = -1; 0 to 1048576 is needed.");
  CHECK(forward({1, 4, 10, 1L << 40}) == given + "width = 1099511627776; 1 to 1048576 is needed.");
  CHECK(forward({1, 4, 10, 512}, 1.5) == given + "probability = 1.500000; 0 to 1 is needed.");
  CHECK(forward({1, 4, 10, 512}, std::nan("")) == given + "probability = nan; 0 to 1 is needed.");
  CHECK(forward({1, 64, 10, 4096}) ==
        "avqa: single_query_attention_forward needs 1051136 bytes of shared memory for 64 heads, 10 keys and a width of 4096; it was given "
        "shared_bytes = 166912.");
  single_query_attention_backward_params<float> p{.shape = {1, 4, 1L << 21, 512},
                                                  .scale = 1,
                                                  .query = nullptr,
                                                  .memory = nullptr,
                                                  .weight = nullptr,
                                                  .dmixed = nullptr,
                                                  .dtotal = nullptr,
                                                  .dquery = nullptr};
  CHECK(avqa::cuda::launch_single_query_attention_backward<float>(p, nullptr).what() ==
        "avqa: single_query_attention_backward was given keys = 2097152; 0 to 1048576 is needed.");
  CHECK(avqa::cuda::launch_add_by_head<float>({nullptr, nullptr, nullptr, -1, 4, 128}, nullptr).what() ==
        "avqa: add_by_head was given batch = -1; 0 or more is needed.");
  CHECK(avqa::cuda::launch_add_by_head_backward<float>({nullptr, nullptr, nullptr, nullptr, nullptr, 1, 4, 0}, nullptr).what() ==
        "avqa: add_by_head_backward was given width = 0; 1 to 1048576 is needed.");
}
