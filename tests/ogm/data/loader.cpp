#include <ogm/data/loader.hpp>

#include <catch2/catch.hpp>
#include <numeric>
#include <set>

#include "files.hpp"

namespace loader_test {

using namespace ogm::data;
namespace test = ogm::test;

namespace {
using sound = ogm::tensor<float, ogm::dyn, 3>;
using picture = ogm::tensor<float, ogm::dyn, 1, 2, 2>;

in_memory<sound, picture> numbered(int items) {
  sound a(items);
  picture b(items);
  for (int i = 0; i < items; ++i)
    for (int k = 0; k < 4; ++k) {
      if (k < 3) a(i, k) = float(10 * i + k);
      b(i, 0, k / 2, k % 2) = float(-10 * i - k);
    }
  std::vector<std::int32_t> labels;
  for (int i = 0; i < items; ++i) labels.push_back(i % 5);
  return in_memory<sound, picture>(labels, std::move(a), std::move(b));
}

struct jitter {
  template <class Item> void operator()(const item_key& key, const Item& into) const {
    auto g = key.generator();
    for (float& x : std::get<0>(into).flat()) x += g.uniform();
  }
};

/// Everything that an epoch or several hand out, as text.
template <class Loader> std::string epochs(Loader& from, int count) {
  std::string out;
  for (int e = 0; e < count; ++e) {
    while (const auto* b = from.next()) {
      const auto a = b->template get<0>();
      const auto v = b->template get<1>();
      for (const auto part : {as_byte_span(a.data(), std::size_t(a.count())), as_byte_span(v.data(), std::size_t(v.count())),
                              as_byte_span(b->labels.data(), b->labels.size()), as_byte_span(b->ids.data(), b->ids.size())})
        out += as_text(part);
      out += '|';
    }
    out += "end";
  }
  return out;
}
}  // namespace

TEST_CASE("an epoch has every item once, with its own arrays and label", "[threads]") {
  const auto data = numbered(23);
  loader all(data, {.batch = 5, .seed = 3, .threads = 2});
  CHECK(all.batches() == 5);
  for (int epoch = 0; epoch < 3; ++epoch) {
    std::multiset<std::int32_t> ids;
    int count = 0;
    while (const auto* b = all.next()) {
      CHECK(b->size() == (++count == 5 ? 3 : 5));
      const auto a = b->get<0>();
      const auto v = b->get<1>();
      REQUIRE(a.size(0) == b->size());
      REQUIRE(v.shape().text() == ogm::shape_text(std::vector<ogm::size_type>{b->size(), 1, 2, 2}));
      for (ogm::size_type i = 0; i < b->size(); ++i) {
        const std::int32_t id = b->ids[std::size_t(i)];
        ids.insert(id);
        REQUIRE(a(i, 2) == float(10 * id + 2));
        REQUIRE(v(i, 0, 1, 1) == float(-10 * id - 3));
        REQUIRE(b->labels[std::size_t(i)] == id % 5);
      }
    }
    CHECK(count == 5);
    CHECK(ids.size() == 23);
    CHECK(std::set<std::int32_t>(ids.begin(), ids.end()).size() == 23);
  }
}

TEST_CASE("batches have the same bits for any number of threads and any prefetch", "[threads]") {
  const auto data = numbered(41);
  loader alone(data, {.batch = 4, .seed = 9, .threads = 0}, jitter{});
  const std::string expected = epochs(alone, 3);
  for (const int threads : {1, 2, 3, 8})
    for (const int prefetch : {1, 2, 20}) {
      loader many(data, {.batch = 4, .seed = 9, .threads = threads, .prefetch = prefetch}, jitter{});
      REQUIRE(epochs(many, 3) == expected);
    }
  loader other(data, {.batch = 4, .seed = 10, .threads = 0}, jitter{});
  CHECK(epochs(other, 3) != expected);
}

TEST_CASE("epochs differ in order and in augmentation, and unshuffled ones keep the order") {
  const auto data = numbered(30);
  loader shuffled(data, {.batch = 30, .threads = 1});
  const std::vector<std::int32_t> first = shuffled.next()->ids;
  CHECK(shuffled.next() == nullptr);
  const std::vector<std::int32_t> second = shuffled.next()->ids;
  std::vector<std::int32_t> ordered(30);
  std::iota(ordered.begin(), ordered.end(), 0);
  CHECK(first != second);
  CHECK(first != ordered);
  loader plain(data, {.batch = 30, .threads = 1, .shuffle = false}, jitter{});
  const auto* b = plain.next();
  CHECK(b->ids == ordered);
  const float once = b->get<0>()(4, 1);
  plain.next();
  CHECK(plain.next()->get<0>()(4, 1) != once);
}

TEST_CASE("a loader goes on from any state with the same bits", "[threads]") {
  const auto data = numbered(29);
  const loader_options how{.batch = 4, .seed = 5, .threads = 2};
  loader whole(data, how, jitter{});
  epochs(whole, 1);
  for (int taken = 0; taken <= 8; ++taken) {
    loader from_start(data, how, jitter{});
    epochs(from_start, 1);
    for (int i = 0; i < taken; ++i) from_start.next();
    const loader_state state = from_start.state();
    CHECK(state == loader_state{5, 1, taken});
    loader resumed(data, {.batch = 4, .seed = 999, .threads = 1}, jitter{});
    resumed.next();
    resumed.seek(state);
    REQUIRE(epochs(resumed, 2) == epochs(from_start, 2));
  }
  CHECK(test::has(test::message_of<ogm::value_error>([&] { whole.seek({5, 0, 9}); }), "batch 9 of a loader with 8"));
}

TEST_CASE("the last batch can be dropped; an empty set and one smaller than a batch end") {
  const auto data = numbered(11);
  loader dropping(data, {.batch = 4, .drop_last = true});
  int count = 0;
  while (const auto* b = dropping.next()) count += int(b->size());
  CHECK(count == 8);
  const auto none = numbered(0);
  loader empty(none, {.batch = 4, .threads = 2});
  CHECK(empty.next() == nullptr);
  CHECK(empty.next() == nullptr);
  loader small(data, {.batch = 64, .drop_last = true});
  CHECK(small.next() == nullptr);
}

TEST_CASE("batches reuse their memory", "[threads]") {
  const auto data = numbered(64);
  loader all(data, {.batch = 4, .threads = 2, .prefetch = 3});
  std::set<const void*> seen;
  for (int epoch = 0; epoch < 4; ++epoch)
    while (const auto* b = all.next()) seen.insert(b->get<0>().data());
  CHECK(seen.size() <= 4);
}

namespace {
struct failing {
  using item = std::tuple<ogm::view<float, 2>>;
  ogm::size_type size() const { return 10; }
  std::tuple<ogm::extents<2>> item_shapes() const { return {}; }
  std::int32_t load(const item_key& key, const item&) const {
    if (key.index == 7) throw ogm::data_error("ogm: item 7 is damaged.");
    return 0;
  }
};
}  // namespace

TEST_CASE("what load throws comes out of next, and the loader can be asked again and destroyed", "[threads]") {
  const failing data;
  for (const int threads : {0, 1, 3}) {
    loader all(data, {.batch = 2, .threads = threads, .shuffle = false});
    for (int i = 0; i < 3; ++i) CHECK(all.next() != nullptr);
    CHECK(test::message_of([&] { all.next(); }) == "ogm: item 7 is damaged.");
    CHECK(test::message_of([&] { all.next(); }) == "ogm: item 7 is damaged.");
    all.seek({0, 0, 4});
    CHECK(all.next()->size() == 2);
  }
}

TEST_CASE("options out of range are refused") {
  const auto data = numbered(3);
  for (const loader_options& bad : {loader_options{.batch = 0}, {.threads = -1}, {.prefetch = 0}})
    CHECK(test::has(test::message_of<ogm::value_error>([&] { loader(data, bad); }), "a loader with batch"));
}

TEST_CASE("rows of arrays can be shared by items, and are checked") {
  sound a(2);
  a(0, 0) = 1, a(1, 0) = 2;
  using set = in_memory<sound>;
  const set data({7, 8, 9}, set::row_table{{{1, 0, 1}}}, a);
  loader all(data, {.batch = 3, .shuffle = false});
  const auto* b = all.next();
  CHECK(b->get<0>()(0, 0) == 2.f);
  CHECK(b->get<0>()(1, 0) == 1.f);
  CHECK(b->labels == std::vector<std::int32_t>{7, 8, 9});
  CHECK(test::has(test::message_of<ogm::value_error>([&] { set({0}, set::row_table{{{2}}}, a); }), "row 2 of 2"));
  CHECK(test::has(test::message_of<ogm::shape_error>([&] { set({0, 1, 2}, a); }), "2 rows for 3 labels"));
}

TEST_CASE("a shuffled order is a permutation that uses all of them") {
  std::vector<int> firsts(4, 0);
  std::vector<std::int32_t> order;
  for (std::uint32_t epoch = 0; epoch < 400; ++epoch) {
    shuffled_order(4, 11, epoch, order);
    REQUIRE(std::set<std::int32_t>(order.begin(), order.end()) == std::set<std::int32_t>{0, 1, 2, 3});
    ++firsts[std::size_t(order[0])];
  }
  for (const int f : firsts) CHECK(f > 55);
}

}  // namespace loader_test
