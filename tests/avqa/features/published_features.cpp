#include <avqa/features/published_features.hpp>
#include <avqa/features/store.hpp>
#include <avqa/features/store_writer.hpp>

#include <fcntl.h>
#include <sys/mman.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <iostream>
#include <limits>

#include "ogm/data/files.hpp"
#include "stored.hpp"

using namespace avqa;
namespace test = ogm::test;
using test::has;
using test::message_of;
using shape = std::vector<ogm::size_type>;

namespace {

constexpr published_layout layout{.entries = 7, .stride = 3, .sound = 5, .channels = 3, .height = 2, .width = 3};

/// Folders of made-up clips; entry e of what is at `which` in an entry is a number of its own.
struct published {
  test::folder in;
  std::string sound = in.path() + "/sound", maps = in.path() + "/maps";

  published() {
    std::filesystem::create_directory(sound);
    std::filesystem::create_directory(maps);
  }
  static float value(ogm::size_type entry, ogm::size_type which, bool sound) { return float(1000 * entry + 2 * which + sound); }
  static void write(const std::string& path, const shape& sizes, bool is_sound) {
    ogm::size_type width = 1, count = 1;
    for (std::size_t i = 0; i < sizes.size(); ++i) count *= sizes[i], width *= i > 0 ? sizes[i] : 1;
    std::vector<float> values(static_cast<std::size_t>(count));
    for (ogm::size_type i = 0; i < count; ++i) values[std::size_t(i)] = value(i / width, i % width, is_sound);
    ogm::data::npy::write<float>(path, values, sizes);
  }
  void add(const std::string& video, ogm::size_type length) const {
    write(sound + '/' + video + ".npy", {length, layout.sound}, true);
    write(maps + '/' + video + ".npy", {length, layout.channels, layout.height, layout.width}, false);
  }
};

/// Which entry each step shows, -1 for zeros; -2 where a step is no entry as a whole.
template <class Source> std::vector<ogm::size_type> entries(const Source& from, ogm::size_type video) {
  const feature_shape s = from.shape();
  std::vector<float> sound(std::size_t(s.sound_count())), maps(std::size_t(s.maps_count())), frame(std::size_t(s.frame_count()));
  std::fill(sound.begin(), sound.end(), std::numeric_limits<float>::quiet_NaN());
  maps.assign(maps.size(), std::numeric_limits<float>::quiet_NaN());
  from.read(video, sound, maps);
  std::vector<ogm::size_type> out;
  for (ogm::size_type t = 0; t < s.steps; ++t) {
    from.frame(video, t, frame);
    const auto entry_of = [](const float* values, ogm::size_type count, bool is_sound) {
      const auto e = ogm::size_type(values[0]) / 1000;
      const bool zeros = std::all_of(values, values + count, [](float x) { return x == 0.f; });
      for (ogm::size_type i = 0; i < count; ++i)
        if (!zeros && values[i] != published::value(e, i, is_sound)) return ogm::size_type(-2);
      return zeros ? -1 : e;
    };
    const ogm::size_type seen = entry_of(maps.data() + t * s.frame_count(), s.frame_count(), false);
    const bool same = seen == entry_of(sound.data() + t * s.sound, s.sound, true) && seen == entry_of(frame.data(), s.frame_count(), false);
    out.push_back(same ? seen : -2);
  }
  return out;
}

}  // namespace

TEST_CASE("the published layout is ten steps, six seconds apart") {
  const published_features from("s", "m", {"x"});
  CHECK(from.shape() == feature_shape{10, 128, 512, 14, 14});
  CHECK(published_features("s", "m", {"x"}, layout).shape() == test::small);
}

TEST_CASE("steps are taken from the first entries only, however long the clip is") {
  const published files;
  for (const ogm::size_type length : {7, 8, 9, 10, 13}) files.add(std::string("v") + std::to_string(length), length);
  const published_features from(files.sound, files.maps, layout);
  CHECK(from.videos().names() == std::vector<std::string>{"v10", "v13", "v7", "v8", "v9"});
  for (ogm::size_type v = 0; v < 5; ++v) CHECK(entries(from, v) == shape{0, 3, 6});
}

TEST_CASE("shorter clips are refused, or go on as is asked") {
  const published files;
  for (const ogm::size_type length : {1, 3, 4, 6}) files.add(std::string("v") + std::to_string(length), length);
  files.add("v0", 0);
  const auto with = [&](short_clip what, const std::string& video) {
    published_layout how = layout;
    how.shorter = what;
    return entries(published_features(files.sound, files.maps, std::vector<std::string>{video}, how), 0);
  };
  CHECK(with(short_clip::repeat_last, "v1") == shape{0, 0, 0});
  CHECK(with(short_clip::repeat_last, "v3") == shape{0, 2, 2});
  CHECK(with(short_clip::repeat_last, "v4") == shape{0, 3, 3});
  CHECK(with(short_clip::repeat_last, "v6") == shape{0, 3, 5});
  CHECK(with(short_clip::zero, "v1") == shape{0, -1, -1});
  CHECK(with(short_clip::zero, "v4") == shape{0, 3, -1});
  CHECK(with(short_clip::zero, "v6") == shape{0, 3, -1});
  CHECK(has(message_of([&] { with(short_clip::refuse, "v6"); }),
            "/maps/v6.npy: shape (6, 3, 2, 3); (7, 3, 2, 3) or longer expected (short_clip has"));
  for (const short_clip what : {short_clip::refuse, short_clip::zero, short_clip::repeat_last})
    CHECK(has(message_of([&] { with(what, "v0"); }), "v0.npy: shape (0, 3, 2, 3); (7, 3, 2, 3) or"));
}

TEST_CASE("errors name the file, what was found and what was expected") {
  const published files;
  files.add("good", 7);
  for (const char* name : {"shape", "rank", "type", "cut", "column", "alone"}) files.add(name, 7);
  files.write(files.maps + "/shape.npy", {7, 3, 7, 7}, false);
  files.write(files.sound + "/rank.npy", {7}, true);
  ogm::data::npy::write<double>(files.maps + "/type.npy", std::vector<double>(7 * 18), shape{7, 3, 2, 3});
  const std::string whole = test::text_of(files.maps + "/good.npy");
  files.in.write("maps/cut.npy", whole.substr(0, whole.size() - 4));
  std::string column = whole;
  column.replace(column.find("False"), 5, "True ");
  files.in.write("maps/column.npy", column);
  std::filesystem::remove(files.sound + "/alone.npy");
  const published_features from(files.sound, files.maps, layout);
  const auto failure = [&](const std::string& video) { return message_of([&] { entries(from, video_number(from, video)); }); };
  CHECK(failure("good").empty());
  CHECK(has(failure("shape"), files.maps + "/shape.npy: shape (7, 3, 7, 7); (7, 3, 2, 3) or longer expected"));
  CHECK(has(failure("rank"), files.sound + "/rank.npy: shape (7); (7, 5) or longer expected"));
  CHECK(has(failure("type"), files.maps + "/type.npy: elements of type f64, f32 expected"));
  CHECK(has(failure("cut"), files.maps + "/cut.npy: truncated"));
  CHECK(has(failure("column"), files.maps + "/column.npy: column-major"));
  CHECK(has(failure("alone"), files.sound + "/alone.npy: cannot open the file"));
  CHECK(has(message_of<ogm::value_error>([&] { video_number(from, "none"); }), "the video \"none\" is none of the 7 of " + files.maps));
  CHECK(has(message_of([&] { published_features(files.sound, files.in.path() + "/none", layout); }), "/none: cannot list the folder"));
  std::vector<float> frame(18);
  CHECK(has(message_of<ogm::value_error>([&] { from.frame(0, 3, frame); }), "step 3 of 3"));
  CHECK(has(message_of<ogm::value_error>([&] { from.frame(7, 0, frame); }), "video 7 of 7"));
  CHECK(has(message_of<ogm::shape_error>([&] { from.read(0, frame, frame); }), "18 floats for the sound of a clip; 15 expected"));
  published_layout wrong = layout;
  wrong.stride = 0;
  CHECK(has(message_of<ogm::value_error>([&] { published_features("s", "m", {"x"}, wrong); }), "a stride of 0"));
}

TEST_CASE("the published files become a store with the same clips") {
  const published files;
  for (const ogm::size_type length : {7, 9, 4}) files.add(std::string("v") + std::to_string(length), length);
  published_layout how = layout;
  how.shorter = short_clip::repeat_last;
  const published_features from(files.sound, files.maps, how);
  store_writer to(files.in / "store", from.shape());
  add_all(to, from);
  to.finish();
  const feature_store store(files.in / "store", store_check::at_first_reading);
  REQUIRE(store.videos().names() == from.videos().names());
  for (ogm::size_type v = 0; v < 3; ++v) CHECK(entries(store, v) == entries(from, v));
}

TEST_CASE("of a published file only the entries that are used are read") {
  const published files;
  const published_layout how{.channels = 512};
  files.write(files.maps + "/v.npy", {60, 512, 14, 14}, false);
  files.write(files.sound + "/v.npy", {60, 128}, true);
  const published_features from(files.sound, files.maps, how);
  std::vector<float> frame(512 * 196), sound(1280), maps(10 * 512 * 196);
  from.frame(0, 4, frame);
  CHECK(frame[3] == published::value(24, 3, false));
  CHECK(from.bytes_read() == 4 * 512 * 196);
  from.read(0, sound, maps);
  CHECK(from.bytes_read() == 4 * (11 * 512 * 196 + 1280));

  // The pages that the kernel holds, of a file that it has forgotten.
  const int file = ::open((files.maps + "/v.npy").c_str(), O_RDONLY);
  const auto size = std::filesystem::file_size(files.maps + "/v.npy");
  ::fsync(file);
  ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  void* const at = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
  const auto resident = [&] {
    std::vector<unsigned char> pages((size + 4095) / 4096);
    ::mincore(at, size, pages.data());
    return std::size_t(std::count_if(pages.begin(), pages.end(), [](unsigned char p) { return p & 1; })) * 4096;
  };
  if (resident() == 0) {
    from.frame(0, 4, frame);
    CHECK(resident() <= 4 * 512 * 196 + 64 * 4096);
    from.read(0, sound, maps);
    CHECK(resident() >= 10 * 4 * 512 * 196 / 2);
    CHECK(resident() <= 10 * (4 * 512 * 196 + 64 * 4096));
  } else
    std::cout << "skipped: this file system keeps all pages of a file\n";
  ::munmap(at, size);
  ::close(file);
}
