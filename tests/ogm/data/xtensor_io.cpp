#if __has_include(<xtensor/xarray.hpp>)
#include <ogm/data/xtensor_io.hpp>

#include <catch2/catch.hpp>

#include "files.hpp"

using namespace ogm::data;
namespace test = ogm::test;

TEST_CASE("xtensor arrays go to .npy and come back") {
  const test::folder in;
  const xt::xarray<float> a{{1, 2, 3}, {4, 5, 6}};
  npy::save(in / "a.npy", a);
  CHECK((npy::load<float>(in / "a.npy") == a));  // in brackets: Catch and xtensor both want the operator
  CHECK(npy::read<float>(in / "a.npy").shape == std::vector<ogm::size_type>{2, 3});
  CHECK(test::has(test::message_of([&] { npy::load<double>(in / "a.npy"); }), "f64 expected"));
}

TEST_CASE("an array of a file is seen without a copy") {
  const array<int> from{{2, 2}, {1, 2, 3, 4}};
  const auto seen = to_xtensor(from);
  CHECK(seen(1, 0) == 3);
  CHECK(&seen(0, 0) == from.values.data());
}

TEST_CASE("members of an archive become xtensor arrays") {
  npz::writer w;
  const std::vector<double> values{1, 2, 3, 4};
  w.add<double>("m", values, std::vector<ogm::size_type>{2, 2});
  const std::string bytes = w.encode();
  CHECK(npz::load<double>(npz::archive(as_byte_span(bytes), "t.npz"), "m")(1, 1) == 4.0);
}
#endif
