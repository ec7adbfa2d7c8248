#include <ogm/data/pickle.hpp>

#include <catch2/catch.hpp>

#include "files.hpp"
#include "pickles.hpp"

namespace pickle_test {

using namespace ogm::data;
namespace test = ogm::test;
using pickle::kind;
using pickle::role;

namespace {

role allowed(std::string_view name) {
  if (name == "m.constant") return role::constant;
  if (name == "m.dict") return role::dictionary;
  if (name == "m.wrap") return role::wrapper;
  return name == "m.f" ? role::function : role::forbidden;
}
/// The error of a pickle that is everything that the file has.
std::string failure(const std::string& whole) {
  const std::vector<char> exact(whole.begin(), whole.end());
  return test::message_of([&] { pickle::document(as_byte_span(exact.data(), exact.size()), "t.pkl", allowed); });
}
struct parsed {
  explicit parsed(std::string b) : bytes(std::move(b)), document(as_byte_span(bytes), "t.pkl", allowed) {}
  std::string bytes;
  pickle::document document;
  pickle::object root() const { return document.root(); }
};

}  // namespace

TEST_CASE("numbers and texts of a pickle") {
  const auto integer = [](const std::string& body) {
    const parsed p(test::pickle(body));
    REQUIRE(p.root().is(kind::integer));
    return p.root().integer();
  };
  CHECK(integer("K\xFF") == 255);
  CHECK(integer("M\xFF\xFF") == 65535);
  CHECK(integer("J\xFF\xFF\xFF\xFF") == -1);
  CHECK(integer(std::string("\x8A\x00", 2)) == 0);
  CHECK(integer("\x8A\x01\x80") == -128);
  CHECK(integer(std::string("\x8A\x02\x80\x00", 4)) == 128);
  CHECK(integer(test::integer(INT64_MIN)) == INT64_MIN);
  CHECK(parsed(test::pickle(std::string("G\x3F\xF8\0\0\0\0\0\0", 9))).root().real() == 1.5);
  CHECK(parsed(test::pickle("\x88")).root().boolean());
  CHECK_FALSE(parsed(test::pickle("\x89")).root().boolean());
  CHECK(parsed(test::pickle("N")).root().is(kind::none));
  CHECK(parsed(test::pickle("X\x02" + std::string(3, '\0') + "\xC3\xA9")).root().text() == "\xC3\xA9");
  for (const std::string& head : {std::string("U\x02"), std::string("\x8C\x02"), 'T' + test::raw(2), "\x8D" + test::raw(std::uint64_t(2))})
    CHECK(parsed(test::pickle(head + "ab")).root().text() == "ab");
  const parsed huge(test::pickle("\x8A\x0A" + std::string(10, 'z')));
  CHECK(huge.root().is(kind::huge));
  CHECK(huge.root().text() == std::string(10, 'z'));
}

TEST_CASE("tuples, lists and dictionaries keep their order, and share what the memo gives") {
  const parsed p(test::pickle("(" + test::text("a") + "q" + std::string(1, '\0') + "K\x01K\x02\x86](K\x05K\x06" + "eK\x07" + "a}h" +
                              std::string(1, '\0') + "K\x09s)K\x01\x85K\x01K\x02K\x03\x87t"));
  const auto root = p.root();
  REQUIRE(root.is(kind::tuple));
  REQUIRE(root.size() == 7);
  CHECK(root[1].size() == 2);
  CHECK(root[1][1].integer() == 2);
  std::vector<std::int64_t> list;
  root[2].each_element([&](pickle::object o) { list.push_back(o.integer()); });
  CHECK(list == std::vector<std::int64_t>{5, 6, 7});
  CHECK(root[3].find("a", root).integer() == 9);
  CHECK(root[3].find("b", root).index() == root.index());
  CHECK(root[4].size() == 0);
  CHECK(root[5].size() == 1);
  CHECK(root[6].size() == 3);
  root[3].each_item([&](pickle::object key, pickle::object) { CHECK(key.index() == root[0].index()); });
}

TEST_CASE("protocol 4: frames, MEMOIZE and STACK_GLOBAL") {
  const std::string body = "\x8C\x01m\x94\x8C\x04wrap\x94\x93\x94K\x01\x85\x94\x85\x94R\x94.";
  const parsed p("\x80\x04\x95" + test::raw(std::uint64_t(body.size())) + body);
  CHECK(p.root().is(kind::tuple));
  CHECK(p.root()[0].integer() == 1);
  CHECK(p.document.end() == p.bytes.size());
}

TEST_CASE("a call of a function is a record, one of a dictionary a dictionary") {
  const parsed p(test::pickle(test::tuple({test::global("m", "f") + "K\x01\x85R", test::global("m", "dict") + ")R", "K\x07\x85Q"})));
  CHECK(p.root()[0].is(kind::call));
  CHECK(p.root()[0].callee().text() == "m.f");
  CHECK(p.root()[0].arguments()[0].integer() == 1);
  CHECK(p.root()[1].is(kind::dict));
  int persistent = 0;
  p.document.each_persistent([&](pickle::object o) { persistent += int(o.id()[0].integer()); });
  CHECK(persistent == 7);
  // Python 2 gives an OrderedDict its items as a list of lists.
  const parsed pairs(
      test::pickle(test::global("m", "dict") + "](](" + test::text("a") + "K\x01" + "e](" + test::text("b") + "K\x02" + "ee\x85R"));
  CHECK(pairs.root().find("a", pairs.root()).integer() == 1);
  CHECK(pairs.root().find("b", pairs.root()).integer() == 2);
  CHECK(parsed(test::pickle(test::global("m", "dict") + "}\x85R}b")).root().is(kind::dict));
}

TEST_CASE("a global that is not allowed is named with its byte, before anything else is read") {
  CHECK(test::has(failure(test::pickle("N0")), "t.pkl: the opcode 0x30 (POP)"));
  CHECK(test::has(failure("\x80\x02" + test::global("os", "system") + test::text("id") + "\x85R."), "the global os.system is not allowed"));
  CHECK(test::has(failure("\x80\x02" + test::global("os", "system")), "(pickle, byte 2)"));
  CHECK(test::has(failure(test::pickle("\x8C\x02os\x8C\x06system\x93")), "the global os.system is not allowed"));
  CHECK(test::has(failure(test::pickle(test::global("builtins", "eval"))), "builtins.eval"));
  CHECK(test::has(failure(test::pickle(test::global("a\x1B[2J", std::string(500, 'x')))), "a?[2J.xxx"));
  CHECK(failure(test::pickle(test::global("a", std::string(5000, 'x')))).size() < 400);
}

TEST_CASE("every byte that is no opcode of data is refused by its name") {
  const std::string known(".N\x88\x89KMJ\x8AGU\x8CTX\x8D()t\x85\x86\x87]}aesucRbQqr\x94hj\x95\x93");
  int refused = 0;
  for (int code = 0; code < 256; ++code) {
    if (known.find(char(code)) != known.npos) continue;
    ++refused;
    CHECK(test::has(failure(test::pickle(std::string(1, char(code)))), "the opcode 0x"));
  }
  CHECK(refused == 256 - 37);
  CHECK(test::has(failure(test::pickle("(" + test::text("a") + "i")), "0x69 (INST)"));
  CHECK(test::has(failure(test::pickle(")\x81")), "0x81 (NEWOBJ)"));
  CHECK(test::has(failure(test::pickle("\xFF")), "0xFF is not one that a file of data needs (pickle, byte 2)"));
}

TEST_CASE("each mistake of a pickle has its sentence") {
  const auto fails = [](const std::string& body, const std::string& sentence) {
    const std::string message = failure(test::pickle(body));
    INFO(message);
    CHECK(test::has(message, sentence));
  };
  CHECK(test::has(failure(""), "truncated"));
  CHECK(test::has(failure("x"), "does not begin with a protocol"));
  CHECK(test::has(failure("\x80\x01N."), "pickle protocol 1; 2 to 5 expected"));
  CHECK(test::has(failure("\x80\x02"), "truncated (pickle, byte"));
  fails("", "the stack is empty");
  fails("NN", "objects are left");
  fails("(N", "objects are left");
  fails("t", "there is no mark");
  fails("\x85", "the stack is empty");
  fails("N(\x85", "the stack is empty");  // a mark hides what lies below it
  fails("Na", "the stack is empty");
  fails("NNa", "elements for None, a list expected");
  fails("NNNs", "items for None, a dictionary expected");
  fails("}(Nu", "a key without a value");
  fails("Ns", "the stack is empty");
  fails("(u", "no dictionary for it");
  fails("NQ", "None where a tuple is expected");
  fails("N)R", "None where a global is expected");
  fails(test::global("m", "f") + "NR", "None where a tuple is expected");
  fails(test::global("m", "constant") + ")R", "a call of m.constant");
  fails(test::global("m", "wrap") + ")R", "a call of m.wrap");
  fails(test::global("m", "dict") + "N\x85R", "a call of m.dict");
  fails(test::global("m", "dict") + "](Ne\x85R", "whose elements are no pairs");
  fails("N}b", "None where a dictionary is expected");
  fails("}Nb", "None where a dictionary is expected");
  fails("h\x05", "the memo has nothing at 5");
  fails("Nq\xC8", "the memo has no place 200 yet");
  fails("Nr\xFF\xFF\xFF\xFF", "the memo has no place 4294967295 yet");
  fails("X\xFF\xFF\xFF\x7F", "truncated, or a text over 100 MB");
  fails("X\x09" + std::string(3, '\0') + "abc", "truncated");
  fails("\x8D" + std::string(8, '\xFF'), "a text over 100 MB");
  fails("U\x01\xFF", "no UTF-8");
  fails("cos", "truncated inside the name of a global");
  fails("\x95" + std::string(8, '\x7F') + "N", "a frame longer than the file");
  fails("NN\x93", "None where a text is expected");
}

TEST_CASE("deep nesting takes no stack, and lists of lists no time") {
  const std::size_t depth = 1'000'000;
  CHECK(failure(test::pickle(")" + std::string(depth, '\x85'))) == "");
  CHECK(failure(test::pickle(std::string(depth, '(') + std::string(depth, 't'))) == "");
  // Each list holds the one before it twice: 2^60 elements if anyone followed them.
  std::string doubling = "]q" + std::string(1, '\0');
  for (int i = 1; i < 60; ++i) {
    const std::string before = 'h' + std::string(1, char(i - 1));
    doubling += "](" + before + before + "eq" + std::string(1, char(i));
  }
  CHECK(failure(test::pickle("(" + doubling + "t")) == "");
  // A list that holds itself.
  CHECK(failure(test::pickle("]q" + std::string(1, '\0') + "h" + std::string(1, '\0') + "a")) == "");
  // The items of a list, copied into one dictionary after the other.
  std::string pairs = "](";
  for (int i = 0; i < 500; ++i) pairs += "NN\x86";
  pairs += "e\x85q" + std::string(1, '\0');
  std::string many = test::global("m", "dict") + "q\x01" + pairs;
  for (int i = 0; i < 500; ++i) many += "h\x01h" + std::string(1, '\0') + "R";
  CHECK(test::has(failure(test::pickle("(" + many + "t")), "more items than bytes"));
}

TEST_CASE("pickle: every prefix is refused, and no flipped bit does harm") {
  const std::string whole = test::pickle("(" +
                                         test::dict({{"a", test::tensor()},
                                                     {"b",
                                                      "](K\x01M\x02\x03"
                                                      "e"}}) +
                                         "q" + std::string(1, '\0') + "h" + std::string(1, '\0') + "t");
  const auto everything = [](std::string_view) { return role::function; };
  const auto parse = [&](byte_span b) { pickle::document(b, "t.pkl", everything); };
  REQUIRE(test::message_of([&] { parse(as_byte_span(whole)); }) == "");
  CHECK(test::accepted_prefixes(whole, parse) == 0);
  CHECK(test::accepted_flips(whole, parse) < 8 * whole.size());
}

}  // namespace pickle_test
