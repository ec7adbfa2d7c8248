#pragma once
// Python's pickles, as data. The opcodes below build numbers, texts, tuples, lists and dictionaries; a global is a name that the caller's
// list must hold, and a call of one is a record of its arguments. Nothing here can run.

#include <ogm/data/bytes.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ogm::data::pickle {

/// What an object of a pickle is. `huge` is an integer of more than eight bytes.
enum class kind : std::uint8_t { none, boolean, integer, huge, real, text, tuple, list, dict, global, call, persistent };

/// The name of a kind, for messages.
inline constexpr std::string_view name_of(kind k) {
  constexpr std::string_view names[]{"None",    "a boolean", "an integer",   "a long integer", "a number", "a text",
                                     "a tuple", "a list",    "a dictionary", "a global",       "a call",   "a persistent object"};
  return names[std::size_t(k)];
}

/// What a global may be used for: nothing at all; named only; called to make a dictionary; called to wrap its argument, which stays as it
/// is; called, and kept as a call.
enum class role : std::uint8_t { forbidden, constant, dictionary, wrapper, function };

/// The caller's list of globals, by "module.name".
using classifier = role (*)(std::string_view name);

/// Bytes that a pickle may have. Its objects take up to 64 bytes for each.
inline constexpr std::size_t size_limit = 100'000'000;

namespace detail {
using data::detail::damaged;
using data::detail::load_number;

inline constexpr std::uint32_t nothing = ~std::uint32_t(0);

/// bits: the value; the position of a text; the first child of a tuple; the first item of a list or dictionary, and count its last one;
/// the name of a global; what a call is of, and count its arguments; the id of a persistent object.
struct node {
  kind type = kind::none;
  std::uint32_t count = 0;
  std::uint64_t bits = 0;
};
struct item {
  std::uint32_t key, value, next;
};

/// A text for a message: short, without control characters.
inline std::string printable(std::string_view text) {
  std::string out(text.substr(0, 80));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  return out + (text.size() > 80 ? "..." : "");
}

inline std::string opcode_name(std::uint8_t code) {
  static constexpr std::pair<std::uint8_t, std::string_view> refused[]{{'0', "POP"},          {'1', "POP_MARK"},
                                                                       {'2', "DUP"},          {'F', "FLOAT"},
                                                                       {'I', "INT"},          {'L', "LONG"},
                                                                       {'S', "STRING"},       {'V', "UNICODE"},
                                                                       {'P', "PERSID"},       {'d', "DICT"},
                                                                       {'l', "LIST"},         {'g', "GET"},
                                                                       {'p', "PUT"},          {'i', "INST"},
                                                                       {'o', "OBJ"},          {0x81, "NEWOBJ"},
                                                                       {0x82, "EXT1"},        {0x83, "EXT2"},
                                                                       {0x84, "EXT4"},        {0x8B, "LONG4"},
                                                                       {'B', "BINBYTES"},     {'C', "SHORT_BINBYTES"},
                                                                       {0x8E, "BINBYTES8"},   {0x8F, "EMPTY_SET"},
                                                                       {0x90, "ADDITEMS"},    {0x91, "FROZENSET"},
                                                                       {0x92, "NEWOBJ_EX"},   {0x96, "BYTEARRAY8"},
                                                                       {0x97, "NEXT_BUFFER"}, {0x98, "READONLY_BUFFER"}};
  static constexpr char hex[] = "0123456789ABCDEF";
  std::string out = {'0', 'x', hex[code >> 4], hex[code & 15]};
  for (const auto& [number, name] : refused)
    if (number == code) out += " (" + std::string(name) + ")";
  return out;
}

class machine;

}  // namespace detail

class object;

/// One pickle, read. It refers to the bytes, which must live as long.
///
/// Errors     data_error with the byte: an opcode or a global that is not allowed, which it names; truncated; anything over the limits
class document {
 public:
  /// Reads the pickle that begins at `begin`.
  document(byte_span bytes, const std::string& name, classifier allowed, std::size_t begin = 0);

  object root() const;
  /// The byte after the pickle.
  std::size_t end() const { return end_; }
  /// Calls f(object) at every persistent object, in the order of the file.
  template <class F> void each_persistent(const F& f) const;
  /// How many objects there are; object::index() is below it.
  std::size_t size() const { return nodes_.size(); }

 private:
  friend class object;
  friend class detail::machine;
  byte_span bytes_;
  std::vector<detail::node> nodes_;
  std::vector<std::uint32_t> children_;  // of all tuples
  std::vector<detail::item> items_;      // of all lists and dictionaries, each a chain
  std::vector<std::string> globals_;
  std::uint32_t root_ = 0;
  std::size_t end_ = 0;
};

/// An object of a document, which must live as long. Objects may share others and hold themselves, so that who walks through them marks
/// where it was, by index().
class object {
 public:
  object(const document& in, std::uint32_t at) : in_(&in), at_(at) {}

  kind type() const { return node().type; }
  bool is(kind k) const { return type() == k; }
  std::uint32_t index() const { return at_; }

  // Each is for its kind only.
  bool boolean() const { return node().bits != 0; }
  std::int64_t integer() const { return std::int64_t(node().bits); }
  double real() const { return std::bit_cast<double>(node().bits); }
  /// Also the bytes of a huge integer, from the lowest, and the name of a global.
  std::string_view text() const {
    return is(kind::global) ? in_->globals_[std::size_t(node().bits)]
                            : as_text(in_->bytes_.subspan(std::size_t(node().bits), node().count));
  }
  /// Elements of a tuple.
  std::size_t size() const { return node().count; }
  object operator[](std::size_t i) const { return {*in_, in_->children_[std::size_t(node().bits) + i]}; }
  /// f(value) for the elements of a list.
  template <class F> void each_element(const F& f) const {
    each_item([&](object, object value) { f(value); });
  }
  /// f(key, value) for the items of a dictionary.
  template <class F> void each_item(const F& f) const {
    for (auto i = std::uint32_t(node().bits); i != detail::nothing; i = in_->items_[i].next)
      f(object(*in_, in_->items_[i].key), object(*in_, in_->items_[i].value));
  }
  /// The value of a text key of a dictionary; where there is none, what `otherwise` is.
  object find(std::string_view key, object otherwise) const {
    each_item([&](object k, object value) {
      if (k.is(kind::text) && k.text() == key) otherwise = value;
    });
    return otherwise;
  }
  /// What a call is of, and its arguments, a tuple.
  object callee() const { return {*in_, std::uint32_t(node().bits)}; }
  object arguments() const { return {*in_, node().count}; }
  /// What a persistent object is known by.
  object id() const { return {*in_, std::uint32_t(node().bits)}; }

 private:
  const detail::node& node() const { return in_->nodes_[at_]; }
  const document* in_;
  std::uint32_t at_;
};

inline object document::root() const { return {*this, root_}; }
template <class F> void document::each_persistent(const F& f) const {
  for (std::uint32_t i = 0; i < nodes_.size(); ++i)
    if (nodes_[i].type == kind::persistent) f(object(*this, i));
}

namespace detail {

/// The stack machine. Every push is an opcode of at least one byte, and nothing is copied but what is pushed, so that memory is bounded by
/// the bytes read.
class machine {
 public:
  machine(document& out, const std::string& name, classifier allowed, std::size_t begin)
      : out_(out), name_(name), allowed_(allowed), begin_(begin), at_(begin), opcode_at_(begin) {}

  void run() {
    if (take(1)[0] != std::byte(0x80)) fail("no pickle: it does not begin with a protocol");
    const unsigned protocol = unsigned(number<std::uint8_t>());
    if (protocol < 2 || protocol > 5) fail("pickle protocol " + std::to_string(protocol) + "; 2 to 5 expected");
    do {
      if (at_ - begin_ > size_limit) fail("a pickle over 100 MB");
      opcode_at_ = at_;
    } while (step(number<std::uint8_t>()));
    out_.end_ = at_;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { damaged(name_, what + " (pickle, byte " + std::to_string(opcode_at_) + ")"); }

  byte_span take(std::uint64_t count) {
    if (count > out_.bytes_.size() - at_) fail("truncated");
    const byte_span out = out_.bytes_.subspan(at_, std::size_t(count));
    at_ += std::size_t(count);
    return out;
  }
  template <class T> T number() { return load_number<T>(take(sizeof(T)), 0); }

  // The stack; marks hide what lies below them.
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  void push(std::uint32_t ref) { stack_.push_back(ref); }
  void push(kind type, std::uint64_t bits = 0, std::uint64_t count = 0) {
    push(std::uint32_t(out_.nodes_.size()));
    out_.nodes_.push_back({type, std::uint32_t(count), bits});
  }
  std::uint32_t top() const { return stack_[last(1)]; }
  std::uint32_t pop() {
    const std::uint32_t ref = top();
    stack_.pop_back();
    return ref;
  }
  /// The place of the first of the `count` topmost.
  std::size_t last(std::size_t count) const {
    if (stack_.size() - floor() < count) fail("the stack is empty");
    return stack_.size() - count;
  }
  std::size_t pop_mark() {
    if (marks_.empty()) fail("there is no mark");
    const std::size_t first = marks_.back();
    marks_.pop_back();
    return first;
  }
  node& at(std::uint32_t ref) { return out_.nodes_[ref]; }
  node& expect_top(kind type) {
    node& n = at(top());
    if (n.type != type) fail(std::string(name_of(n.type)) + " where " + std::string(name_of(type)) + " is expected");
    return n;
  }

  bool step(std::uint8_t code) {
    switch (code) {
      case '.':
        out_.root_ = pop();
        if (!stack_.empty() || !marks_.empty()) fail("objects are left on the stack");
        return false;
      case 0x95:  // FRAME: its bytes follow, and are read as they come
        if (number<std::uint64_t>() > out_.bytes_.size() - at_) fail("truncated: a frame longer than the file");
        return true;
      case 'N':
        return push(kind::none), true;
      case 0x88:  // NEWTRUE
        return push(kind::boolean, 1), true;
      case 0x89:  // NEWFALSE
        return push(kind::boolean, 0), true;
      case 'K':
        return push(kind::integer, number<std::uint8_t>()), true;
      case 'M':
        return push(kind::integer, number<std::uint16_t>()), true;
      case 'J':
        return push(kind::integer, std::uint64_t(std::int64_t(number<std::int32_t>()))), true;
      case 0x8A:  // LONG1
        return long_integer(number<std::uint8_t>()), true;
      case 'G':
        return push(kind::real, __builtin_bswap64(number<std::uint64_t>())), true;
      case 'U':   // SHORT_BINSTRING, of Python 2
      case 0x8C:  // SHORT_BINUNICODE
        return text(number<std::uint8_t>()), true;
      case 'T':  // BINSTRING, of Python 2
      case 'X':
        return text(number<std::uint32_t>()), true;
      case 0x8D:  // BINUNICODE8
        return text(number<std::uint64_t>()), true;
      case '(':
        return marks_.push_back(std::uint32_t(stack_.size())), true;
      case ')':
        return push(kind::tuple), true;
      case 't':
        return tuple(pop_mark()), true;
      case 0x85:  // TUPLE1 to TUPLE3
      case 0x86:
      case 0x87:
        return tuple(last(code - 0x84u)), true;
      case ']':
        return push(kind::list, nothing), true;
      case '}':
        return push(kind::dict, nothing), true;
      case 'a':
      case 'e':
        return append(code == 'e' ? pop_mark() : last(1)), true;
      case 's':
      case 'u':
        return set_items(code == 'u' ? pop_mark() : last(2)), true;
      case 'c':
      case 0x93:  // STACK_GLOBAL
        return global(code == 'c'), true;
      case 'R':
        return reduce(), true;
      case 'b':
        return build(), true;
      case 'Q': {
        expect_top(kind::tuple);
        const std::uint32_t id = pop();
        return push(kind::persistent, id), true;
      }
      case 'q':
        return put(number<std::uint8_t>()), true;
      case 'r':
        return put(number<std::uint32_t>()), true;
      case 0x94:  // MEMOIZE
        return put(memo_.size()), true;
      case 'h':
        return get(number<std::uint8_t>()), true;
      case 'j':
        return get(number<std::uint32_t>()), true;
      default:
        fail("the opcode " + opcode_name(code) + " is not one that a file of data needs");
    }
  }

  void long_integer(std::size_t size) {
    const std::size_t begin = at_;
    const byte_span bytes = take(size);
    if (size > 8) return push(kind::huge, begin, size);
    std::uint64_t value = size > 0 && (bytes[size - 1] & std::byte(0x80)) != std::byte(0) ? ~std::uint64_t(0) : 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8 | std::uint64_t(bytes[i]);
    push(kind::integer, value);
  }
  void text(std::uint64_t size) {
    if (size > size_limit) fail("truncated, or a text over 100 MB");
    const std::size_t begin = at_;
    const std::string_view t = as_text(take(size));
    for (std::size_t i = 0; i < t.size();) {
      const std::size_t length = data::detail::utf8_length(t.substr(i));
      if (length == 0) fail("a text that is no UTF-8");
      i += length;
    }
    push(kind::text, begin, size);
  }
  void tuple(std::size_t first) {
    const std::size_t begin = out_.children_.size(), count = stack_.size() - first;
    out_.children_.insert(out_.children_.end(), stack_.begin() + std::ptrdiff_t(first), stack_.end());
    stack_.resize(first);
    push(kind::tuple, begin, count);
  }

  void add_item(std::uint32_t holder, std::uint32_t key, std::uint32_t value) {
    if (out_.items_.size() >= at_ - begin_) fail("more items than bytes");
    const auto fresh = std::uint32_t(out_.items_.size());
    out_.items_.push_back({key, value, nothing});
    node& n = at(holder);
    if (n.bits == nothing)
      n.bits = fresh;
    else
      out_.items_[n.count].next = fresh;
    n.count = fresh;
  }
  void append(std::size_t first) {
    if (first == floor()) fail("the stack is empty");
    const std::uint32_t list = stack_[first - 1];
    if (at(list).type != kind::list) fail("elements for " + std::string(name_of(at(list).type)) + ", a list expected");
    for (std::size_t i = first; i < stack_.size(); ++i) add_item(list, nothing, stack_[i]);
    stack_.resize(first);
  }
  void set_items(std::size_t first) {
    if (first == floor() || (stack_.size() - first) % 2 != 0) fail("a key without a value, or no dictionary for it");
    const std::uint32_t dict = stack_[first - 1];
    if (at(dict).type != kind::dict) fail("items for " + std::string(name_of(at(dict).type)) + ", a dictionary expected");
    for (std::size_t i = first; i < stack_.size(); i += 2) add_item(dict, stack_[i], stack_[i + 1]);
    stack_.resize(first);
  }

  std::string_view line() {
    const std::string_view rest = as_text(out_.bytes_).substr(at_);
    const std::size_t length = rest.find('\n');
    if (length == rest.npos) fail("truncated inside the name of a global");
    at_ += length + 1;
    return rest.substr(0, length);
  }
  void global(bool in_lines) {
    std::string_view module, entity;
    if (in_lines) {
      module = line(), entity = line();
    } else {
      std::string_view* const parts[]{&entity, &module};
      for (std::string_view* const part : parts) {
        expect_top(kind::text);
        *part = object(out_, pop()).text();
      }
    }
    std::string name = printable(module) + '.' + printable(entity);
    if (allowed_(name) == role::forbidden)
      fail("the global " + name + " is not allowed: numbers, texts, tuples, lists, dictionaries and tensors are");
    std::size_t known = 0;
    while (known < out_.globals_.size() && out_.globals_[known] != name) ++known;
    if (known == out_.globals_.size()) out_.globals_.push_back(std::move(name));
    push(kind::global, known);
  }

  void reduce() {
    expect_top(kind::tuple);
    const object arguments(out_, pop());
    const std::string& name = out_.globals_[std::size_t(expect_top(kind::global).bits)];
    const std::uint32_t callee = pop();
    switch (allowed_(name)) {
      case role::function:
        return push(kind::call, callee, arguments.index());
      case role::wrapper:
        if (arguments.size() == 1) return push(arguments[0].index());
        break;
      case role::dictionary:
        if (arguments.size() == 0) return push(kind::dict, nothing);
        if (arguments.size() == 1 && arguments[0].is(kind::dict)) return push(arguments[0].index());
        if (arguments.size() == 1 && arguments[0].is(kind::list)) return dictionary_of_pairs(arguments[0]);  // of Python 2
        break;
      default:
        break;
    }
    fail("a call of " + name + " with these arguments is not allowed");
  }
  void dictionary_of_pairs(object pairs) {
    push(kind::dict, nothing);
    for (auto i = std::uint32_t(at(pairs.index()).bits); i != nothing; i = out_.items_[i].next) {
      const object pair(out_, out_.items_[i].value);
      std::uint32_t parts[2]{};
      std::size_t count = pair.is(kind::tuple) ? pair.size() : 0;
      for (std::size_t k = 0; k < std::min<std::size_t>(count, 2); ++k) parts[k] = pair[k].index();
      if (pair.is(kind::list))
        for (auto k = std::uint32_t(at(pair.index()).bits); k != nothing && count < 3; k = out_.items_[k].next, ++count)
          if (count < 2) parts[count] = out_.items_[k].value;
      if (count != 2) fail("a dictionary of a list whose elements are no pairs");
      add_item(top(), parts[0], parts[1]);
    }
  }
  /// Attributes of a dictionary, such as a state dict's `_metadata`: nothing that a tensor needs.
  void build() {
    expect_top(kind::dict);
    pop();
    expect_top(kind::dict);
  }

  void put(std::uint64_t i) {
    const std::uint32_t ref = top();
    if (i >= at_ - begin_) fail("the memo has no place " + std::to_string(i) + " yet");  // writers count up from 0
    if (i >= memo_.size()) memo_.resize(std::size_t(i) + 1, nothing);
    memo_[std::size_t(i)] = ref;
  }
  void get(std::uint64_t i) {
    if (i >= memo_.size() || memo_[std::size_t(i)] == nothing) fail("the memo has nothing at " + std::to_string(i));
    push(memo_[std::size_t(i)]);
  }

  document& out_;
  const std::string& name_;
  classifier allowed_;
  std::size_t begin_, at_, opcode_at_;
  std::vector<std::uint32_t> stack_, marks_, memo_;
};

}  // namespace detail

inline document::document(byte_span bytes, const std::string& name, classifier allowed, std::size_t begin) : bytes_(bytes) {
  detail::machine(*this, name, allowed, std::min(begin, bytes.size())).run();
}

}  // namespace ogm::data::pickle
