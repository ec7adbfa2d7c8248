#include <ogm/core/error.hpp>

#include <catch2/catch.hpp>

using namespace ogm;

TEST_CASE("every error is an ogm::error and a std::runtime_error, and keeps its sentence") {
  const auto caught = [](auto thrown) {
    try {
      throw thrown;
    } catch (const error& e) {
      const std::runtime_error& base = e;
      return std::string(base.what());
    }
  };
  CHECK(caught(shape_error("a shape")) == "a shape");
  CHECK(caught(data_error("a file")) == "a file");
  CHECK(caught(value_error("a value")) == "a value");
  CHECK_THROWS_AS(throw shape_error(""), shape_error);
  CHECK(!std::is_base_of_v<shape_error, data_error>);
}

TEST_CASE("an error within another names its library once") {
  CHECK(said_by(data_error("avqa: f: a byte is wrong.")) == "f: a byte is wrong");
  CHECK(said_by(value_error("ogm: 3 of 2.")) == "3 of 2");
  CHECK(said_by(error("nobody says so")) == "nobody says so");
}
