// SPDX-License-Identifier: Apache-2.0
//
// Text of directed tests, written and read.
#include "tb/failure/directed_test.h"

#include <fstream>
#include <istream>
#include <map>
#include <optional>
#include <ostream>

#include "model/arch/layout.h"
#include "tb/errors.h"
#include "tb/stimulus/fields.h"
#include "tb/text.h"

namespace kilburn::tb {
using arch::u64;
using arch::u8;

namespace {

constexpr arch::Mode kModes[] = {arch::Mode::kernel, arch::Mode::executive, arch::Mode::supervisor, arch::Mode::user};
constexpr u64 kLargestDelay = u64{1} << 32;  // cycles

// Codes outside layout.def Inv have no name and are written as numbers.
std::string inv_text(u8 op) {
  return op > arch::layout::Inv::FILL_D ? std::to_string(op) : std::string(invalidation_name(op));
}

class Reader {
 public:
  Reader(std::istream& in, std::string name) : in_(in), name_(std::move(name)) {}

  DirectedTest read() {
    if (!next() || words_.size() != 2 || words_[0] != "kilburn-test" || words_[1] != "1") {
      fail("a directed test begins with the line \"kilburn-test 1\"");
    }
    while (next()) {
      if (!header()) operation();
    }
    if (!has_format_) fail("the test names no format");
    if (test_.operations.empty()) fail("the test has no operation");
    return test_;
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    throw UserError(name_ + ":" + std::to_string(line_) + ": " + reason);
  }

  // The next line that says something.
  bool next() {
    while (std::getline(in_, text_)) {
      ++line_;
      text_.erase(std::min(text_.find('#'), text_.size()));
      if (!text_.empty() && text_.back() == '\r') text_.pop_back();
      split_fields(text_, words_);
      if (!words_.empty()) return true;
    }
    if (in_.bad()) throw UserError(name_ + " cannot be read");
    return false;
  }

  u64 number(std::string_view word, u64 most = ~u64{0}) const {
    const bool is_hex = word.starts_with("0x") || word.starts_with("0X");
    const auto value = whole_number(is_hex ? word.substr(2) : word, is_hex ? 16 : 10);
    if (!value) fail(in_quotes(word) + " is not a number");
    if (*value > most) fail(in_quotes(word) + " is more than " + hex(most));
    return *value;
  }
  u64 address(std::string_view word) const {
    const u64 pa = number(word, (u64{1} << 52) - 1);
    if (pa % 8 != 0) fail(in_quotes(word) + " is not the address of a word: its low three bits are not 0");
    return pa;
  }
  void expect_words(std::size_t count) const {
    if (words_.size() != count) fail(std::string(words_[0]) + " takes " + std::to_string(count - 1) + " values");
  }

  // name=value and flags of the words from `first` on; each at most once, none but `known`.
  using Fields = std::map<std::string_view, std::string_view>;
  Fields fields(std::size_t first, std::initializer_list<std::string_view> known) const {
    Fields found;
    for (std::size_t n = first; n < words_.size(); ++n) {
      const auto equals = words_[n].find('=');
      const auto key = words_[n].substr(0, equals);
      if (std::find(known.begin(), known.end(), key) == known.end()) fail("unexpected " + in_quotes(words_[n]));
      const auto value = equals == std::string_view::npos ? std::string_view{} : words_[n].substr(equals + 1);
      if (!found.emplace(key, value).second) fail(in_quotes(key) + " is given twice");
    }
    return found;
  }
  u64 field(const Fields& given, std::string_view key, u64 most, bool required = false) const {
    const auto at = given.find(key);
    if (at == given.end() && required) fail(std::string(key) + "= is missing");
    return at == given.end() ? 0 : number(at->second, most);
  }

  bool header() {
    const auto key = words_[0];
    if (key == "format") {
      expect_words(2);
      const auto format = arch::format_from_name(words_[1]);
      if (!format) fail("there is no format " + in_quotes(words_[1]) + "; there are: x86-64, alpha, alpha-x64");
      test_.format = *format;
      if (config_) test_.settings = arch::settings_of(*format, *config_);
      has_format_ = true;
    } else if (key == "config") {
      expect_words(2);
      config_ = static_cast<arch::u32>(number(words_[1], ~arch::u32{0}));
      test_.settings = arch::settings_of(test_.format, *config_);
    } else if (key == "seed") {
      expect_words(2);
      test_.seed = number(words_[1]);
      if (test_.seed == 0) fail("seed 0 is none");
    } else if (key == "memory") {
      memory();
    } else if (key == "word") {
      expect_words(3);
      const u64 pa = address(words_[1]);
      for (const auto& word : test_.words) {
        if (word.first == pa) fail("the word at " + hex(pa) + " is given twice");
      }
      test_.words.emplace_back(pa, number(words_[2]));
    } else {
      return false;
    }
    if (!test_.operations.empty()) fail(std::string(key) + " belongs before the first operation");
    return true;
  }

  void memory() {
    const auto given = fields(1, {"bytes", "latency", "ready"});
    test_.memory_bytes = field(given, "bytes", u64{1} << 52, true);
    if (const auto latency = given.find("latency"); latency != given.end()) {
      const auto colon = latency->second.find(':');
      if (colon == std::string_view::npos) fail("latency= needs LEAST:MOST");
      test_.timing.min_latency = static_cast<unsigned>(number(latency->second.substr(0, colon), 100000));
      test_.timing.max_latency = static_cast<unsigned>(number(latency->second.substr(colon + 1), 100000));
      if (test_.timing.min_latency == 0 || test_.timing.max_latency < test_.timing.min_latency) {
        fail("latency= needs LEAST:MOST, from 1 on");
      }
    }
    if (given.contains("ready")) test_.timing.ready_percent = static_cast<unsigned>(field(given, "ready", 100));
    if (test_.timing.ready_percent == 0) fail("a memory that is never ready answers nothing");
  }

  void operation() {
    Operation o;
    if (words_[0].starts_with("+")) {
      o.settled = false;
      o.after = number(words_[0].substr(1), kLargestDelay);
      words_.erase(words_.begin());
      if (words_.empty()) fail("an operation is missing");
    }
    const auto key = words_[0];
    if (key == "context") {
      context(o);
    } else if (key == "read" || key == "write" || key == "fetch") {
      request(o);
    } else if (key == "edit") {
      expect_words(3);
      o.kind = Operation::Kind::edit;
      o.pa = address(words_[1]);
      o.value = number(words_[2]);
      if (o.pa + 8 > test_.memory_bytes) fail("the word at " + hex(o.pa) + " is outside the memory");
    } else if (key == "invalidate") {
      invalidation(o);
    } else {
      fail("there is no operation " + in_quotes(key) + "; there are: context, read, write, fetch, edit, invalidate");
    }
    test_.operations.push_back(o);
  }

  void context(Operation& o) const {
    const auto given = fields(1, {"root", "asid", "controls", "pkru", "pkrs", "waits"});
    o.waits = given.contains("waits");
    o.kind = Operation::Kind::context;
    o.context.root = field(given, "root", (u64{1} << 52) - 1, true);
    o.context.asid = static_cast<arch::u16>(field(given, "asid", 0xfff));
    o.context.controls = static_cast<arch::u32>(field(given, "controls", ~arch::u32{0}));
    o.context.pkru = static_cast<arch::u32>(field(given, "pkru", ~arch::u32{0}));
    o.context.pkrs = static_cast<arch::u32>(field(given, "pkrs", ~arch::u32{0}));
  }

  void request(Operation& o) const {
    const auto given = fields(1, {"va", "mode", "id", "ac", "implicit", "hold"});
    o.kind = Operation::Kind::request;
    o.request.op = words_[0] == "write" ? arch::Op::write : words_[0] == "fetch" ? arch::Op::fetch : arch::Op::read;
    o.side = o.request.op == arch::Op::fetch ? Side::instruction : Side::data;
    o.request.va = field(given, "va", ~u64{0}, true);
    const auto mode = given.find("mode");
    if (mode == given.end()) fail("mode= is missing");
    bool known = false;
    for (const arch::Mode m : kModes) {
      if (arch::name(m) == mode->second) o.request.mode = m, known = true;
    }
    if (!known) fail("there is no mode " + in_quotes(mode->second));
    o.id = static_cast<u8>(field(given, "id", 15));
    o.request.ac = given.contains("ac");
    o.request.implicit = given.contains("implicit");
    if (o.side == Side::instruction && (o.request.ac || o.request.implicit)) fail("a fetch has no ac and no implicit");
    o.hold = field(given, "hold", kLargestDelay);
  }

  void invalidation(Operation& o) {
    if (words_.size() < 2) fail("invalidate needs an operation code");
    o.kind = Operation::Kind::invalidation;
    bool known = false;
    for (u8 op = 0; op <= arch::layout::Inv::FILL_D; ++op) {
      if (invalidation_name(op) == words_[1]) o.inv = op, known = true;
    }
    if (!known) o.inv = static_cast<u8>(number(words_[1], 15));
    const auto given = fields(2, {"va", "asid", "pte"});
    o.inv_va = field(given, "va", ~u64{0});
    o.inv_asid = static_cast<arch::u16>(field(given, "asid", 0xfff));
    o.value = field(given, "pte", ~u64{0});
  }

  std::istream& in_;
  std::string name_, text_;
  std::vector<std::string_view> words_;
  std::size_t line_ = 0;
  std::optional<arch::u32> config_;  // not given: the usual settings
  bool has_format_ = false;
  DirectedTest test_;
};

}  // namespace

std::string text(const Operation& o) {
  std::string line = o.settled ? "" : "+" + std::to_string(o.after) + " ";
  switch (o.kind) {
    case Operation::Kind::context:
      line += "context root=" + hex(o.context.root) + " asid=" + std::to_string(o.context.asid) +
              " controls=" + hex(o.context.controls) + " pkru=" + hex(o.context.pkru) + " pkrs=" + hex(o.context.pkrs) +
              (o.waits ? " waits" : "");
      break;
    case Operation::Kind::request:
      line += std::string(arch::name(o.request.op)) + " va=" + hex(o.request.va) +
              " mode=" + std::string(arch::name(o.request.mode)) + " id=" + std::to_string(o.id);
      if (o.request.ac) line += " ac";
      if (o.request.implicit) line += " implicit";
      if (o.hold != 0) line += " hold=" + std::to_string(o.hold);
      break;
    case Operation::Kind::edit:
      line += "edit " + hex(o.pa) + " " + hex(o.value);
      break;
    case Operation::Kind::invalidation:
      line += "invalidate " + inv_text(o.inv) + " va=" + hex(o.inv_va) + " asid=" + std::to_string(o.inv_asid) +
              " pte=" + hex(o.value);
      break;
  }
  return line;
}

void write(std::ostream& out, const DirectedTest& test, const std::vector<std::string>& comments) {
  out << "kilburn-test 1\n";
  for (const auto& comment : comments) {
    out << "# ";
    for (const char c : comment) out << (c == '\n' ? "\n# " : std::string(1, c));
    out << "\n";
  }
  out << "format " << arch::name(test.format) << "\n"
      << "config " << hex(arch::config_word(test.format, test.settings)) << "\n"
      << "seed " << test.seed << "\n"
      << "memory bytes=" << hex(test.memory_bytes) << " latency=" << test.timing.min_latency << ":"
      << test.timing.max_latency << " ready=" << test.timing.ready_percent << "\n";
  for (const auto& [pa, value] : test.words) out << "word " << hex(pa) << " " << hex(value) << "\n";
  for (const auto& operation : test.operations) out << text(operation) << "\n";
}

DirectedTest read_directed_test(std::istream& in, const std::string& name) { return Reader(in, name).read(); }

DirectedTest read_directed_test(const std::filesystem::path& file) {
  std::error_code ec;
  std::ifstream in(file);
  if (!in || std::filesystem::is_directory(file, ec)) {
    throw UserError("the directed test " + file.string() + " cannot be read");
  }
  return read_directed_test(in, file.string());
}

}  // namespace kilburn::tb
