// Element-wise expressions on the device against their reference, and that against the host's passes.
#include "expression_instances.hpp"

#include <ogm/cuda/expression/expression_reference.hpp>

#include <cuda/support/device.hpp>

#include <limits>
#include <memory>

using namespace ogm;
using namespace ogm::test;

namespace {

struct shape {
  long rows, columns;
  std::size_t offset_in = 0, offset_out = 0;
};
std::string text(const shape& s, bool fresh) {
  return std::to_string(s.rows) + " x " + std::to_string(s.columns) + ", offsets " + std::to_string(s.offset_in) + " " +
         std::to_string(s.offset_out) + (fresh ? ", fresh" : ", added");
}

std::vector<double> doubled(const std::vector<float>& x) { return {x.begin(), x.end()}; }

/// Arrays of one element type in host memory: inputs, dy, and gradients as they are before the pass, or 0.
template <class T> struct arrays {
  std::vector<T> a, b, r, s, dy, da, db, dr, ds;
  operands<T> view(int columns, bool fresh) {
    return {a.data(), b.data(), r.data(), s.data(), da.data(), db.data(), dr.data(), ds.data(), columns, fresh};
  }
};
arrays<float> drawn(const shape& s) {
  const long count = s.rows * s.columns;
  return {numbers(count, 1, 2), numbers(count, 2, 2), numbers(s.columns, 3, 2), numbers(s.columns, 4, 2), numbers(count, 5),
          numbers(count, 6),    numbers(count, 7),    numbers(s.columns, 8),    numbers(s.columns, 9)};
}

/// The pass's sums, to totals at dr and ds, of partial sums in `partial`; or to dr both, the later one added.
template <class Expression>
expression::backward_plan<float> plan_of(float* dr, float* ds, float* partial, long chunks, long columns, bool add) {
  expression::backward_plan<float> plan;
  const long size = chunks * columns;
  if constexpr (Expression::rows == 2) {
    plan.sums[0] = {partial, dr, columns, add};
    plan.sums[1] = {partial + size, Expression::one_row ? dr : ds, columns, add || Expression::one_row};
  } else if constexpr (Expression::rows == 1) {
    plan.sums[0] = {partial, dr, columns, add};
  }
  plan.sum_count = Expression::rows;
  return plan;
}
/// The expression's leaves, whose rows' gradients are the partial sums.
template <class T, class Expression> operands<T> with_partial(operands<T> o, T* partial, long size) {
  o.dr = partial;
  o.ds = Expression::rows == 2 ? partial + size : partial;
  return o;
}

/// What dy, da, db, dr and ds of an expression have to be, in double.
struct gradients {
  std::vector<double> da, db, dr, ds;
};
template <class Expression> gradients expected_gradients(const Expression& e, const arrays<float>& in, const shape& s, bool fresh) {
  arrays<double> exact{doubled(in.a),  doubled(in.b),  doubled(in.r),  doubled(in.s), doubled(in.dy),
                       doubled(in.da), doubled(in.db), doubled(in.dr), doubled(in.ds)};
  if (fresh)
    for (auto* v : {&exact.dr, &exact.ds}) std::fill(v->begin(), v->end(), 0);
  operands<double> o = exact.view(int(s.columns), fresh);
  if (Expression::one_row || Expression::rows == 1) o.ds = o.dr;
  cuda::expression_backward_reference(e(o), exact.dy.data(), s.rows, s.columns);
  return {exact.da, exact.db, exact.dr, exact.ds};
}

template <class Tuning, class Expression>
void check_expression(const Expression& e, const shape& s, bool fresh, const arrays<float>& in,
                      double tolerance = storage_tolerance<float>) {
  INFO(text(s, fresh));
  const expression::cut how(s.rows, s.columns, node_of<Expression>::flat);
  arrays<double> exact{doubled(in.a), doubled(in.b), doubled(in.r), doubled(in.s), {}, {}, {}, {}, {}};
  const auto y_expected = cuda::expression_forward_reference(e(exact.view(int(s.columns), fresh)), s.rows, s.columns);

  device_array<float> a(in.a, s.offset_in), b(in.b, s.offset_in), r(in.r, s.offset_in), row(in.s, s.offset_in), dy(in.dy, s.offset_in);
  const std::vector<float> none(in.a.size(), std::numeric_limits<float>::quiet_NaN());
  device_array<float> y(in.a.size(), s.offset_out), da(fresh ? none : in.da, s.offset_out), db(fresh ? none : in.db, s.offset_out);
  device_array<float> dr(in.dr, s.offset_out), ds(in.ds, s.offset_out);
  const long partial_size = how.chunks() * s.columns;
  device_array<float> partial(std::size_t(2 * partial_size));
  const operands<float> o = with_partial<float, Expression>(
      {a.data(), b.data(), r.data(), row.data(), da.data(), db.data(), nullptr, nullptr, int(s.columns), fresh}, partial.data(),
      partial_size);
  const auto node = e(o);
  check_traced([&] {
    cuda::launch_expression_forward<Tuning>(expression::forward_pass<float, node_of<Expression>>{node, y.data(), how}, nullptr)
        .throw_if_failed();
  });
  CHECK(count_apart(y.values(), y_expected, tolerance) == 0);

  const auto plan = plan_of<Expression>(dr.data(), ds.data(), partial.data(), how.chunks(), s.columns, !fresh);
  check_traced([&] {
    cuda::launch_expression_backward<Tuning>(expression::backward_pass<float, node_of<Expression>>{node, dy.data(), how, plan}, nullptr)
        .throw_if_failed();
  });
  const gradients expected = expected_gradients(e, in, s, fresh);
  const bool has_b = std::is_same_v<Expression, relu_of_sum> || std::is_same_v<Expression, bounded>;
  CHECK(count_apart(da.values(), expected.da, tolerance) == 0);
  if (has_b) CHECK(count_apart(db.values(), expected.db, tolerance) == 0);
  if (Expression::rows > 0) CHECK(count_apart(dr.values(), expected.dr, tolerance) == 0);
  if (Expression::rows > 1 && !Expression::one_row) CHECK(count_apart(ds.values(), expected.ds, tolerance) == 0);
}
template <class Tuning, class Expression> void check(const shape& s) {
  for (const bool fresh : {true, false}) check_expression<Tuning>(Expression{}, s, fresh, drawn(s));
}

template <class Tuning = small_expression_tuning> void check_all(const shape& s) {
  check<Tuning, gated>(s);
  check<Tuning, relu_of_sum>(s);
  check<Tuning, squared_by_two_leaves>(s);
  check<Tuning, row_twice>(s);
  check<Tuning, with_numbers>(s);
  check<Tuning, bounded>(s);
}

}  // namespace

TEST_CASE("expressions on the device: rows of every length") {
  in_every_order([] {
    for (const long columns : {1, 3, 4, 8, 15, 16, 17, 20, 64, 65, 260, 516}) check_all({5, columns});
    for (const long rows : {1, 2, 40, 67}) check_all({rows, 12});
  });
}

TEST_CASE("expressions on the device: threads that have no rows") {
  in_every_order([] {
    for (const long columns : {7, 20, 24}) check<uneven_expression_tuning, gated>({29, columns});
  });
}

TEST_CASE("expressions on the device: more than a chunk") {
  check<small_expression_tuning, gated>({5, 4096});
  check<small_expression_tuning, gated>({3, 8195});  // a row a chunk
  check<small_expression_tuning, row_twice>({3, 8192});
  check<small_expression_tuning, gated>({250, 160});  // the last chunk is short
  check<small_expression_tuning, relu_of_sum>({1, 16403});
  check<cuda::expression_tuning, gated>({2, 20000});
}

TEST_CASE("expressions on the device: arrays that begin beside a boundary") {
  for (const std::size_t in : {0, 1, 2})
    for (const std::size_t out : {0, 3, 4})
      for (const long columns : {5, 20, 132}) check_all({3, columns, in, out});
}

TEST_CASE("expressions on the device: as they are tuned") {
  for (const long columns : {3, 10, 512, 1030}) {
    check<cuda::expression_tuning, gated>({21, columns});
    check<cuda::expression_tuning, relu_of_sum>({21, columns});
  }
}

TEST_CASE("expressions on the device: no rows and no columns") {
  for (const shape& s : {shape{0, 7}, shape{0, 0}, shape{5, 0}}) {
    check<small_expression_tuning, gated>(s);
    check<small_expression_tuning, relu_of_sum>(s);
    check<small_expression_tuning, row_twice>(s);
  }
}

TEST_CASE("expressions on the device: a row that is part of the whole array, and adds to the same gradient") {
  const long rows = 5, columns = 12;
  const auto in = drawn({rows, columns});
  for (const bool row_first : {false, true})
    for (const bool add : {false, true}) {
      INFO((row_first ? "the row is first" : "the whole is first") << (add ? ", added" : ""));
      arrays<double> exact{doubled(in.a), {}, {}, {}, doubled(in.dy), doubled(in.da), {}, {}, {}};
      std::vector<double> of_row(std::size_t(columns), 0.0);
      if (!add) std::fill(exact.da.begin(), exact.da.begin() + (row_first ? columns : rows * columns), 0);
      operands<double> o = exact.view(int(columns), false);
      o.r = o.a, o.dr = of_row.data();
      cuda::expression_backward_reference(scaled{}(o), exact.dy.data(), rows, columns);
      for (long c = 0; c < columns; ++c) exact.da[std::size_t(c)] += of_row[std::size_t(c)];

      // What comes first is written where nothing is to be added; the whole array's gradient beyond the row is then as it was.
      const expression::cut how(rows, columns, false);
      device_array<float> a(in.a), dy(in.dy), da(in.da), partial(std::size_t(how.chunks() * columns));
      operands<float> device{a.data(), nullptr,        a.data(), nullptr,      da.data(),
                             nullptr,  partial.data(), nullptr,  int(columns), !add && !row_first};
      expression::backward_plan<float> plan;
      plan.sums[0] = {partial.data(), da.data(), columns, add || !row_first};
      plan.sum_count = 1;
      check_traced([&] {
        cuda::launch_expression_backward<small_expression_tuning>(
            expression::backward_pass<float, node_of<scaled>>{scaled{}(device), dy.data(), how, plan}, nullptr)
            .throw_if_failed();
      });
      CHECK(count_apart(da.values(), exact.da, storage_tolerance<float>) == 0);
    }
}

TEST_CASE("expressions on the device: the same bits in every order of threads") {
  const long rows = 37, columns = 20;
  const auto in = drawn({rows, columns});
  const expression::cut how(rows, columns, false);
  device_array<float> a(in.a), r(in.r), s(in.s), dy(in.dy), da(in.da), dr(in.dr), ds(in.ds),
      partial(std::size_t(2 * how.chunks() * columns));
  std::vector<float> first;
  in_every_order([&] {
    const operands<float> o{a.data(),     nullptr, r.data(),       s.data(),
                            da.data(),    nullptr, partial.data(), partial.data() + how.chunks() * columns,
                            int(columns), true};
    const auto plan = plan_of<gated>(dr.data(), ds.data(), partial.data(), how.chunks(), columns, false);
    cuda::launch_expression_backward<small_expression_tuning>(
        expression::backward_pass<float, node_of<gated>>{gated{}(o), dy.data(), how, plan}, nullptr)
        .throw_if_failed();
    std::vector<float> now = da.values();
    for (auto* more : {&dr, &ds}) {
      const auto v = more->values();
      now.insert(now.end(), v.begin(), v.end());
    }
    if (first.empty()) first = now;
    CHECK(same_bits(now.data(), first.data(), now.size()));
  });
}

namespace {
/// y of a function on the device, and its slope.
struct curve {
  std::vector<float> y, slope;
};
curve on_device(int which, const std::vector<float>& x) {
  const long count = long(x.size());
  const expression::cut how(1, count, true);
  device_array<float> a(x), y(x.size()), dy(std::vector<float>(x.size(), 1.f)), da(x.size());
  operands<float> o{};
  o.a = a.data(), o.da = da.data(), o.fresh = true;
  const auto node = of_function{which}(o);
  cuda::launch_expression_forward(expression::forward_pass<float, node_of<of_function>>{node, y.data(), how}, nullptr).throw_if_failed();
  cuda::launch_expression_backward(expression::backward_pass<float, node_of<of_function>>{node, dy.data(), how, {}}, nullptr)
      .throw_if_failed();
  return {y.values(), da.values()};
}
curve on_host(int which, const std::vector<float>& x) {
  curve c;
  for (const float v : x) {
    const any_function f{which};
    c.y.push_back(f.value(v));
    c.slope.push_back(f.slope(v, c.y.back()));
  }
  return c;
}
/// Elements that are neither alike (NaN, the same infinity) nor within `tolerance`, relative where they are above `scale`.
std::size_t count_unlike(const std::vector<float>& got, const std::vector<float>& expected, double tolerance, double scale) {
  REQUIRE(got.size() == expected.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double g = double(got[i]), e = double(expected[i]);
    const bool alike = g == e || (g != g && e != e);
    if (!alike && !(std::abs(g - e) <= tolerance * std::max(scale, std::abs(e)))) {
      UNSCOPED_INFO("element " << i << ": " << g << ", expected " << e);
      ++count;
    }
  }
  return count;
}
}  // namespace

TEST_CASE("functions on the device are the host's to 1e-6, and keep its infinities, its NaN and its ends") {
  constexpr float infinity = std::numeric_limits<float>::infinity(), not_a_number = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> x{0, -0.f, infinity, -infinity, not_a_number, 87.9f, 88.1f, 89, 1000, -87.2f, -87.4f, -104, -1000, 1e-5f, -1e-5f};
  for (int i = -400; i <= 400; ++i) x.push_back(float(i) * 0.0371f);
  for (int i = -20; i <= 20; ++i) x.push_back(std::ldexp(i % 2 ? 1.3f : -0.7f, i));
  for (int which = 0; which < any_function::count; ++which) {
    INFO("function " << which);
    const curve host = on_host(which, x), device = on_device(which, x);
    // gelu's tail: the rounding of x^2 / 2 before the exponential. What is made of differences of numbers near 1 is so to 1e-7 of 1.
    CHECK(count_unlike(device.y, host.y, which == 11 ? 2e-5 : 1e-6, which == 10 || which == 4 ? 1 : 1e-37) == 0);
    CHECK(count_unlike(device.slope, host.slope, 1e-6, which == 1 || which == 2 || which == 10 || which == 11 ? 1 : 1e-37) == 0);
  }
}

#ifdef OGM_CUDA_ON_CPU
TEST_CASE("expressions on the device: how much they move") {
  const long rows = 128, columns = 256, count = rows * columns;
  const double bytes = 4.0 * double(count), row = 4.0 * double(columns);
  const auto only_once = [&](const cuda_model::trace& t, double loads, double stores) {  // but for rows, which every thread reads
    if (!t.recorded) return;
    t.note("moved");
    INFO(t.table());
    CHECK(t.worst_ratio(false) <= 1.05);
    CHECK(t.worst_ratio(true) == 1);
    CHECK(32. * double(t.distinct_load_sectors) <= loads);
    CHECK(32. * double(t.distinct_load_sectors) >= loads - row);  // nvcc leaves out the row that the derivative does not need
    CHECK(32. * double(t.distinct_store_sectors) == stores);
  };
  const auto in = drawn({rows, columns});
  device_array<float> a(in.a), b(in.b), r(in.r), s(in.s), dy(in.dy), y(in.a.size()), da(in.da), db(in.db), dr(in.dr), ds(in.ds);
  SECTION("without rows") {
    const expression::cut how(rows, columns, true);
    const auto node = relu_of_sum{}(operands<float>{a.data(), b.data(), nullptr, nullptr, da.data(), db.data(), nullptr, nullptr, 0, true});
    check_moved(check_traced([&] {
                  cuda::launch_expression_forward(expression::forward_pass<float, node_of<relu_of_sum>>{node, y.data(), how}, nullptr)
                      .throw_if_failed();
                }),
                2 * bytes, bytes);
    check_moved(check_traced([&] {
                  cuda::launch_expression_backward(expression::backward_pass<float, node_of<relu_of_sum>>{node, dy.data(), how, {}},
                                                   nullptr)
                      .throw_if_failed();
                }),
                3 * bytes, 2 * bytes);
  }
  SECTION("with rows") {
    const expression::cut how(rows, columns, false);
    const double chunks = double(how.chunks());
    device_array<float> partial(std::size_t(2 * how.chunks() * columns));
    const auto node = gated{}(operands<float>{a.data(), nullptr, r.data(), s.data(), da.data(), nullptr, partial.data(),
                                              partial.data() + how.chunks() * columns, int(columns), true});
    only_once(
        check_traced([&] {
          cuda::launch_expression_forward(expression::forward_pass<float, node_of<gated>>{node, y.data(), how}, nullptr).throw_if_failed();
        }),
        bytes + 2 * row, bytes);
    const auto plan = plan_of<gated>(dr.data(), ds.data(), partial.data(), how.chunks(), columns, false);
    only_once(check_traced([&] {
                cuda::launch_expression_backward(expression::backward_pass<float, node_of<gated>>{node, dy.data(), how, plan}, nullptr)
                    .throw_if_failed();
              }),
              2 * bytes + 2 * row + 2 * chunks * row, bytes + 2 * row + 2 * chunks * row);
  }
}
#endif

TEST_CASE("the expressions' reference is the host's passes") {
  const shape s{7, 37};
  const auto compare = [&]<class Expression>(const Expression& e, bool fresh) {
    INFO(text(s, fresh));
    const expression::cut how(s.rows, s.columns, node_of<Expression>::flat);
    arrays<float> in = drawn(s);
    const gradients expected = expected_gradients(e, in, s, fresh);
    arrays<double> exact{doubled(in.a), doubled(in.b), doubled(in.r), doubled(in.s), {}, {}, {}, {}, {}};
    const long size = how.chunks() * s.columns;
    std::vector<float> y(in.a.size()), partial(std::size_t(2 * size));
    const auto node = e(with_partial<float, Expression>(in.view(int(s.columns), fresh), partial.data(), size));
    expression::forward_pass<float, node_of<Expression>>{node, y.data(), how}();
    CHECK(count_apart(y, cuda::expression_forward_reference(e(exact.view(int(s.columns), fresh)), s.rows, s.columns), 2e-6) == 0);
    const auto plan = plan_of<Expression>(in.dr.data(), in.ds.data(), partial.data(), how.chunks(), s.columns, !fresh);
    expression::backward_pass<float, node_of<Expression>>{node, in.dy.data(), how, plan}();
    CHECK(count_apart(in.da, expected.da, 2e-6) == 0);
    if (Expression::rows > 0) CHECK(count_apart(in.dr, expected.dr, 2e-6) == 0);
    if (Expression::rows > 1 && !Expression::one_row) CHECK(count_apart(in.ds, expected.ds, 2e-6) == 0);
  };
  for (const bool fresh : {true, false}) {
    compare(gated{}, fresh);
    compare(relu_of_sum{}, fresh);
    compare(squared_by_two_leaves{}, fresh);
    compare(row_twice{}, fresh);
    compare(with_numbers{}, fresh);
    compare(bounded{}, fresh);
  }
}

TEST_CASE("expressions on the device: arguments that they cannot work with") {
  const auto forward = [](long rows, long columns, int leaf_columns, bool flat = false) {
    operands<float> o{};
    o.columns = leaf_columns;
    return cuda::launch_expression_forward(
               expression::forward_pass<float, node_of<gated>>{gated{}(o), nullptr, expression::cut(rows, columns, flat)}, nullptr)
        .what();
  };
  CHECK(forward(0, 5, 5) == "");
  CHECK(forward(5, 0, 0) == "");
  CHECK(forward(-1, 5, 5) == "ogm: an expression was given rows or columns = -1; 0 or more is needed.");
  CHECK(forward(5, 1L << 31, 5) == "ogm: an expression was given columns = 2147483648; 0 to 2147481599 is needed.");
  CHECK(forward(5, 6, 5) == "ogm: an expression was given columns of a leaf = 5; what the cut says is needed.");
  CHECK(forward(5, 6, 6, true) == "ogm: an expression was given a cut without rows, and a leaf that is a row.");
  const auto backward = [](int sums, long columns) {
    operands<float> o{};
    o.columns = 6;
    expression::backward_plan<float> plan;
    plan.sum_count = sums;
    for (auto& s : plan.sums) s.columns = columns;
    return cuda::launch_expression_backward(
               expression::backward_pass<float, node_of<gated>>{gated{}(o), nullptr, expression::cut(5, 6, false), plan}, nullptr)
        .what();
  };
  CHECK(backward(1, 6) == "ogm: an expression's derivative was given sums = 1; one a leaf that is a row and has a gradient is needed.");
  CHECK(backward(2, 7) == "ogm: an expression's derivative was given columns of a sum = 7; what the cut says is needed.");
}
