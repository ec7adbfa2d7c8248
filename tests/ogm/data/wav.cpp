#include <ogm/data/wav.hpp>

#include <catch2/catch.hpp>
#include <cmath>

#include "files.hpp"

namespace wav_test {

using namespace ogm::data;
namespace test = ogm::test;

namespace {
template <class T> std::string bytes_of(T value) { return std::string(reinterpret_cast<const char*>(&value), sizeof value); }

std::string make(int format, int bits, int channels, const std::string& body) {
  const int frame = channels * bits / 8;
  std::string chunks = "WAVEfmt " + bytes_of(16) + bytes_of(short(format)) + bytes_of(short(channels)) + bytes_of(8000) +
                       bytes_of(8000 * frame) + bytes_of(short(frame)) + bytes_of(short(bits)) + "data" + bytes_of(int(body.size())) + body;
  return "RIFF" + bytes_of(int(chunks.size())) + chunks;
}
std::string failure(const std::string& bytes) {
  return test::message_of([&] { wav::parse(as_byte_span(bytes), "t.wav"); });
}
}  // namespace

TEST_CASE("chunks are checked with and without libsndfile") {
  const std::string whole = make(1, 16, 1, std::string(8, '\0'));
  CHECK(test::has(failure("RIFX"), "t.wav: no WAV file"));
  CHECK(test::has(failure(whole.substr(0, whole.size() - 2)), "truncated"));
  std::string stream = whole;
  stream.replace(4, 4, std::string(4, '\xFF'));
  CHECK(test::has(failure(stream), "a stream that never got its length"));
  std::string longer = whole;
  longer[40] = 100;
  CHECK(test::has(failure(longer), "claims 100 bytes, 8 follow"));
  CHECK(test::has(failure("RIFF" + bytes_of(4) + "WAVE"), "no data chunk"));
  CHECK(test::has(failure("RIFF" + bytes_of(12) + "WAVEdata" + bytes_of(0)), "before fmt"));
}

#ifdef OGM_WITH_SNDFILE
TEST_CASE("sound that was written is read back to the rounding of 16 bits") {
  const test::folder in;
  wav::sound s{22050, 2, {}};
  for (int i = 0; i < 200; ++i) s.samples.push_back(std::sin(0.1f * float(i)));
  s.samples[7] = 3.f;
  wav::write(in / "a.wav", s);
  const wav::sound back = wav::read(in / "a.wav");
  CHECK(back.rate_hz == 22050);
  CHECK(back.channels == 2);
  REQUIRE(back.frames() == 100);
  for (std::size_t i = 0; i < s.samples.size(); ++i) REQUIRE(!(std::fabs(back.samples[i] - std::min(s.samples[i], 1.f)) > 1.6f / 32768));
  const auto mixed = wav::mono(back);
  REQUIRE(mixed.size() == 100);
  CHECK(mixed[3] == (back.samples[6] + back.samples[7]) / 2);
}

TEST_CASE("the codings that a clip may have") {
  CHECK(wav::parse(as_byte_span(make(1, 8, 1, "\x80\xC0")), "t").samples == std::vector<float>{0, 0.5f});
  CHECK(wav::parse(as_byte_span(make(1, 16, 1, std::string("\0\xC0", 2))), "t").samples == std::vector<float>{-0.5f});
  CHECK(wav::parse(as_byte_span(make(1, 24, 1, std::string("\0\0\x40\0", 4).substr(0, 3))), "t").samples == std::vector<float>{0.5f});
  CHECK(wav::parse(as_byte_span(make(3, 32, 1, bytes_of(1.5f))), "t").samples == std::vector<float>{1.5f});
  CHECK(wav::parse(as_byte_span(make(1, 16, 1, "")), "t").samples.empty());
}

TEST_CASE("chunks other than fmt and data are passed over, wherever they stand") {
  const std::string plain = make(1, 16, 1, std::string("\1\2\3\4", 4));
  const std::string list = "LIST" + bytes_of(5) + std::string(5, '\xFF') + '\0';  // padded to an even size
  std::string more = plain.substr(0, 12) + list + plain.substr(12) + list;
  more.replace(4, 4, bytes_of(int(more.size()) - 8));
  CHECK(wav::parse(as_byte_span(more), "t").samples == wav::parse(as_byte_span(plain), "t").samples);
  CHECK(wav::parse(as_byte_span(plain + list), "t").frames() == 2);  // after the end that RIFF gives
}

TEST_CASE("other codings and impossible headers are refused") {
  CHECK(test::has(failure(make(1, 16, 0, std::string(4, '\0'))), "t.wav: "));
  CHECK(test::has(failure(make(1, 16, 100, std::string(400, '\0'))), "100 channels"));
  CHECK(test::has(failure(make(0x31, 8, 1, std::string(66, '\0'))), "t.wav: "));  // GSM
  CHECK(test::has(failure(make(0x1234, 16, 1, std::string(8, '\0'))), "t.wav: "));
}

TEST_CASE("wav: every prefix is refused, and no flipped bit does harm") {
  const std::string whole = make(1, 16, 1, std::string("\1\2\3\4\5\6", 6));
  const auto parse = [](byte_span b) { wav::parse(b, "t.wav"); };
  CHECK(test::accepted_prefixes(whole, parse) == 0);
  CHECK(test::accepted_flips(whole, parse) < 8 * whole.size() * 3 / 4);
}
#else
TEST_CASE("without libsndfile a sound file is a clear error") { CHECK(test::has(failure(make(1, 16, 1, "ab")), "OGM_WITH_SNDFILE")); }
#endif

TEST_CASE("a sound that no WAV file can hold is not written") {
  CHECK(test::has(test::message_of<ogm::value_error>([] { wav::write("never.wav", {0, 1, {}}); }), "never.wav"));
  CHECK(test::has(test::message_of<ogm::value_error>([] { wav::write("never.wav", {8000, 2, {1, 2, 3}}); }), "3 samples"));
}

}  // namespace wav_test
