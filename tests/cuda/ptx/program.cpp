#include "program.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <set>
#include <sstream>

namespace cuda_ptx {

namespace {

/// Bytes of the types that PTX names.
const std::map<std::string, unsigned>& type_bytes() {
  static const std::map<std::string, unsigned> bytes{{"pred", 1}, {"b8", 1},  {"u8", 1},  {"s8", 1},  {"b16", 2},   {"u16", 2},
                                                     {"s16", 2},  {"f16", 2}, {"b32", 4}, {"u32", 4}, {"s32", 4},   {"f32", 4},
                                                     {"b64", 8},  {"u64", 8}, {"s64", 8}, {"f64", 8}, {"f16x2", 4}, {"bf16", 2}};
  return bytes;
}

/// Words of a text, with the lines they are on. A word is a name, a number or one character.
struct word {
  std::string text;
  unsigned line;
};

std::vector<std::string> parts_of(const std::string& name) {
  std::vector<std::string> parts;
  std::istringstream stream(name);
  for (std::string part; std::getline(stream, part, '.');) parts.push_back(part);
  return parts;
}

class parser {
 public:
  parser(const std::string& text, const std::string& file) {
    made_.file = file;
    split(text);
  }
  program parse();

 private:
  struct declared {
    std::uint32_t index;
    std::uint64_t bits;
  };
  using scope = std::map<std::string, declared>;  // a family %r<10> under "%r"

  [[noreturn]] void fail(const std::string& why) const { fail(why, at_ < words_.size() ? words_[at_].line : last_line_); }
  [[noreturn]] void fail(const std::string& why, unsigned line) const { throw error(made_.file + ":" + std::to_string(line) + ": " + why); }

  void split(const std::string& text);
  bool is(const char* text) const { return at_ < words_.size() && words_[at_].text == text; }
  bool take(const char* text) { return is(text) && ++at_; }
  void expect(const char* text) {
    if (!take(text)) fail("'" + peek() + "' where '" + text + "' is expected");
  }
  std::string peek() const { return at_ < words_.size() ? words_[at_].text : "the end"; }
  std::string next() {
    if (at_ >= words_.size()) fail("the text ends too early");
    return words_[at_++].text;
  }
  std::uint64_t number(const std::string& text) const;
  std::uint64_t next_number() { return number(next()); }

  void file_table();
  void location();
  void skip_section();
  void variable(bool in_kernel);
  void entry();
  void parameters();
  void body();
  void statement();
  void registers();
  void read_instruction();
  void read_operand(instruction&);
  void read_address(instruction&);
  operand simple_operand();
  void bind(instruction&);
  void bind_memory(instruction&, const std::vector<std::string>& parts, std::size_t first);
  void bind_atomic(instruction&, const std::vector<std::string>& parts);
  void want(const instruction&, unsigned destinations, unsigned sources) const;
  void link();

  program made_;
  std::vector<word> words_;
  std::size_t at_ = 0;
  unsigned last_line_ = 1;
  std::map<std::uint64_t, std::string> files_;
  std::string place_;

  kernel* now_ = nullptr;
  std::vector<scope> scopes_;
  std::map<std::string, std::uint64_t> global_symbols_, symbols_;
  std::set<std::string> dynamic_;  // names of dynamic shared memory
  std::map<std::string, std::uint32_t> labels_;
  std::vector<std::string> targets_;  // by instruction
};

void parser::split(const std::string& text) {
  unsigned line = 1;
  const auto part_of_name = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || c == '.' || c == '%';
  };
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '\n') ++line;
    if (std::isspace(static_cast<unsigned char>(c))) {
      ++i;
    } else if (text.compare(i, 2, "//") == 0) {
      while (i < text.size() && text[i] != '\n') ++i;
    } else if (text.compare(i, 2, "/*") == 0) {
      const std::size_t end = text.find("*/", i);
      if (end == std::string::npos) throw error(made_.file + ":" + std::to_string(line) + ": a comment without an end");
      line += unsigned(std::count(text.begin() + long(i), text.begin() + long(end), '\n'));
      i = end + 2;
    } else if (c == '"') {
      const std::size_t end = text.find('"', i + 1);
      if (end == std::string::npos) throw error(made_.file + ":" + std::to_string(line) + ": a string without an end");
      words_.push_back({text.substr(i, end + 1 - i), line});
      i = end + 1;
    } else {
      std::size_t end = i;
      // "L1::no_allocate" is one name; a label's colon is a word.
      while (end < text.size() && (part_of_name(text[end]) || text.compare(end, 2, "::") == 0)) end += text[end] == ':' ? 2 : 1;
      if (end == i) ++end;
      words_.push_back({text.substr(i, end - i), line});
      i = end;
    }
  }
  last_line_ = line;
}

std::uint64_t parser::number(const std::string& text) const {
  try {
    std::size_t used = 0;
    std::uint64_t value = 0;
    const bool is_float = text.size() > 2 && text[0] == '0' && (std::tolower(text[1]) == 'f' || std::tolower(text[1]) == 'd');
    if (is_float)
      value = std::stoull(text.substr(2), &used, 16), used += 2;
    else
      value = std::stoull(text, &used, 0);
    if (used < text.size() && text[used] == 'U') ++used;
    if (used == text.size()) return value;
  } catch (const std::exception&) {  // said below
  }
  fail("'" + text + "' is no number and no name");
}

program parser::parse() {
  for (; at_ < words_.size(); ++at_)  // nvcc has its table of files at the end
    if (is(".file")) ++at_, file_table(), --at_;
  at_ = 0;
  while (at_ < words_.size()) {
    if (take(".version") || take(".address_size")) {
      next();
    } else if (take(".target")) {
      const std::string target = next();
      if (target.compare(0, 3, "sm_") != 0) fail("target " + target + " is not of the form sm_80");
      made_.target = unsigned(std::stoul(target.substr(3)));
    } else if (take(".file")) {
      file_table();
    } else if (take(".section")) {
      skip_section();
    } else if (take(".visible") || take(".weak")) {
    } else if (is(".extern") || is(".shared") || is(".global") || is(".const")) {
      variable(false);
    } else if (take(".entry")) {
      entry();
    } else {
      fail("'" + peek() + "' is not known here");
    }
  }
  if (!made_.target) fail("no .target");
  return std::move(made_);
}

void parser::file_table() {
  const std::uint64_t index = next_number();
  std::string name = next();
  name = name.substr(1, name.size() - 2);
  const std::size_t include = name.rfind("/include/"), tests = name.rfind("/tests/");
  if (include != std::string::npos)
    name = name.substr(include + 1);
  else if (tests != std::string::npos)
    name = name.substr(tests + 1);
  files_[index] = name;
  if (take(",")) next(), expect(","), next();
}

/// ".loc 1 66 3, function_name $L, inlined_at 1 75 3": the first place is where the text is.
void parser::location() {
  const std::uint64_t file = next_number();
  place_ = std::to_string(file) + ":" + next();
  next();
  while (take(",")) {
    if (take("function_name")) {
      next();
      if (take("+")) next();
    } else {
      expect("inlined_at");
      next(), next(), next();
    }
  }
}

void parser::skip_section() {
  next();
  expect("{");
  while (!take("}")) next();
}

void parser::variable(bool in_kernel) {
  const bool is_extern = take(".extern");
  const std::string where = next();
  std::size_t align = 0, size = 0, count = 1;
  while (peek()[0] == '.') {
    const std::string part = next();
    if (part == ".align")
      align = next_number();
    else if (const auto type = type_bytes().find(part.substr(1)); type != type_bytes().end())
      size = type->second;
    else
      fail("'" + part + "' of a variable is not known");
  }
  if (!size) fail("a variable without a type");
  if (!align) align = size;
  const std::string name = next();
  bool open = false;
  while (take("[")) {
    if (take("]")) {
      open = true;
    } else {
      count *= next_number();
      expect("]");
    }
  }
  const auto place = [&](std::size_t& top) {
    top = (top + align - 1) / align * align;
    const std::size_t begin = top;
    top += size * count;
    return begin;
  };
  if (where == ".shared" && open && is_extern) {
    dynamic_.insert(name);
  } else if (is_extern || open) {
    fail(name + " is declared elsewhere");
  } else if (where == ".shared" && in_kernel) {
    symbols_[name] = place(now_->static_shared);
  } else if (where == ".local" && in_kernel) {
    symbols_[name] = place(now_->local);
  } else if ((where == ".global" || where == ".const") && !in_kernel) {
    auto memory = std::make_unique<std::uint64_t[]>((size * count + 7) / 8);
    if (align > 16) fail("an alignment of more than 16 bytes");
    auto* const bytes = reinterpret_cast<char*>(memory.get());
    global_symbols_[name] = reinterpret_cast<std::uint64_t>(bytes);
    if (take("=")) {
      const bool list = take("{");
      for (std::size_t i = 0; !is(list ? "}" : ";"); ++i) {
        const bool negative = take("-");
        const std::uint64_t value = negative ? 0 - next_number() : next_number();
        if (i >= count) fail(name + " has more values than elements");
        std::copy_n(reinterpret_cast<const char*>(&value), size, bytes + i * size);
        if (!take(",")) break;
      }
      if (list) expect("}");
    }
    made_.variables.emplace_back(std::move(memory), size * count);
  } else {
    fail("a variable in " + where + " is not known here");
  }
  expect(";");
}

void parser::entry() {
  kernel made;
  made.name = next();
  now_ = &made;
  symbols_ = global_symbols_;
  scopes_.clear();
  labels_.clear();
  targets_.clear();
  place_.clear();
  if (take("(")) parameters();
  while (!is("{")) {
    if (take(".maxntid")) {
      made.most_threads = unsigned(next_number());
      while (take(",")) made.most_threads *= unsigned(next_number());
    } else if (take(".minnctapersm")) {
      next();
    } else {
      fail("'" + peek() + "' of a kernel is not known");
    }
  }
  body();
  link();
  made_.kernels[made.name] = std::move(made);
  now_ = nullptr;
}

void parser::parameters() {
  std::size_t top = 0;
  while (!take(")")) {
    expect(".param");
    std::size_t align = 0, size = 0, count = 1;
    while (peek()[0] == '.') {
      const std::string part = next();
      if (part == ".align")
        align = next_number();
      else if (const auto type = type_bytes().find(part.substr(1)); type != type_bytes().end())
        size = type->second;
      else
        fail("'" + part + "' of a parameter is not known");
    }
    const std::string name = next();
    if (take("[")) count = next_number(), expect("]");
    if (!size) fail("a parameter without a type");
    if (!align) align = size;
    top = (top + align - 1) / align * align;
    symbols_[name] = top;
    now_->parameters.push_back({top, size * count});
    top += size * count;
    take(",");
  }
}

void parser::body() {
  expect("{");
  scopes_.emplace_back();
  while (!scopes_.empty()) {
    if (take("{"))
      scopes_.emplace_back();
    else if (take("}"))
      scopes_.pop_back();
    else
      statement();
  }
}

void parser::statement() {
  if (take(".loc")) return location();
  if (take(".pragma")) {  // "used_bytes_mask 4095", "nounroll": say nothing about what is computed
    next();
    return expect(";");
  }
  if (take(".reg")) return registers();
  if (is(".shared") || is(".local") || is(".extern")) return variable(true);
  if (at_ + 1 < words_.size() && words_[at_ + 1].text == ":") {
    labels_[next()] = std::uint32_t(now_->code.size());
    return expect(":");
  }
  read_instruction();
}

void parser::registers() {
  const std::string type = next();
  const auto bytes = type_bytes().find(type.substr(1));
  if (bytes == type_bytes().end()) fail("registers of type " + type + " are not known");
  const std::uint64_t bits = type == ".pred" ? 1 : ~0ull >> (64 - 8 * bytes->second);
  do {
    const std::string name = next();
    std::uint32_t count = 1;
    if (take("<")) {
      count = std::uint32_t(next_number());
      expect(">");
      for (std::uint32_t i = 0; i < count; ++i) scopes_.back()[name + std::to_string(i)] = {now_->registers + i, bits};
    } else {
      scopes_.back()[name] = {now_->registers, bits};
    }
    now_->registers += count;
  } while (take(","));
  expect(";");
}

operand parser::simple_operand() {
  operand o;
  if (take("!")) o.negated = true;
  if (take("-")) {
    o.is = operand::kind::immediate;
    o.value = 0 - next_number();
    return o;
  }
  const std::string name = next();
  if (name == "_") return o;
  for (auto s = scopes_.rbegin(); s != scopes_.rend(); ++s)
    if (const auto found = s->find(name); found != s->end()) {
      o.is = operand::kind::reg;
      o.index = found->second.index;
      o.value = found->second.bits;
      return o;
    }
  const auto special = std::find(std::begin(special_names), std::end(special_names), name);
  if (special != std::end(special_names)) {
    o.is = operand::kind::special;
    o.index = std::uint32_t(special - std::begin(special_names));
    return o;
  }
  o.is = operand::kind::immediate;
  if (const auto symbol = symbols_.find(name); symbol != symbols_.end()) {
    o.value = symbol->second;
  } else if (dynamic_.count(name)) {
    o.is = operand::kind::special;  // until link()
    o.index = ~0u;
  } else {
    o.value = number(name);
  }
  return o;
}

void parser::read_address(instruction& i) {
  i.base = simple_operand();
  if (take("+"))
    i.offset = take("-") ? 0 - next_number() : next_number();
  else if (take("-"))
    i.offset = 0 - next_number();
  expect("]");
}

void parser::read_operand(instruction& i) {
  const auto keep = [&](const operand& o) {
    if (i.count == i.operands.size()) fail(i.name + " has more operands than are known");
    i.operands[i.count++] = o;
  };
  if (take("[")) return read_address(i);
  if (!take("{")) return keep(simple_operand());
  unsigned elements = 0;
  do {
    keep(simple_operand());
    ++elements;
  } while (take(","));
  expect("}");
  i.width = elements;
}

void parser::read_instruction() {
  instruction i;
  i.line = words_[at_].line;
  const std::size_t colon = place_.find(':');
  if (colon != std::string::npos) i.source = files_[std::stoull(place_)] + place_.substr(colon);
  if (take("@")) {
    i.guard = simple_operand();
    if (i.guard.is != operand::kind::reg) fail("a guard that is no register");
  }
  i.name = next();
  std::string target;
  if (i.name == "bra" || i.name == "bra.uni") {
    target = next();
  } else {
    unsigned groups = 0;
    for (; !is(";"); ++groups) {
      if (groups) {
        if (take("|")) {  // a second destination
          i.destinations = 2;
        } else {
          expect(",");
        }
      }
      const unsigned before = i.count;
      read_operand(i);
      if (groups == 0) i.destinations = i.count - before;
    }
  }
  const unsigned line = i.line;
  expect(";");
  try {
    bind(i);
  } catch (const error& e) {
    if (std::string(e.what()).find(made_.file) == 0) throw;
    fail(e.what(), line);
  }
  now_->code.push_back(std::move(i));
  targets_.push_back(target);
}

void parser::want(const instruction& i, unsigned destinations, unsigned sources) const {
  if (i.destinations != destinations || i.count != destinations + sources)
    fail(i.name + " has " + std::to_string(i.destinations) + " destinations and " + std::to_string(i.count - i.destinations) +
             " sources; known is it with " + std::to_string(destinations) + " and " + std::to_string(sources),
         i.line);
  for (unsigned d = 0; d < destinations; ++d)
    if (i.operands[d].is != operand::kind::reg && i.operands[d].is != operand::kind::none)
      fail(i.name + " writes what is no register", i.line);
}

void parser::bind(instruction& i) {
  const std::vector<std::string> parts = parts_of(i.name);
  const std::string& op = parts[0];
  const auto none = [&](action a) {
    i.does = a;
    want(i, 0, 0);
  };
  const auto all_sources = [&](action a, unsigned destinations, unsigned sources) {
    i.does = a;
    i.destinations = destinations;
    want(i, destinations, sources);
  };
  if (i.name == "bra" || i.name == "bra.uni") return none(action::branch);
  if (i.name == "ret" || i.name == "exit") return none(action::leave);
  if (i.name == "trap") return none(action::trap);
  if (op == "membar" || op == "fence") {
    static const std::set<std::string> known{"membar.cta",        "membar.gl",         "membar.sys",       "fence.sc.gpu",
                                             "fence.acq_rel.cta", "fence.acq_rel.gpu", "fence.acq_rel.sys"};
    if (!known.count(i.name)) fail(i.name + " is not implemented", i.line);
    return none(action::nothing);
  }
  if (op == "ld" || op == "ldu") return bind_memory(i, parts, 1);
  if (op == "st") return bind_memory(i, parts, 1);
  if (op == "atom" || op == "red") return bind_atomic(i, parts);
  if (i.name == "bar.sync" || i.name == "barrier.sync" || i.name == "barrier.sync.aligned") {
    all_sources(action::block_barrier, 0, 1);
    if (i.operands[0].is != operand::kind::immediate || i.operands[0].value != 0) fail("barriers other than 0 are not implemented", i.line);
    return;
  }
  if (i.name == "bar.red.popc.u32" || i.name == "bar.red.and.pred" || i.name == "bar.red.or.pred") {
    want(i, 1, 2);
    if (i.operands[1].is != operand::kind::immediate || i.operands[1].value != 0) fail("barriers other than 0 are not implemented", i.line);
    i.does = action::block_reduction;
    return;
  }
  if (i.name == "bar.warp.sync") return all_sources(action::warp_barrier, 0, 1);
  if (op == "shfl") {
    static const std::set<std::string> known{"shfl.sync.up.b32", "shfl.sync.down.b32", "shfl.sync.bfly.b32", "shfl.sync.idx.b32"};
    if (!known.count(i.name)) fail(i.name + " is not implemented", i.line);
    want(i, i.destinations, 4);
    i.does = action::shuffle;
    return;
  }
  if (op == "vote") {
    static const std::set<std::string> known{"vote.sync.all.pred", "vote.sync.any.pred", "vote.sync.uni.pred", "vote.sync.ballot.b32"};
    if (!known.count(i.name)) fail(i.name + " is not implemented", i.line);
    want(i, 1, 2);
    i.does = action::vote;
    return;
  }
  if (op == "redux" && parts.size() == 4 && parts[1] == "sync") {
    const operation* const combine = find_operation(parts[2] + "." + parts[3]);
    if (!combine || parts[3] == "f32" || type_bytes().at(parts[3]) != 4) fail(i.name + " is not implemented", i.line);
    want(i, 1, 2);
    i.does = action::warp_reduction;
    i.compute = *combine;
    return;
  }
  if (i.name == "activemask.b32") {
    want(i, 1, 0);
    i.does = action::active_mask;
    return;
  }
  if (op == "mov" && parts.size() == 2 && i.width > 1) {
    const auto type = type_bytes().find(parts[1]);
    if (type == type_bytes().end() || parts[1][0] != 'b' || type->second % i.width) fail(i.name + " is not implemented", i.line);
    i.bytes = type->second / i.width;
    i.does = i.destinations == i.width ? action::unpack : action::pack;
    return i.does == action::unpack ? want(i, i.width, 1) : want(i, 1, i.width);
  }
  const operation* const known = find_operation(i.name);
  if (!known) fail(i.name + " is not implemented", i.line);
  want(i, 1, known->sources);
  i.compute = *known;
}

void parser::bind_memory(instruction& i, const std::vector<std::string>& parts, std::size_t first) {
  static const std::map<std::string, space> spaces{{"global", space::global},      {"const", space::global}, {"shared", space::shared},
                                                   {"shared::cta", space::shared}, {"local", space::local},  {"param", space::param}};
  static const std::set<std::string> hints{"nc",
                                           "ca",
                                           "cg",
                                           "cs",
                                           "lu",
                                           "cv",
                                           "wb",
                                           "wt",
                                           "volatile",
                                           "relaxed",
                                           "acquire",
                                           "release",
                                           "weak",
                                           "cta",
                                           "gpu",
                                           "sys",
                                           "L1::evict_first",
                                           "L1::evict_last",
                                           "L1::no_allocate",
                                           "L2::128B",
                                           "L2::256B",
                                           "L2::64B"};
  unsigned width = 1;
  for (std::size_t p = first; p < parts.size(); ++p) {
    if (const auto s = spaces.find(parts[p]); s != spaces.end())
      i.where = s->second;
    else if (parts[p] == "v2" || parts[p] == "v4")
      width = unsigned(parts[p][1] - '0');
    else if (p + 1 == parts.size() && type_bytes().count(parts[p]) && parts[p] != "pred")
      i.bytes = type_bytes().at(parts[p]), i.is_signed = parts[p][0] == 's';
    else if (!hints.count(parts[p]))
      fail(i.name + ": '" + parts[p] + "' is not implemented", i.line);
  }
  if (!i.bytes || i.base.is == operand::kind::none || i.width != width) fail(i.name + " is not implemented in this form", i.line);
  i.does = parts[0] == "st" ? action::store : action::load;
  if (i.does == action::store) i.destinations = 0;
  i.does == action::store ? want(i, 0, width) : want(i, width, 0);
}

/// atom.global.add.f32 d, [a], b and red.global.add.f32 [a], b: combined by the operation of that name.
void parser::bind_atomic(instruction& i, const std::vector<std::string>& parts) {
  static const std::set<std::string> order{"relaxed", "acquire", "release", "acq_rel", "cta", "gpu", "sys"};
  std::vector<std::string> rest;
  for (std::size_t p = 1; p < parts.size(); ++p) {
    if (parts[p] == "global")
      i.where = space::global;
    else if (parts[p] == "shared" || parts[p] == "shared::cta")
      i.where = space::shared;
    else if (!order.count(parts[p]))
      rest.push_back(parts[p]);
  }
  if (parts[0] == "red") i.destinations = 0;
  const unsigned destinations = parts[0] == "red" ? 0 : 1;
  if (rest.size() != 2 || !type_bytes().count(rest[1]) || i.base.is == operand::kind::none) fail(i.name + " is not implemented", i.line);
  i.bytes = type_bytes().at(rest[1]);
  if (rest[0] == "cas" || rest[0] == "exch") {
    i.does = rest[0] == "cas" ? action::compare_and_swap : action::exchange;
    return want(i, 1, rest[0] == "cas" ? 2 : 1);
  }
  static const std::set<std::string> known{"add", "min", "max", "and", "or", "xor"};
  if (rest[1] == "f32" && (rest[0] != "add" || i.where == space::generic)) fail(i.name + " is not implemented", i.line);
  // Of global memory, additions of float take subnormal numbers for zero.
  const bool flushes = rest[1] == "f32" && i.where == space::global;
  const operation* const combine = find_operation(rest[0] + (flushes ? ".ftz." : ".") + rest[1]);
  if (!known.count(rest[0]) || !combine || i.bytes < 4) fail(i.name + " is not implemented", i.line);
  i.does = action::atomic;
  i.compute = *combine;
  want(i, destinations, 1);
}

/// What is known only at a kernel's end: places of labels and of dynamic shared memory, which follows the static.
void parser::link() {
  now_->static_shared = (now_->static_shared + 15) / 16 * 16;
  const auto dynamic = [&](operand& o) {
    if (o.is == operand::kind::special && o.index == ~0u) o.is = operand::kind::immediate, o.value = now_->static_shared;
  };
  for (std::size_t n = 0; n < now_->code.size(); ++n) {
    instruction& i = now_->code[n];
    dynamic(i.base);
    for (operand& o : i.operands) dynamic(o);
    if (i.does != action::branch) continue;
    const auto label = labels_.find(targets_[n]);
    if (label == labels_.end()) fail("no label " + targets_[n], i.line);
    i.target = label->second;
  }
  if (now_->code.empty() || now_->code.back().does != action::leave) {
    instruction end;
    end.name = "ret", end.does = action::leave, end.line = last_line_;
    now_->code.push_back(end);
  }
}

}  // namespace

program parse(const std::string& text, const std::string& file) { return parser(text, file).parse(); }

program parse_file(const std::string& path) {
  std::ifstream stream(path);
  if (!stream) throw error("cannot read " + path);
  std::stringstream text;
  text << stream.rdbuf();
  return parse(text.str(), path.substr(path.rfind('/') + 1));
}

}  // namespace cuda_ptx
