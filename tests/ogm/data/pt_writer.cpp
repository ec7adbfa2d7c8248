#include <ogm/data/pt_writer.hpp>

#include <catch2/catch.hpp>

#include "files.hpp"

#include <cstdlib>

namespace pt_writer_test {

using namespace ogm::data;
namespace test = ogm::test;

namespace {

using sizes = std::vector<ogm::size_type>;

std::string golden(const std::string& name) { return OGM_SOURCE_DIR "/tests/golden/checkpoints/" + name; }

/// The same tensors: names, types, shapes and elements, and where `in_order` also the order.
bool same(const pt::archive& a, const pt::archive& b, bool in_order) {
  if (a.entries().size() != b.entries().size()) return false;
  for (std::size_t i = 0; i < a.entries().size(); ++i) {
    const pt::entry& x = a.entries()[i];
    if (!b.contains(x.name)) return false;
    const pt::entry& y = in_order ? b.entries()[i] : b.find(x.name);
    if (x.key != y.key || x.type != y.type || x.shape != y.shape || x.packed() != y.packed()) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("tensors that were written are read back, aligned, in their order") {
  const test::folder in;
  const std::vector<float> weights{1, 2, 3, 4, 5, 6};
  const std::vector<std::int64_t> step{INT64_MIN};
  const std::vector<std::uint8_t> flags{0, 1, 1};
  const std::vector<bfloat16> halves{bfloat16(1.f), bfloat16(-2.f)};
  pt::writer w;
  w.add<float>("z.weight\"\n\xC3\xA9", weights, sizes{2, 3});
  w.add<std::int64_t>("step", step, sizes{});
  w.add<std::uint8_t>("flags", flags, sizes{3});
  w.add<bfloat16>("half", halves, sizes{2, 1});
  w.add("mask", dtype::boolean, sizes{3}, as_byte_span(flags.data(), 3));
  w.add("empty", dtype::f64, sizes{0, 7}, {});
  w.save(in / "a.pt");
  CHECK(test::text_of(in / "a.pt") == w.encode());
  const pt::file f(in / "a.pt");
  REQUIRE(f.entries().size() == 6);
  CHECK(f.entries()[0].name == "z.weight\"\n\xC3\xA9");
  CHECK(f.entries()[0].shape == sizes{2, 3});
  CHECK(f.entries()[0].strides == sizes{3, 1});
  CHECK(f.entries()[0].read<float>().values == weights);
  CHECK(f.find("step").as<std::int64_t>()[0] == INT64_MIN);
  CHECK(f.find("flags").read<std::uint8_t>().values == flags);
  CHECK(f.find("half").read_as<float>().values == std::vector<float>{1, -2});
  CHECK(f.find("mask").type == dtype::boolean);
  CHECK(f.find("empty").shape == sizes{0, 7});
  for (const pt::entry& e : f.entries())
    if (!e.elements.empty()) CHECK(reinterpret_cast<std::uintptr_t>(e.elements.data()) % 64 == 0);
  pt::writer().save(in / "none.pt");
  CHECK(pt::file(in / "none.pt").entries().empty());
}

TEST_CASE("a file goes through the writer, and through safetensors, without a change") {
  const test::folder in;
  for (const std::string name : {"state_dict_zip.pt", "state_dict_legacy.pt", "nested_zip.pt"}) {
    INFO(name);
    const pt::file original(golden(name));
    pt::writer w;
    w.add(original);
    w.save(in / "copy.pt");
    CHECK(same(original, pt::file(in / "copy.pt"), true));
    pt::to_safetensors(original, in / "copy.safetensors");
    const safetensors::file converted(in / "copy.safetensors");
    CHECK(converted.entries().size() == original.entries().size());
    pt::from_safetensors(converted, in / "back.pt");
    CHECK(same(original, pt::file(in / "back.pt"), false));
  }
  pt::to_safetensors(pt::file(golden("nested_zip.pt"), {.strip_module = true}), in / "stripped.safetensors");
  CHECK(safetensors::file(in / "stripped.safetensors").find("fc_a1.bias").shape == sizes{6});
}

TEST_CASE("what a model does not know stays in the file, under its key and in its place") {
  const test::folder in;
  const pt::file original(golden("state_dict_zip.pt"), {.strip_module = true});
  const std::vector<float> bias{1, 2, 3, 4, 5, 6};
  pt::writer w;
  w.add(original);
  w.replace<float>(original.find("fc_a1.bias").key, bias, sizes{6});
  w.save(in / "new.pt");
  const pt::file written(in / "new.pt", {.strip_module = true});
  REQUIRE(written.entries().size() == original.entries().size());
  for (std::size_t i = 0; i < original.entries().size(); ++i) {
    const pt::entry &before = original.entries()[i], &after = written.entries()[i];
    CHECK(after.key == before.key);
    CHECK((after.packed() == before.packed()) == (before.name != "fc_a1.bias"));
  }
  CHECK(written.find("fc_a1.bias").read<float>().values == bias);
  CHECK(test::has(test::message_of<ogm::value_error>([&] { w.replace<float>("fc_a1.bias", bias, sizes{6}); }), "no tensor fc_a1.bias"));
  CHECK(test::has(test::message_of<ogm::shape_error>([&] {
                    w.replace<float>("module.fc_a1.bias", bias, sizes{2, 3});
                  }),
                  "module.fc_a1.bias: f32 (2, 3) instead of f32 (6)"));
}

TEST_CASE("the writer refuses what PyTorch could not read") {
  constexpr ogm::size_type big = ogm::size_type(1) << 62;
  pt::writer w;
  w.add("a", dtype::f32, sizes{0}, {});
  const auto value = [&](const std::string& name, dtype type) {
    return test::message_of<ogm::value_error>([&] { w.add(name, type, sizes{0}, {}); });
  };
  const auto shape = [&](const sizes& s) { return test::message_of<ogm::shape_error>([&] { w.add("b", dtype::f32, s, {}); }); };
  CHECK(test::has(value("a", dtype::f32), "second tensor a"));
  CHECK(test::has(value("b", dtype::u16), "b: .pt files have no u16"));
  CHECK(test::has(value("\xFF", dtype::f32), "no UTF-8"));
  CHECK(test::has(shape({2}), "0 bytes do not fill the shape (2) of f32"));
  CHECK(test::has(shape({-1, 0}), "do not fill the shape"));
  CHECK(test::has(shape({0, big, big}), "do not fill the shape"));
}

TEST_CASE("a .pt file that cannot be written leaves the old one") {
  const test::folder in;
  CHECK(test::has(test::message_of([&] { pt::writer().save(in.path() + "/missing/a.pt"); }), "missing/a.pt"));
  const std::string path = in.write("a.safetensors", "old");
  const std::vector<std::uint16_t> words{1};
  safetensors::writer w;
  w.add<std::uint16_t>("w", words, sizes{1});
  w.save(in / "w.safetensors");
  CHECK(test::has(test::message_of<ogm::value_error>([&] { pt::from_safetensors(safetensors::file(in / "w.safetensors"), path); }), "u16"));
  CHECK(test::text_of(path) == "old");
}

TEST_CASE("PyTorch reads what was written, and the reverse", "[slow]") {
  const test::folder in;
  const std::string script = in.write("check.py", R"(
import sys
try:
    import torch
except ImportError:
    sys.exit(77)
import collections
folder, golden = sys.argv[1:]
for name, inside in (('state_dict_zip.pt', None), ('state_dict_legacy.pt', None), ('nested_zip.pt', 'model')):
    expected = torch.load(golden + '/' + name)
    expected = expected[inside] if inside else expected
    for written, ordered in ((folder + '/copy_' + name, True), (folder + '/back_' + name, False)):
        for keywords in ({}, {'weights_only': True}):
            found = torch.load(written, **keywords)
            assert type(found) is collections.OrderedDict, type(found)
            assert set(found) == set(expected) and (not ordered or list(found) == list(expected))
            for key, tensor in expected.items():
                assert found[key].dtype == tensor.dtype and found[key].shape == tensor.shape, key
                assert found[key].is_contiguous() and torch.equal(found[key], tensor), key
model = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3))
torch.manual_seed(3)
optimizer = torch.optim.Adam(model.parameters())
model(torch.randn(2, 2, 5, 5)).sum().backward()
optimizer.step()
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 70, 0.1)
whole = {'saved_epoch': 4, 'model': model.state_dict(), 'optimizer': optimizer.state_dict(), 'scheduler': scheduler.state_dict()}
torch.save(whole, folder + '/run.pt')
torch.save(whole, folder + '/run_4.pt', pickle_protocol=4)
torch.save(whole, folder + '/run_old.pt', _use_new_zipfile_serialization=False)
torch.save({'e': torch.arange(3.).expand(2, 3), 'p': torch.nn.Parameter(torch.ones(2)), 't': torch.tensor([True, False]),
            'c': torch.arange(24.).reshape(2, 3, 2, 2).to(memory_format=torch.channels_last),
            'i': torch.tensor([-1], dtype=torch.int8), 's': torch.tensor([-2], dtype=torch.int16), 'n': torch.tensor([-3], dtype=torch.int32)},
           folder + '/kinds.pt')
with open(folder + '/bias.bin', 'wb') as f:
    f.write(model.state_dict()['0.bias'].numpy().tobytes())
)");
  const std::string names[]{"state_dict_zip.pt", "state_dict_legacy.pt", "nested_zip.pt"};
  for (const std::string& name : names) {
    const pt::file original(golden(name));
    pt::writer w;
    w.add(original);
    w.save(in / ("copy_" + name));
    pt::to_safetensors(original, in / "a.safetensors");
    pt::from_safetensors(safetensors::file(in / "a.safetensors"), in / ("back_" + name));
  }
  const std::string python = std::getenv("OGM_PYTHON") ? std::getenv("OGM_PYTHON") : "/usr/bin/python3";
  const int status = std::system((python + " -W ignore '" + script + "' '" + in.path() + "' '" + golden("") + "'").c_str());
  if (WIFEXITED(status) && (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127)) {
    std::cout << "skipped: " << python << " has no torch (OGM_PYTHON names another Python)\n";
    return;
  }
  REQUIRE(status == 0);
  const auto bias = test::text_of(in / "bias.bin");
  for (const std::string name : {"run.pt", "run_4.pt", "run_old.pt"}) {
    INFO(name);
    const pt::file run(in / name);  // the optimiser's tensors lie under numbers: the model is meant
    CHECK(run.entries().size() == 7);
    CHECK(as_text(byte_span(run.find("0.bias").elements)) == bias);
    CHECK(run.find("1.num_batches_tracked").read<std::int64_t>().values == std::vector<std::int64_t>{1});
    CHECK(run.root().find("saved_epoch", run.root()).integer() == 4);
    const pt::file moments(in / name, {.inside = pt::path{"optimizer", "state", "1"}});
    CHECK(moments.find("exp_avg").shape == sizes{3});
  }
  const pt::file kinds(in / "kinds.pt");
  CHECK(kinds.find("e").read<float>().values == std::vector<float>{0, 1, 2, 0, 1, 2});
  CHECK(kinds.find("p").read<float>().values == std::vector<float>{1, 1});
  CHECK(kinds.find("t").read_as<int>().values == std::vector<int>{1, 0});
  CHECK(kinds.find("c").strides == sizes{12, 1, 6, 3});
  CHECK(kinds.find("c").read<float>().as<2, 3, 2, 2>()(1, 2, 0, 1) == 21);
  CHECK(kinds.find("i").read<std::int8_t>().values[0] == -1);
  CHECK(kinds.find("s").read<std::int16_t>().values[0] == -2);
  CHECK(kinds.find("n").read<std::int32_t>().values[0] == -3);
}

}  // namespace pt_writer_test
