#include <ogm/data/bytes.hpp>

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "files.hpp"

using namespace ogm::data;

TEST_CASE("a file is written whole, replaces the old one and leaves nothing beside it") {
  const test::folder in;
  const std::string path = in.write("a.bin", "the old content, which is longer");
  const std::string head = "new", tail = " content";
  const byte_span parts[]{as_byte_span(head), as_byte_span(tail)};
  write_atomically(path, parts);
  CHECK(test::text_of(path) == "new content");
  std::size_t files = 0;
  for (const auto& f : std::filesystem::directory_iterator(in.path())) files += f.is_regular_file();
  CHECK(files == 1);
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  CHECK((info.st_mode & 0777) == (0666 & ~mask));
}

TEST_CASE("a write that fails says where and leaves the folder as it was") {
  const test::folder in;
  const std::string path = in.path() + "/missing/a.bin";
  CHECK(test::has(test::message_of([&] { write_atomically(path, as_byte_span(path)); }), path));
  std::filesystem::create_directory(in.path() + "/taken");
  CHECK(test::has(test::message_of([&] { write_atomically(in.path() + "/taken", as_byte_span(path)); }), "rename"));
  std::size_t entries = 0;
  for (const auto& f : std::filesystem::directory_iterator(in.path())) entries += f.exists();
  CHECK(entries == 1);
}

TEST_CASE("an empty file maps to no bytes; a folder and a missing file are errors") {
  const test::folder in;
  CHECK(mapped_file(in.write("empty", "")).bytes().empty());
  CHECK(test::has(test::message_of([&] { mapped_file f(in.path()); }), "not a regular file"));
  CHECK(test::has(test::message_of([&] { mapped_file f(in.path() + "/none"); }), in.path() + "/none"));
}

TEST_CASE("a mapping moves and keeps its bytes") {
  const test::folder in;
  mapped_file a(in.write("a", "abc")), b(in.write("b", "de"));
  a = std::move(b);
  CHECK(as_text(a.bytes()) == "de");
  mapped_file c(std::move(a));
  CHECK(as_text(c.bytes()) == "de");
}

TEST_CASE("CRC-32 gives the check value of its catalogue") {
  const std::string digits = "123456789";
  CHECK(crc32(as_byte_span(digits)) == 0xCBF43926u);
  CHECK(crc32({}) == 0u);
}
