#include <ogm/train/observers/tensorboard.hpp>

#include <catch2/catch.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>

#include "support.hpp"

using namespace ogm::observers;

namespace {

// A reader written against the formats, not against the writer: the checksum bit by bit, fields in any order.

std::uint32_t slow_crc32c(std::string_view s) {
  std::uint32_t c = 0xFFFFFFFFu;
  for (const unsigned char byte : s)
    for (int bit = 0; bit < 8; ++bit) {
      const bool flip = ((c ^ (unsigned(byte) >> bit)) & 1) != 0;
      c >>= 1;
      if (flip) c ^= 0x82F63B78u;
    }
  return c ^ 0xFFFFFFFFu;
}
bool checksum_fits(std::string_view s, std::uint32_t stored) {
  const std::uint32_t rotated = stored - 0xA282EAD8u;
  return ((rotated << 15) | (rotated >> 17)) == slow_crc32c(s);
}
template <class T> T take(std::string_view& s) {
  REQUIRE(s.size() >= sizeof(T));
  T out;
  std::memcpy(&out, s.data(), sizeof(T));  // the test machine is little-endian, as the format is
  s.remove_prefix(sizeof(T));
  return out;
}
std::string_view take(std::string_view& s, std::size_t n) {
  REQUIRE(s.size() >= n);
  const auto out = s.substr(0, n);
  s.remove_prefix(n);
  return out;
}

struct field {
  std::uint64_t number = 0;  // varint, 64-bit, 32-bit
  std::string_view bytes;
};
std::multimap<unsigned, field> fields(std::string_view s) {
  const auto varint = [&] {
    std::uint64_t out = 0;
    for (int shift = 0;; shift += 7) {
      const auto b = take<std::uint8_t>(s);
      out |= std::uint64_t(b & 127) << shift;
      if (!(b & 128)) return out;
      REQUIRE(shift < 63);
    }
  };
  std::multimap<unsigned, field> out;
  while (!s.empty()) {
    const auto key = varint();
    field f;
    switch (key & 7) {
      case 0:
        f.number = varint();
        break;
      case 1:
        f.number = take<std::uint64_t>(s);
        break;
      case 2:
        f.bytes = take(s, varint());
        break;
      case 5:
        f.number = take<std::uint32_t>(s);
        break;
      default:
        FAIL("wire type " << (key & 7));
    }
    out.emplace(unsigned(key >> 3), f);
  }
  return out;
}
const field& only(const std::multimap<unsigned, field>& all, unsigned number) {
  REQUIRE(all.count(number) == 1);
  return all.find(number)->second;
}

struct event {
  double wall_time;
  std::int64_t step = 0;
  std::string version;
  std::vector<std::pair<std::string, std::optional<float>>> values;
  std::string text;
};
std::vector<event> decode(std::string_view s) {
  std::vector<event> out;
  while (!s.empty()) {
    const auto length_bytes = s.substr(0, 8);
    const auto length = take<std::uint64_t>(s);
    REQUIRE(checksum_fits(length_bytes, take<std::uint32_t>(s)));
    const auto data = take(s, length);
    REQUIRE(checksum_fits(data, take<std::uint32_t>(s)));
    const auto f = fields(data);
    event e;
    e.wall_time = std::bit_cast<double>(only(f, 1).number);
    e.step = std::int64_t(only(f, 2).number);
    if (f.count(3)) e.version = only(f, 3).bytes;
    if (f.count(5)) {
      const auto summary = fields(only(f, 5).bytes);
      for (const auto& [number, value] : summary) {
        REQUIRE(number == 1);
        const auto v = fields(value.bytes);
        std::optional<float> simple;
        if (v.count(2)) simple = std::bit_cast<float>(std::uint32_t(only(v, 2).number));
        if (v.count(8)) e.text = only(fields(only(v, 8).bytes), 8).bytes;
        e.values.emplace_back(only(v, 1).bytes, simple);
      }
    }
    out.push_back(e);
  }
  return out;
}
std::filesystem::path only_file(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) found.push_back(entry.path());
  REQUIRE(found.size() == 1);
  return found[0];
}

}  // namespace

TEST_CASE("the checksum is CRC-32C") {
  CHECK(tfrecord::crc32c("123456789") == 0xE3069283u);            // the check value of the polynomial
  CHECK(tfrecord::crc32c(std::string(32, '\0')) == 0x8A9136AAu);  // RFC 3720, B.4
  CHECK(tfrecord::crc32c(std::string(32, '\xFF')) == 0x62A8AB43u);
  CHECK(tfrecord::crc32c("") == 0);
  CHECK(checksum_fits("abc", tfrecord::masked_crc32c("abc")));
  CHECK_FALSE(checksum_fits("abd", tfrecord::masked_crc32c("abc")));
}

TEST_CASE("tensorboard writes what an independent reader finds") {
  support::temporary_folder folder;
  {
    tensorboard o(folder.path() / "run");
    support::play(o, 2, 200);
  }
  const auto file = only_file(folder.path() / "run");
  CHECK(file.filename().string().rfind("events.out.tfevents.", 0) == 0);
  const auto bytes = support::content(file);
  const auto events = decode(bytes);
  REQUIRE(events.size() == 1 + 1 + 400 + 2 + 1);
  CHECK(events[0].version == "brain.Event:2");
  CHECK(events[0].wall_time > 1.6e9);
  CHECK(events[1].values[0].first == "protocol");
  CHECK(events[1].text.find("| alpha | 0.8 |") != std::string::npos);

  const auto& step = events[2 + 149];
  CHECK(step.step == 150);
  using values = std::vector<std::pair<std::string, std::optional<float>>>;
  CHECK(step.values == values{{"loss", 1.0f / 150},
                              {"learning_rate", 0.1f},
                              {"steps_per_second", 2.0f},
                              {"ratio/audio", 150.0f},
                              {"coefficient/audio", 1.0f / 150}});
  const auto& epoch = events[2 + 200];
  CHECK(epoch.step == 200);
  CHECK(epoch.values == values{{"train_loss", 1.0f}, {"train/accuracy", 0.1f}, {"validation/accuracy/audio", 0.05f}});
  CHECK(events.back().step == 400);
  CHECK(events.back().values == values{{"final/seconds", 200.0f}, {"final/test/accuracy", 0.875f}});
}

TEST_CASE("tensorboard keeps NaN and infinity, large steps, and cleans names") {
  support::temporary_folder folder;
  const long far = 1L << 40;
  const scalar odd[]{{"a\nb\xff", std::nan("")}, {"big", 1e300}};
  {
    tensorboard o(folder.path());
    o.on_step({far, 1, 1, -INFINITY, 0, 0, odd});
  }
  const auto bytes = support::content(only_file(folder.path()));
  const auto events = decode(bytes);
  REQUIRE(events.size() == 2);
  CHECK(events[1].step == far);
  const auto& v = events[1].values;
  REQUIRE(v.size() == 4);  // no steps_per_second without a time
  CHECK(*v[0].second == -INFINITY);
  CHECK(v[2].first == "a?b?");
  CHECK(std::isnan(*v[2].second));
  CHECK(*v[3].second == INFINITY);
}

TEST_CASE("tensorboard gives each run a file, flushes each epoch, and writes every n-th step") {
  support::temporary_folder folder;
  tensorboard a(folder.path(), {.every = 10, .flush_s = 1e9}), b(folder.path());
  a.on_run_begin({});
  b.on_run_begin({});
  for (long i = 1; i <= 25; ++i) a.on_step({i, 1, i, 1, 0, 0.1, {}});
  a.on_epoch_end({1, 0.5, 1, {}});
  std::size_t files = 0, most = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    const auto bytes = support::content(entry.path());
    most = std::max(most, decode(bytes).size());
    ++files;
  }
  CHECK(files == 2);
  CHECK(most == 1 + 2 + 1);
  CHECK_THROWS_AS(tensorboard(folder.path(), {.every = 0, .flush_s = 1}), ogm::value_error);
}

TEST_CASE("tensorboard without steps counts in epochs") {
  support::temporary_folder folder;
  {
    tensorboard o(folder.path());
    o.on_epoch_end({7, 0.5, 1, {}});
  }
  const auto bytes = support::content(only_file(folder.path()));
  CHECK(decode(bytes).back().step == 7);
}
