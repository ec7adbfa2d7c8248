#include <ogm/data/pt.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "files.hpp"
#include "pickles.hpp"

#include <algorithm>

namespace pt_test {

using namespace ogm::data;
namespace test = ogm::test;

namespace {

using sizes = std::vector<ogm::size_type>;

std::string golden(const std::string& name) { return OGM_SOURCE_DIR "/tests/golden/checkpoints/" + name; }
const std::string checkpoints[]{"state_dict_zip.pt", "state_dict_legacy.pt", "nested_zip.pt"};

pt::archive parse(const std::string& bytes, const pt::options& how = {}) { return pt::archive(as_byte_span(bytes), "t.pt", how); }
std::string failure(const std::string& bytes, const pt::options& how = {}) {
  const std::vector<char> exact(bytes.begin(), bytes.end());
  return test::message_of([&] { pt::archive(as_byte_span(exact.data(), exact.size()), "t.pt", how); });
}
/// The error of a file whose state dict has this one tensor, "w".
std::string tensor_failure(const test::view& v) { return failure(test::pt_zip(test::pickle(test::dict({{"w", test::tensor(v)}})))); }

/// Everything that a reader sees of the tensors, to compare two files by.
std::string all_of(const pt::archive& a) {
  std::string out;
  for (const pt::entry& e : a.entries()) {
    out += e.key + '|' + std::string(name_of(e.type)) + ogm::shape_text(e.shape);
    const auto bytes = e.packed();
    out += as_text(byte_span(bytes));
  }
  return out;
}

}  // namespace

TEST_CASE("every tensor of the files that PyTorch wrote, in their order") {
  const auto expected = nlohmann::ordered_json::parse(test::text_of(golden("state_dict.json")));
  const std::map<std::string, dtype> types{
      {"float32", dtype::f32}, {"float64", dtype::f64}, {"float16", dtype::f16}, {"bfloat16", dtype::bf16}, {"int64", dtype::i64}};
  for (const std::string& name : checkpoints) {
    INFO(name);
    const pt::file f(golden(name));
    REQUIRE(f.entries().size() == expected.size());
    std::size_t i = 0;
    for (const auto& [key, tensor] : expected.items()) {
      INFO(key);
      const pt::entry& e = f.entries()[i++];
      CHECK(e.name == key);
      CHECK(e.key == key);
      CHECK(&f.find(key) == &e);
      CHECK(e.type == types.at(tensor["dtype"].get<std::string>()));
      CHECK(e.shape == tensor["shape"].get<sizes>());
      const auto values = tensor["values"].get<std::vector<double>>();
      CHECK(e.read_as<double>().values == values);
      CHECK(std::size_t(e.count()) == values.size());
      CHECK(e.packed().size() == values.size() * size_of(e.type));
    }
    CHECK(f.find("module.fc_a1.weight").read<float>().as<6, 4>()(5, 3) == -0.3085442781448364f);
    CHECK(f.find("module.bn.num_batches_tracked").read<std::int64_t>().values == std::vector<std::int64_t>{7});
    CHECK(test::has(test::message_of([&] { f.find("module.fc_a1.weight").read<double>(); }),
                    "module.fc_a1.weight: elements of type f32, f64 expected"));
    CHECK_FALSE(f.contains("fc_a1.weight"));
    CHECK(test::has(test::message_of([&] { f.find("fc_a1.weight"); }), name + ": has no tensor fc_a1.weight"));
  }
}

TEST_CASE("views of one storage point into it") {
  const pt::file f(golden("state_dict_zip.pt"));
  const pt::entry &tied = f.find("module.tied.weight"), &transposed = f.find("module.tied_t.weight"), &part = f.find("module.slice.weight");
  CHECK(tied.contiguous());
  CHECK(transposed.strides == sizes{1, 6});
  CHECK_FALSE(transposed.contiguous());
  CHECK(transposed.elements.data() == tied.elements.data());
  CHECK(part.strides == sizes{6, 1});
  CHECK(part.elements.data() == tied.elements.data() + 8 * sizeof(float));
  CHECK(part.elements.size() == 9 * sizeof(float));  // two rows of three, six apart
  // PyTorch pads its zip so that elements are aligned.
  CHECK(std::equal(tied.as<float>().begin(), tied.as<float>().end(), tied.read<float>().values.begin()));
  CHECK(test::has(test::message_of([&] { transposed.as<float>(); }), "not row-major"));
  CHECK(test::has(test::message_of([&] { tied.as<double>(); }), "elements of type f32, f64 expected"));
  CHECK(f.find("module.empty").as<float>().empty());
}

TEST_CASE("module. is left out on request, and the file's own key stays known") {
  for (const std::string& name : checkpoints) {
    const pt::file f(golden(name), {.strip_module = true});
    for (const pt::entry& e : f.entries()) {
      CHECK(e.key == "module." + e.name);
      CHECK(f.contains(e.name));
    }
    CHECK(f.find("conv.weight").shape == sizes{3, 2, 3, 3});
  }
  const std::string both = test::pt_zip(test::pickle(test::dict({{"a", test::tensor()}, {"module.a", test::tensor()}})));
  CHECK(failure(both) == "");
  CHECK(test::has(failure(both, {.strip_module = true}), "two tensors are called a"));
}

TEST_CASE("what the published code saves beside the tensors can be read") {
  const pt::file f(golden("nested_zip.pt"), {.inside = pt::path{"model"}});
  CHECK(f.entries().size() == 12);
  const auto root = f.root();
  CHECK(root.find("saved_epoch", root).integer() == 3);
  CHECK(root.find("modulation", root).text() == "OGM_GE");
  CHECK(root.find("alpha", root).real() == 0.8);
  CHECK(test::has(test::message_of([&] {
                    pt::file(golden("nested_zip.pt"), {.inside = pt::path{"model", "ema"}});
                  }),
                  "has no ema of model/ema"));
}

TEST_CASE("tensors in several dictionaries: the file asks which") {
  const std::string steps = "}(" + test::integer(0) + test::dict({{"momentum", test::tensor()}}) + "u";
  const std::string whole = test::pt_zip(test::pickle(
      test::dict({{"model", test::dict({{"w", test::tensor()}})}, {"optimizer", test::dict({{"state", steps}})}, {"epoch", "K\x05"}})));
  // An optimiser's state lies under numbers: only one dictionary can be meant.
  CHECK(parse(whole).entries().size() == 1);
  CHECK(parse(whole).contains("w"));
  CHECK(parse(whole, {.inside = pt::path{"optimizer", "state", "0"}}).contains("momentum"));
  const std::string two = test::pt_zip(test::pickle(test::dict(
      {{"model", test::dict({{"w", test::tensor()}})}, {"ema", test::dict({{"v", test::tensor()}})}, {"loss", test::tensor()}})));
  CHECK(test::has(failure(two), "holds tensors in several dictionaries (the file's own object, model, ema)"));
  CHECK(parse(two, {.inside = pt::path{"ema"}}).contains("v"));
  CHECK(parse(two, {.inside = pt::path{}}).contains("loss"));
  CHECK(test::has(failure(test::pt_zip(test::pickle("K\x05"))), "holds no state dict"));
  CHECK(test::has(failure(test::pt_zip(test::pickle("}(NNu"))), "holds no state dict"));
  CHECK(parse(test::pt_zip(test::pickle("}"))).entries().empty());
  // Alone, or in a list.
  CHECK(parse(test::pt_zip(test::pickle(test::tensor()))).find("").shape == sizes{2, 3});
  CHECK(parse(test::pt_zip(test::pickle("](" + test::tensor() + "N" + test::tensor() + "e")), {.inside = pt::path{}}).contains("2"));
  CHECK(parse(test::pt_zip(test::pickle("(" + test::dict({{"w", test::tensor()}}) + "K\x01t")), {.inside = pt::path{"0"}}).contains("w"));
  // A dictionary that holds itself.
  CHECK(parse(test::pt_zip(test::pickle("}q" + std::string(1, '\0') + "(" + test::text("self") + "h" + std::string(1, '\0') +
                                        test::text("w") + test::tensor() + "u")))
            .contains("w"));
}

TEST_CASE("the other ways to write a tensor") {
  const auto read = [](const std::string& value) {
    return parse(test::pt_zip(test::pickle(test::dict({{"w", value}})))).find("w").read_as<float>().values;
  };
  const std::vector<float> all{0, 1, 2, 3, 4, 5};
  CHECK(read(test::tensor()) == all);
  const std::string parts = test::storage("Float", "0", 6) + "K" + std::string(1, '\0');
  CHECK(read(test::global("torch._utils", "_rebuild_tensor") + "(" + parts + test::global("torch", "Size") + "K\x06\x85\x85R" +
             "K\x01\x85" + "tR") == all);
  CHECK(read(test::global("torch._utils", "_rebuild_parameter") + test::tuple({test::tensor(), "\x88", "}"}) + "R") == all);
  // Types without a storage of their own: the storage counts bytes, and the call says the type.
  const std::string untyped =
      test::tuple({test::text("storage"), test::global("torch.storage", "UntypedStorage"), test::text("0"), test::text("cpu"), "K\x18"}) +
      'Q';
  const auto typed = [&](const std::string& type, std::int64_t count) {
    return test::global("torch._utils", "_rebuild_tensor_v3") +
           test::tuple(
               {untyped, test::integer(0), test::integers({count}), test::integers({1}), "\x89", "}", test::global("torch", type)}) +
           "R";
  };
  const auto words = [&](const std::string& type, std::int64_t count) {
    return test::pt_zip(test::pickle(test::dict({{"w", typed(type, count)}})));
  };
  CHECK(parse(words("uint16", 12)).find("w").read<std::uint16_t>().values[3] == 0x3F80);
  CHECK(parse(words("uint32", 6)).find("w").read<std::uint32_t>().values[1] == 0x3F800000);
  CHECK(parse(words("uint64", 3)).find("w").type == dtype::u64);
  CHECK(parse(words("float32", 6)).find("w").read<float>().values == all);
  CHECK(test::has(failure(words("uint16", 13)), "outside of its storage of 12 elements"));
  CHECK(test::has(failure(words("Size", 3)), "no element type that can be read"));
  // Strides of 0 repeat, and what is not row-major is put in order.
  CHECK(read(test::tensor({.sizes = {2, 2}, .strides = {0, 1}})) == std::vector<float>{0, 1, 0, 1});
  CHECK(read(test::tensor({.sizes = {3, 2}, .strides = {1, 3}})) == std::vector<float>{0, 3, 1, 4, 2, 5});
  CHECK(read(test::tensor({.offset = 1, .sizes = {2, 1, 2}, .strides = {3, INT64_MAX, 1}})) == std::vector<float>{1, 2, 4, 5});
  CHECK(read(test::tensor({.offset = 5, .sizes = {}, .strides = {}})) == std::vector<float>{5});
  CHECK(read(test::tensor({.offset = 900, .sizes = {0}, .strides = {1}})).empty());
}

TEST_CASE("a file can run nothing: globals and opcodes are refused with their name and byte") {
  const auto fails = [](const std::string& body, const std::string& sentence) {
    INFO(failure(test::pt_zip(test::pickle(body))));
    CHECK(test::has(failure(test::pt_zip(test::pickle(body))), sentence));
  };
  fails(test::global("os", "system") + test::text("true") + "\x85R", "t.pt:archive/data.pkl: the global os.system is not allowed");
  fails(test::global("os", "system"), "(pickle, byte 2)");
  fails(test::dict({{"w", test::tensor()}, {"x", test::global("__builtin__", "eval") + "\x85R"}}), "__builtin__.eval");
  fails(test::global("torch", "load"), "torch.load");
  fails(test::global("torch._utils", "_rebuild_sparse_tensor"), "_rebuild_sparse_tensor is not allowed");
  fails(test::global("torch", "FloatStorage") + ")R", "a call of torch.FloatStorage");
  fails("(" + test::text("a") + "ios\nsystem\n", "0x69 (INST)");
  CHECK(test::has(failure(test::pt_legacy(test::pickle(test::global("posix", "system")), {}, "")), "t.pt: the global posix.system"));
}

TEST_CASE("a tensor cannot reach outside of its storage") {
  const auto fails = [](const test::view& v, const std::string& sentence) {
    const std::string message = tensor_failure(v);
    INFO(message);
    CHECK(test::has(message, "t.pt: "));
    CHECK(test::has(message, sentence));
  };
  constexpr std::int64_t big = std::int64_t(1) << 62;
  CHECK(tensor_failure({}) == "");
  CHECK(tensor_failure({.sizes = {0, 3}}) == "");
  CHECK(tensor_failure({.offset = 5, .sizes = {1, 1}, .strides = {big, big}}) == "");
  fails({.offset = 1}, "the tensor w: shape (2, 3) with strides (3, 1) from element 1 reaches outside of its storage of 6 elements");
  fails({.sizes = {3, 3}}, "outside of its storage of 6");
  fails({.strides = {4, 1}}, "outside of its storage of 6");
  fails({.offset = big, .sizes = {}, .strides = {}}, "outside of its storage of 6");
  fails({.offset = INT64_MAX}, "outside");
  fails({.strides = {INT64_MAX, 1}}, "outside");
  fails({.sizes = {2, 2}, .strides = {INT64_MAX, INT64_MAX}}, "outside");
  fails({.sizes = {3, 1}, .strides = {big, 1}}, "outside");
  fails({.offset = -1}, "begins at element -1");
  fails({.sizes = {-2, 3}}, "a size or stride that is no integer of at least 0");
  fails({.strides = {-3, 1}}, "a size or stride that is no integer of at least 0");
  fails({.sizes = {big, big}}, "more elements than memory");
  fails({.sizes = {big, 4}}, "more elements than memory");
  fails({.sizes = {0, big, big}, .strides = {1, 1, 1}}, "more elements than memory");
  fails({.sizes = {2}}, "1 sizes and 2 strides");
  fails({.sizes = std::vector<std::int64_t>(33, 1), .strides = std::vector<std::int64_t>(33, 1)}, "more than 32 axes");
  fails({.sizes = {1 << 30}, .strides = {0}}, "over 8 times the bytes of the file");
  fails({.storage = test::storage("Float", "0", 7)}, "the storage 0 has 24 bytes, and its tensors say 28");
  fails({.storage = test::storage("Float", "0", 5)}, "the storage 0 has 24 bytes, and its tensors say 20");
  fails({.storage = test::storage("Double", "0", 6)}, "the storage 0 has 24 bytes, and its tensors say 48");
  fails({.storage = test::storage("Double", "0", 3), .sizes = {4}, .strides = {1}}, "outside of its storage of 3");
  fails({.storage = test::storage("Float", "0", -1)}, "a negative size");
  fails({.storage = test::storage("Float", "0", big)}, "more bytes than memory");
  fails({.storage = test::storage("Float", "1", 6)}, "has no storage 1");
  fails({.storage = test::storage("Float", "../data/0", 6)}, "has no storage ../data/0");
  fails({.storage = test::tuple({test::text("module"), "N", "N", "N", "N"}) + "Q"}, "no storage's");
  fails({.storage = ")Q"}, "no storage's");
  fails({.storage = "N"}, "storage, offset, size and strides expected");
  CHECK(test::has(failure(test::pt_zip(test::pickle(test::dict({{"w", test::tensor()}, {"w", test::tensor()}})))),
                  "two tensors are called w"));
  // Many views of one storage: each is harmless, all together are not.
  std::string many = "}(";
  for (int i = 0; i < 4000; ++i) {
    many += test::text(std::to_string(i));
    many += i == 0 ? test::tensor() + 'q' : std::string("h");
    many += '\0';
  }
  std::string large(1 << 16, '\1');
  CHECK(failure(test::pt_zip(test::pickle(many + "u"))) == "");
  const auto replaced = [&](std::string from, const std::string& what, const std::string& with) {
    from.replace(from.find(what), what.size(), with);
    return from;
  };
  many = replaced(many, test::storage("Float", "0", 6), test::storage("Float", "0", 1 << 14));
  many = replaced(replaced(many, test::integers({2, 3}), test::integers({1 << 14})), test::integers({3, 1}), test::integers({1}));
  CHECK(test::has(failure(test::pt_zip(test::pickle(many + "u"), {{"data/0", large}})), "over 8 times the bytes of the file"));
}

TEST_CASE("zip archives that are no checkpoints say what they are") {
  const std::string object = test::pickle(test::dict({{"w", test::tensor()}}));
  const std::string bytes(24, '\0');
  CHECK(test::has(failure(test::pt_zip(object, {{"data/0", bytes}, {"constants.pkl", ""}})), "a TorchScript archive"));
  CHECK(test::has(failure(test::pt_zip(object, {{"data/0", bytes}, {"x/data.pkl", ""}})), "two members are called data.pkl"));
  CHECK(test::has(failure(test::pt_zip(object, {{"data/0", bytes}, {"byteorder", "big"}})), "big-endian"));
  CHECK(failure(test::pt_zip(object, {{"data/0", bytes}, {"byteorder", "little"}})) == "");
  CHECK(test::has(failure(test::pt_zip(object + "N", {{"data/0", bytes}})), "bytes after the pickle"));
  zip::writer w;
  w.add("a.npy", {});
  CHECK(test::has(failure(w.encode()), "a zip archive without data.pkl"));
  CHECK(test::has(failure("not a file"), "neither a zip nor a pickle"));
  CHECK(test::has(failure(""), "neither a zip nor a pickle"));
  CHECK(test::has(failure("PK"), "no zip archive"));
  std::string damaged = test::pt_zip(object);
  damaged[damaged.find(test::raw(1.f) + test::raw(2.f))] ^= 1;
  CHECK(test::has(failure(damaged), "t.pt:archive/data/0: damaged: its CRC differs"));
  CHECK(failure(damaged, {.check_crc = false}) == "");
}

TEST_CASE("storages that overlap cost no more than the file is long") {
  // Twenty names in the directory for one member of 64 KB, each a storage of its own.
  const std::string content(1 << 16, '\1');
  std::string object = "}(";
  test::members members;
  for (int i = 0; i < 20; ++i) {
    object += test::text(std::to_string(i)) +
              test::tensor({.storage = test::storage("Float", std::to_string(10 + i), 1 << 14), .sizes = {1}, .strides = {1}});
    members.emplace_back("data/" + std::to_string(10 + i), i == 0 ? content : "");
  }
  std::string whole = test::pt_zip(test::pickle(object + "u"), members);
  const std::size_t directory = whole.find("PK\x01\x02"), first = whole.find("PK\x01\x02", directory + 1);
  for (std::size_t at = first; at != whole.npos; at = whole.find("PK\x01\x02", at + 1))
    whole.replace(at + 16, 12, whole.substr(first + 16, 12)).replace(at + 42, 4, whole.substr(first + 42, 4));
  CHECK(test::has(failure(whole), "storages that take more bytes than the file has"));
}

TEST_CASE("the older form by hand") {
  const auto old_storage = [](const std::string& type, std::int64_t count, const std::string& part) {
    return test::tuple({test::text("storage"), test::global("torch", type + "Storage"), test::text("7"), test::text("cuda:0"),
                        test::integer(count), part}) +
           "Q";
  };
  const auto object = [&](const std::string& part, std::int64_t count = 4) {
    return test::pickle(test::dict({{"w", test::tensor({.storage = old_storage("Short", count, part), .sizes = {2}, .strides = {1}})}}));
  };
  const std::string rest = test::raw(std::int64_t(4)) + test::raw(std::uint64_t(0x0004000300020001));
  const auto view = [](std::int64_t from, std::int64_t size) {
    return test::tuple({test::text("9"), test::integer(from), test::integer(size)});
  };
  const auto read = [&](const std::string& whole) { return parse(whole).find("w").read<std::int16_t>().values; };
  CHECK(read(test::pt_legacy(object("N"), {"7"}, rest)) == std::vector<std::int16_t>{1, 2});
  // A storage that is a part of another, as files of old versions have it.
  CHECK(read(test::pt_legacy(object(view(2, 2)), {"7"}, rest)) == std::vector<std::int16_t>{3, 4});
  CHECK(test::has(failure(test::pt_legacy(object(view(2, 1)), {"7"}, rest)), "outside of its storage of 1"));
  CHECK(test::has(failure(test::pt_legacy(object(view(2, 3)), {"7"}, rest)), "a part of the storage 7 that lies outside"));
  CHECK(test::has(failure(test::pt_legacy(object(view(-1, 1)), {"7"}, rest)), "a negative size"));
  CHECK(test::has(failure(test::pt_legacy(object(view(INT64_MAX, 1)), {"7"}, rest)), "more bytes than memory"));
  CHECK(test::has(failure(test::pt_legacy(object("K\x01"), {"7"}, rest)), "no storage's"));

  CHECK(test::has(failure(test::pt_legacy(object("N"), {"7"}, rest + "x")), "1 bytes after the last storage"));
  CHECK(test::has(failure(test::pt_legacy(object("N"), {"7"}, "1234567")), "truncated before the storage 7"));
  CHECK(test::has(failure(test::pt_legacy(object("N"), {"7"}, test::raw(std::int64_t(5)) + rest.substr(8))), "says 5 elements of 2 bytes"));
  CHECK(test::has(failure(test::pt_legacy(object("N"), {"7"}, test::raw(std::int64_t(-1)) + rest.substr(8))), "truncated: the storage 7"));
  CHECK(test::has(failure(test::pt_legacy(object("N", 3), {"7"}, rest)), "the storage 7 has 8 bytes, and its tensors say 6"));
  CHECK(test::has(failure(test::pt_legacy(object("N"), {"7", "7"}, rest + rest)), "the storage 7 occurs twice"));
  CHECK(test::has(failure(test::pt_legacy(object("N"), {"8"}, rest)), "a storage that no tensor has"));
  CHECK(test::has(failure(test::pt_legacy(object("N"), {}, "")), "has no storage 7"));
  const std::string two =
      test::pickle(test::dict({{"v", test::tensor({.storage = old_storage("Short", 4, "N"), .sizes = {2}, .strides = {1}})},
                               {"w", test::tensor({.storage = old_storage("Float", 2, "N"), .sizes = {2}, .strides = {1}})}}));
  CHECK(test::has(failure(test::pt_legacy(two, {"7"}, rest)), "elements of two sizes"));
  CHECK(test::has(failure(test::pt_legacy(object("N"), {"7"}, rest, test::dict({{"little_endian", "\x89"}}))), "big-endian"));
  CHECK(test::has(failure(test::pickle("K\x01")), "does not begin with PyTorch's number"));
  std::string version = test::pt_legacy(object("N"), {"7"}, rest);
  version[version.find("M\xE9\x03") + 1] = '\xEA';
  CHECK(test::has(failure(version), "other than 1001"));
}

TEST_CASE("every prefix of a checkpoint is refused") {
  for (const std::string& name : checkpoints) {
    INFO(name);
    CHECK(test::accepted_prefixes(test::text_of(golden(name)), [](byte_span b) { pt::archive(b, "t.pt"); }) == 0);
  }
}

TEST_CASE("a flipped bit of a checkpoint in the zip form is refused, or changes no tensor") {
  for (const std::string& name : {checkpoints[0], checkpoints[2]}) {
    INFO(name);
    const std::string whole = test::text_of(golden(name));
    const std::string expected = all_of(parse(whole));
    std::size_t changed = 0;
    const auto compare = [&](byte_span b) {
      const std::string found = all_of(pt::archive(b, "t.pt"));
      changed += found != expected;
    };
    const std::size_t accepted = test::accepted_flips(whole, compare);
    CHECK(changed == 0);
    CHECK(accepted < 8 * whole.size() / 2);
  }
}

TEST_CASE("a flipped bit of a checkpoint in the older form, which has no checksum, does no harm") {
  const std::string whole = test::text_of(golden(checkpoints[1]));
  std::size_t elements = 0;
  const pt::archive read = parse(whole);
  for (const pt::entry& e : read.entries()) elements += e.contiguous() ? 8 * e.elements.size() : 0;
  const std::size_t accepted = test::accepted_flips(whole, [](byte_span b) { all_of(pt::archive(b, "t.pt")); });
  CHECK(accepted < 8 * whole.size());
  CHECK(accepted >= elements / 2);  // those of the elements themselves cannot be seen
}

}  // namespace pt_test
