#include <ogm/data/zip.hpp>

#include <catch2/catch.hpp>

#include "files.hpp"

using namespace ogm::data;
namespace test = ogm::test;

TEST_CASE("members come back in place, at multiples of the alignment that was asked for") {
  const std::string contents[]{"", "a", std::string(100, 'b'), "\x80\x02}."};
  for (const std::size_t alignment : {1, 2, 4, 64, 4096}) {
    zip::writer w;
    for (std::size_t i = 0; i < 4; ++i) w.add("folder/" + std::string(i, 'x'), as_byte_span(contents[i]), alignment);
    const std::string whole = w.encode();
    const zip::archive z(as_byte_span(whole), "t.zip");
    REQUIRE(z.members().size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
      const auto found = z.members().find("folder/" + std::string(i, 'x'));
      REQUIRE(found != z.members().end());
      const byte_span bytes = z.stored(found->second, "m");
      CHECK(as_text(bytes) == contents[i]);
      CHECK(std::size_t(bytes.data() - as_byte_span(whole).data()) % alignment == 0);
      CHECK(z.read(found->second, "m", [](byte_span b) { return b.size(); }) == contents[i].size());
    }
  }
}

TEST_CASE("the same members make the same bytes, in memory and on disk") {
  const test::folder in;
  const std::string content = "content";
  const auto make = [&] {
    zip::writer w;
    w.add("a", as_byte_span(content), 64);
    return w;
  };
  make().save(in / "a.zip");
  CHECK(test::text_of(in / "a.zip") == make().encode());
}

TEST_CASE("an archive of nothing is an archive") {
  const std::string none = zip::writer().encode();
  CHECK(none.size() == 22);
  CHECK(zip::archive(as_byte_span(none), "t.zip").members().empty());
}

TEST_CASE("a second member of one name is refused") {
  zip::writer w;
  w.add("a", {});
  CHECK(test::has(test::message_of<ogm::value_error>([&] { w.add("a", {}); }), "second member a"));
}

TEST_CASE("a wrong CRC is an error, unless nobody asks for it") {
  const std::string content = "content";
  zip::writer w;
  w.add("a", as_byte_span(content));
  std::string whole = w.encode();
  whole[whole.find(content)] = 'C';
  const zip::archive z(as_byte_span(whole), "t.zip");
  const zip::member& m = z.members().at("a");
  CHECK(test::has(test::message_of([&] { z.stored(m, "t.zip:a"); }), "t.zip:a: damaged: its CRC differs"));
  CHECK(as_text(z.stored(m, "t.zip:a", false)) == "Content");
}
