#include <avqa/features/store.hpp>
#include <avqa/features/store_writer.hpp>

#include <sys/resource.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "ogm/data/files.hpp"
#include "stored.hpp"

using namespace avqa;
namespace test = ogm::test;
using ogm::data::dtype;
using test::has;
using test::message_of;

namespace {
std::size_t files_in(const std::string& folder) {
  return std::size_t(std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}
/// What a child process says: 0 where f throws nothing, else its message.
template <class F> std::string in_child(const F& f) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const ::pid_t child = ::fork();
  if (child == 0) {
    std::string message;
    try {
      f();
    } catch (const std::exception& e) {
      message = e.what();
    }
    ::_exit(::write(ends[1], message.data(), message.size()) == ::ssize_t(message.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string out;
  char buffer[512];
  for (::ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) out.append(buffer, std::size_t(n));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(status == 0);
  return out;
}
}  // namespace

TEST_CASE("what does not fit is refused, and the store goes on without it") {
  const test::folder in;
  store_writer to(in / "a", test::small, dtype::f16);
  const auto sound = test::sound_of(0, test::small), maps = test::maps_of(0, test::small);
  to.add("one", sound, maps);
  CHECK(has(message_of<ogm::value_error>([&] { to.add("one", sound, maps); }), "a second video \"one\""));
  CHECK(has(message_of<ogm::value_error>([&] { to.add("", sound, maps); }), "a name of 0 bytes"));
  CHECK(has(message_of<ogm::value_error>([&] { to.add(std::string(65536, 'x'), sound, maps); }), "a name of 65536 bytes"));
  CHECK(has(message_of<ogm::shape_error>([&] { to.add("two", maps, maps); }), "54 floats for the sound of a video; 15 expected"));
  CHECK(has(message_of<ogm::shape_error>([&] { to.add("two", sound, sound); }), "15 floats for the maps of a video; 54 expected"));
  auto large = maps;
  large[7] = -65520;
  CHECK(has(message_of<ogm::value_error>([&] { to.add("two", sound, large); }),
            "video \"two\": element 7 is -65520.000000; f16 ends at 65504"));
  CHECK(to.size() == 1);
  to.add("three", test::sound_of(3, test::small), test::maps_of(3, test::small));
  to.finish();
  CHECK(has(message_of<ogm::value_error>([&] { to.add("four", sound, maps); }), "is finished"));
  CHECK(has(message_of<ogm::value_error>([&] { to.finish(); }), "is finished already"));
  const feature_store from(in / "a");
  from.verify();
  CHECK(from.videos().names() == std::vector<std::string>{"one", "three"});
  std::vector<float> s(15), m(54);
  from.read(1, s, m);
  CHECK(m == test::maps_of(3, test::small));
  CHECK(has(message_of<ogm::value_error>([&] { store_writer(in / "b", test::small, dtype::f64); }), "of f64; f32, f16 or bf16 expected"));
  for (const ogm::size_type size : {ogm::size_type(0), ogm::size_type(-1), PTRDIFF_MAX}) {
    feature_shape wrong = test::small;
    wrong.height = size;
    CHECK(has(message_of<ogm::value_error>([&] { store_writer(in / "b", wrong); }), "sizes from 1 on"));
  }
  CHECK(files_in(in.path()) == 1);
}

TEST_CASE("a store that is not finished leaves nothing, and a new one takes the old one's place") {
  const test::folder in;
  {
    store_writer to(in / "a", test::small);
    to.add("x", test::sound_of(0, test::small), test::maps_of(0, test::small));
    CHECK_FALSE(std::filesystem::exists(in / "a"));
  }
  CHECK(files_in(in.path()) == 0);
  test::write_store(in / "a", 2);
  const feature_store old(in / "a");
  {
    store_writer to(in / "a", test::small);
    to.add("x", test::sound_of(9, test::small), test::maps_of(9, test::small));
    CHECK(feature_store(in / "a").videos().size() == 2);
    to.finish();
  }
  CHECK(feature_store(in / "a").videos().size() == 1);
  old.verify();  // who had it open still has it
  CHECK(old.videos().size() == 2);
  CHECK(files_in(in.path()) == 1);
}

TEST_CASE("a folder that is not there, a path that is one, and a full disk") {
  const test::folder in;
  CHECK(
      has(message_of([&] { store_writer(in.path() + "/none/a", test::small); }), "/none/a: cannot create a file beside it: No such file"));
  in.write("file", "x");
  CHECK(has(message_of([&] { store_writer(in.path() + "/file/a", test::small); }), "Not a directory"));
  std::filesystem::create_directory(in / "folder");
  CHECK(has(message_of([&] { test::write_store(in.path() + "/folder", 1); }), "rename the finished file to it"));
  const std::string full = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const ::rlimit limit{200'000, 200'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    test::write_store(in.path() + "/full", 1000);
  });
  CHECK(has(full, "/full: cannot write: File too large"));
  CHECK(files_in(in.path()) == 2);  // the file and the folder: nothing else is left
}

TEST_CASE("a store that is killed while it is written is whole or absent", "[slow]") {
  const test::folder in;
  const feature_shape shape{.steps = 2, .sound = 128, .channels = 64, .height = 14, .width = 14};
  constexpr std::size_t videos = 60;
  const auto started = std::chrono::steady_clock::now();
  in_child([&] { test::write_store(in.path() + "/timed", videos, dtype::f16, shape); });
  const auto whole = std::chrono::steady_clock::now() - started;
  std::size_t finished = 0, absent = 0;
  constexpr int kills = 40;
  for (int k = 0; k < kills; ++k) {
    const std::string path = in.path() + "/killed";
    const ::pid_t child = ::fork();
    if (child == 0) {
      test::write_store(path, videos, dtype::f16, shape);
      ::_exit(0);
    }
    std::this_thread::sleep_for(whole * k / (kills - 10));  // the last ones live
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (std::filesystem::exists(path)) {
      const feature_store store(path);
      store.verify();
      REQUIRE(store.videos().size() == videos);
      ++finished;
      std::filesystem::remove(path);
    } else
      ++absent;
  }
  CHECK(finished > 0);
  CHECK(absent > 5);
}

TEST_CASE("a store is copied into one of another type") {
  const test::folder in;
  const feature_store from(test::write_store(in / "a", 7));
  store_writer to(in / "b", test::small, dtype::bf16);
  add_all(to, from);
  to.finish();
  const feature_store copy(in / "b");
  CHECK(copy.videos().names() == from.videos().names());
  std::vector<float> sound(15), maps(54);
  for (ogm::size_type v = 0; v < 7; ++v) {
    copy.read(v, sound, maps);
    CHECK(sound == test::sound_of(std::size_t(v), test::small));
    CHECK(maps == test::maps_of(std::size_t(v), test::small));
  }
  feature_shape other = test::small;
  other.width = 4;
  store_writer wrong(in / "c", other);
  CHECK(
      has(message_of<ogm::shape_error>([&] { add_all(wrong, from); }), "maps (3, 3, 2, 3), the store sound (3, 5) and maps (3, 3, 2, 4)"));
}
