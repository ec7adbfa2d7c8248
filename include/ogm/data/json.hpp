#pragma once
// A strict JSON reader that builds no tree: the caller asks for what it expects, and memory stays that of one key.

#include <ogm/data/bytes.hpp>

#include <charconv>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace ogm::data::json {

/// Reads one value after the other. Refuses duplicate keys, depth over 32, bad UTF-8, raw control characters, lone surrogates,
/// numbers out of range, and anything after the value.
///
/// Errors     data_error with the name of the source and the byte
/// Example    reader in(text, path); in.object([&](const std::string& key) { ... in.string(); }); in.end();
class reader {
 public:
  reader(std::string_view text, std::string name) : text_(text), name_(std::move(name)) {}

  /// Calls member(key) at each value; it must read exactly that value.
  template <class Member> void object(const Member& member) {
    const nesting level(*this);
    std::set<std::string> seen;
    expect('{', "an object");
    if (accept('}')) return;
    do {
      skip_space();
      const std::size_t at = at_;
      const auto [key, fresh] = seen.insert(string());
      if (!fresh) fail_at(at, "the key \"" + *key + "\" occurs twice");
      expect(':', "':' after a key");
      member(*key);
    } while (accept(','));
    expect('}', "',' or '}'");
  }
  /// Calls element() at each value; it must read exactly that value.
  template <class Element> void array(const Element& element) {
    const nesting level(*this);
    expect('[', "an array");
    if (accept(']')) return;
    do {
      element();
    } while (accept(','));
    expect(']', "',' or ']'");
  }
  std::string string() {
    expect('"', "a string");
    std::string out;
    for (;;) {
      if (at_ == text_.size()) fail("a string without its end");
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') break;
      if (c < 0x20) fail("a raw control character in a string");
      if (c == '\\')
        escape(out);
      else if (c < 0x80)
        out += text_[at_++];
      else
        utf8(out);
    }
    ++at_;
    return out;
  }
  /// A whole number without sign, fraction or exponent.
  std::uint64_t unsigned_integer() {
    const std::string_view digits = number_text();
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) fail_at(at_ - digits.size(), "an integer in [0, 2^64) expected");
    return value;
  }
  double number() {
    const std::string_view digits = number_text();
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) fail_at(at_ - digits.size(), "a number that fits a double expected");
    return value;
  }
  bool boolean() {
    if (word("true")) return true;
    if (word("false")) return false;
    fail("true or false expected");
  }
  /// Reads one value of any kind, checks it, and forgets it.
  void skip() {
    const char first = peek();
    if (first == '{')
      object([&](const std::string&) { skip(); });
    else if (first == '[')
      array([&] { skip(); });
    else if (first == '"')
      string();
    else if (first == '-' || (first >= '0' && first <= '9'))
      number_text();
    else if (!word("null") && !word("true") && !word("false"))
      fail("a value expected");
  }
  void end() {
    skip_space();
    if (at_ != text_.size()) fail("text after the end of the value");
  }
  /// The next character that is not a space, 0 at the end.
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  [[noreturn]] void fail(const std::string& what) const { fail_at(at_, what); }

 private:
  struct nesting {
    explicit nesting(reader& r) : in(r) {
      if (++in.depth_ > 32) in.fail("nested deeper than 32");
    }
    nesting(const nesting&) = delete;
    nesting& operator=(const nesting&) = delete;
    ~nesting() { --in.depth_; }
    reader& in;
  };

  [[noreturn]] void fail_at(std::size_t at, const std::string& what) const {
    detail::damaged(name_, what + " (JSON, byte " + std::to_string(at) + ")");
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
  }
  bool accept(char c) {
    if (peek() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }
  void expect(char c, const char* what) {
    if (!accept(c)) fail(std::string(what) + " expected");
  }
  bool word(std::string_view w) {
    skip_space();
    if (text_.substr(at_, w.size()) != w) return false;
    at_ += w.size();
    return true;
  }
  bool digits() {
    const std::size_t first = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ > first;
  }
  std::string_view number_text() {
    skip_space();
    const std::size_t first = at_;
    const auto here = [&](char c) { return at_ < text_.size() && text_[at_] == c; };
    if (here('-')) ++at_;
    const bool zero = here('0');
    const std::size_t integer = at_;
    if (!digits() || (zero && at_ > integer + 1)) fail_at(first, "a number expected");
    if (here('.')) {
      ++at_;
      if (!digits()) fail("digits after the point expected");
    }
    if (here('e') || here('E')) {
      ++at_;
      if (here('+') || here('-')) ++at_;
      if (!digits()) fail("digits of the exponent expected");
    }
    return text_.substr(first, at_ - first);
  }
  unsigned hex4() {
    unsigned value = 0;
    const std::string_view four = text_.substr(at_, 4);
    const auto [end, error] = std::from_chars(four.data(), four.data() + four.size(), value, 16);
    if (four.size() != 4 || error != std::errc() || end != four.data() + 4) fail("four hexadecimal digits expected");
    at_ += 4;
    return value;
  }
  void escape(std::string& out) {
    const std::size_t at = at_++;
    const char c = at_ < text_.size() ? text_[at_++] : '\0';
    static constexpr std::string_view names = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    if (const std::size_t i = names.find(c); c != '\0' && i != names.npos) {
      out += meanings[i];
      return;
    }
    if (c != 'u') fail_at(at, "an unknown escape");
    unsigned code = hex4();
    if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      at_ += 2;
      const unsigned low = hex4();
      if (low < 0xDC00 || low > 0xDFFF) fail_at(at, "a lone surrogate");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    if (code >= 0xD800 && code <= 0xDFFF) fail_at(at, "a lone surrogate");
    append(out, code);
  }
  static void append(std::string& out, unsigned code) {
    const auto tail = [&](int shift) { out += char(0x80 | (code >> shift & 63)); };
    if (code < 0x80)
      out += char(code);
    else if (code < 0x800)
      out += char(0xC0 | code >> 6), tail(0);
    else if (code < 0x10000)
      out += char(0xE0 | code >> 12), tail(6), tail(0);
    else
      out += char(0xF0 | code >> 18), tail(12), tail(6), tail(0);
  }
  void utf8(std::string& out) {
    const std::size_t length = detail::utf8_length(text_.substr(at_));
    if (length == 0) fail("bad UTF-8");
    out.append(text_.substr(at_, length));
    at_ += length;
  }

  std::string_view text_;
  std::string name_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

/// The text as a JSON string with its quotes.
inline std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += '\\', out += c;
    else if (static_cast<unsigned char>(c) < 0x20) {
      static constexpr char hex[] = "0123456789abcdef";
      out += "\\u00", out += hex[c >> 4 & 15], out += hex[c & 15];
    } else
      out += c;
  }
  return out + '"';
}

}  // namespace ogm::data::json
