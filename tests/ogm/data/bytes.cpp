#include <ogm/data/bytes.hpp>

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "files.hpp"

using namespace ogm::data;
namespace test = ogm::test;

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

TEST_CASE("a file in pieces is there when it is finished, and not before") {
  const test::folder in;
  const std::string path = in / "a", head = "head", tail = "tail", other = "HE";
  {
    atomic_file file(path);
    file.write(as_byte_span(head));
    file.write_at(8, as_byte_span(tail));
    file.write_at(0, as_byte_span(other));
    CHECK_FALSE(std::filesystem::exists(path));
    file.finish();
    CHECK(file.path() == path);
  }
  CHECK(test::text_of(path) == std::string("HEad\0\0\0\0tail", 12));  // between them zeros
  { atomic_file(path).write(as_byte_span(tail)); }
  CHECK(test::text_of(path).size() == 12);
  CHECK(std::distance(std::filesystem::directory_iterator(in.path()), std::filesystem::directory_iterator()) == 1);
}

TEST_CASE("a mapping for scattered reading has the same bytes, and any part of it may be announced") {
  const test::folder in;
  const std::string text(20'000, 'x');
  const mapped_file file(in.write("a", text), mapped_file::access::scattered);
  CHECK(as_text(file.bytes()) == text);
  for (const std::size_t first : {0, 1, 5000, 19'999, 20'000}) file.will_need(file.bytes().subspan(first));
  CHECK(mapped_file(in.write("empty", ""), mapped_file::access::scattered).bytes().empty());
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

TEST_CASE("CRC-32 is the division by its polynomial, at every length and alignment") {
  std::vector<std::uint8_t> bytes(100);
  std::uint32_t state = 1;
  for (auto& b : bytes) b = std::uint8_t((state = state * 1664525u + 1013904223u) >> 24);
  for (std::size_t first = 0; first < 9; ++first)
    for (std::size_t size = 0; size <= 80; ++size) {
      std::uint32_t crc = ~0u;
      for (std::size_t i = 0; i < size; ++i) {
        crc ^= bytes[first + i];
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0u);
      }
      REQUIRE(crc32(as_byte_span(bytes.data() + first, size)) == ~crc);
    }
}

TEST_CASE("UTF-8: the length of a character, 0 for what is none") {
  const auto length = [](const std::string& text) { return detail::utf8_length(text); };
  CHECK(length("ab") == 1);
  CHECK(length(std::string(1, '\0')) == 1);
  CHECK(length("\xC3\xA9x") == 2);
  CHECK(length("\xE2\x82\xAC") == 3);
  CHECK(length("\xF0\x9F\x98\x80") == 4);
  for (const std::string bad :
       {"\x80", "\xC3", "\xC3x", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80", "\xFF"})
    CHECK(length(bad) == 0);
}
