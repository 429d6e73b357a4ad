// SPDX-License-Identifier: Apache-2.0
//
// The reader of recorded CPU vectors.
#include "tests/unit/arch/vectors.h"

#include <charconv>
#include <optional>
#include <sstream>

#include "model/arch/layout.h"

namespace kilburn::tb {
namespace {

using arch::Fault;
using arch::Format;
using arch::u16;
using arch::u64;
using arch::u8;

// The blank-separated parts of one line, each taken exactly once.
class Line {
 public:
  Line(const std::string& text, const std::string& file, unsigned number) : file_(file), number_(number) {
    std::istringstream parts(text);
    for (std::string part; parts >> part;) parts_.push_back(part);
  }

  [[noreturn]] void reject(const std::string& reason) const {
    throw VectorError(file_ + ":" + std::to_string(number_) + ": " + reason);
  }

  bool empty() const { return parts_.empty(); }
  unsigned number() const { return number_; }

  // The next part in order.
  std::string next(std::string_view what) {
    if (parts_.empty()) reject("missing " + std::string(what));
    const std::string part = parts_.front();
    parts_.erase(parts_.begin());
    return part;
  }

  // The value of `key=value`, wherever it stands.
  std::optional<std::string> find(std::string_view key) {
    const std::string start = std::string(key) + "=";
    std::optional<std::string> value;
    for (auto part = parts_.begin(); part != parts_.end();) {
      if (!part->starts_with(start)) {
        ++part;
        continue;
      }
      if (value) reject("field " + std::string(key) + " twice");
      value = part->substr(start.size());
      part = parts_.erase(part);
    }
    return value;
  }
  std::string field(std::string_view key) {
    const auto value = find(key);
    if (!value) reject("missing field " + std::string(key) + "=");
    return *value;
  }

  u64 number(const std::string& text, int base, u64 limit, std::string_view what) const {
    u64 value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size()) {
      reject("bad " + std::string(what) + " \"" + text + "\"");
    }
    if (value > limit) reject(std::string(what) + " \"" + text + "\" out of range");
    return value;
  }
  u64 hex(std::string_view key, u64 limit = ~u64{0}) { return number(field(key), 16, limit, key); }
  bool flag(std::string_view key) { return number(field(key), 10, 1, key) != 0; }

  void finish() const {
    if (!parts_.empty()) reject("unexpected \"" + parts_.front() + "\"");
  }

 private:
  std::string file_;
  unsigned number_;
  std::vector<std::string> parts_;
};

constexpr u64 kPhysical = (u64{1} << 52) - 1;

class Reader {
 public:
  Reader(std::istream& text, std::string file) : text_(text), file_(std::move(file)) {}

  std::vector<CpuVector> read() {
    std::string raw;
    for (unsigned number = 1; std::getline(text_, raw); ++number) {
      if (!raw.empty() && raw.back() == '\r') raw.pop_back();
      Line line(raw, file_, number);
      if (number == 1) {
        read_header(line);
      } else if (!line.empty() && !raw.starts_with('#')) {
        read_line(line);
      }
      last_line_ = number;
    }
    Line end("", file_, last_line_);
    if (last_line_ == 0) end.reject("empty file");
    finish_vector(end);
    return std::move(vectors_);
  }

 private:
  void read_header(Line& line) {
    if (line.next("header") != "#" || line.next("header") != "kilburn-vectors") {
      line.reject("the first line is not \"# kilburn-vectors 1 x86-64|alpha\"");
    }
    if (line.next("format number") != "1") line.reject("unknown format number");
    const std::string name = line.next("architecture");
    if (name != "x86-64" && name != "alpha") line.reject("unknown architecture \"" + name + "\"");
    format_ = name == "alpha" ? Format::alpha : Format::x86_64;
    line.finish();
  }

  void read_line(Line& line) {
    const std::string kind = line.next("line kind");
    if (kind == "V") {
      finish_vector(line);
      read_vector(line);
    } else if (vectors_.empty()) {
      line.reject("\"" + kind + "\" before the first V");
    } else if (kind == "W") {
      if (!vectors_.back().accesses.empty()) line.reject("W after the first A");
      read_word(line, vectors_.back().words);
    } else if (kind == "A") {
      finish_access(line);
      read_access(line);
    } else if (kind == "E") {
      if (vectors_.back().accesses.empty() || have_expectation_) line.reject("E without an A of its own");
      read_expectation(line, vectors_.back().accesses.back().expect);
      have_expectation_ = true;
    } else if (kind == "Q") {
      if (!have_expectation_) line.reject("Q without an E");
      Expectation ignored;
      read_expectation(line, ignored);
    } else if (kind == "U") {
      if (!have_expectation_) line.reject("U without an E");
      Expectation& expect = vectors_.back().accesses.back().expect;
      if (expect.fault != Fault::none) line.reject("U after a fault");
      const u64 pa = read_word(line, expect.updated);
      if (!vectors_.back().words.contains(pa)) line.reject("U of a word that no W gives");
    } else {
      line.reject("unknown line kind \"" + kind + "\"");
    }
    line.finish();
  }

  void read_vector(Line& line) {
    CpuVector& v = vectors_.emplace_back();
    v.line = line.number();
    v.format = format_;
    v.id = line.number(line.next("id"), 10, ~u64{0}, "id");
    if (format_ == Format::alpha) {
      if (line.field("arch") != "alpha") line.reject("arch differs from the header");
      v.levels = 3;
      v.context.root = line.hex("ptbr", kPhysical);
    } else {
      v.levels = static_cast<unsigned>(line.number(line.field("levels"), 10, 5, "levels"));
      if (v.levels < 4) line.reject("levels is neither 4 nor 5");
      v.pa_width = static_cast<u8>(line.number(line.field("maxpa"), 10, 52, "maxpa"));
      if (v.pa_width < 32) line.reject("maxpa below 32");
      v.context.root = line.hex("cr3", kPhysical);
      v.context.pkru = static_cast<arch::u32>(line.hex("pkru", 0xffffffff));
      using namespace arch::layout::Controls;
      u64 controls = WP.make(line.flag("wp"));
      controls |= NXE.make(line.flag("nxe"));
      controls |= SMEP.make(line.flag("smep"));
      controls |= SMAP.make(line.flag("smap"));
      controls |= PKE.make(line.flag("pke"));
      controls |= LA57.make(v.levels == 5);
      v.context.controls = static_cast<arch::u32>(controls);
    }
  }

  u64 read_word(Line& line, Words& words) {
    const u64 pa = line.number(line.next("address"), 16, kPhysical, "address");
    const u64 value = line.number(line.next("value"), 16, ~u64{0}, "value");
    if (pa % 8 != 0) line.reject("address is not a multiple of 8");
    if (!words.emplace(pa, value).second) line.reject("the same word twice");
    return pa;
  }

  void read_access(Line& line) {
    Access& access = vectors_.back().accesses.emplace_back();
    access.line = line.number();
    const std::string op = line.next("operation");
    if (op != "r" && op != "w" && op != "x") line.reject("unknown operation \"" + op + "\"");
    access.request.op = op == "r" ? arch::Op::read : op == "w" ? arch::Op::write : arch::Op::fetch;
    access.request.va = line.hex("va");
    bool user = false;
    if (format_ == Format::alpha) {
      const std::string mode = line.field("mode");
      if (mode != "k" && mode != "u") line.reject("mode is neither k nor u");
      user = mode == "u";
    } else {
      const std::string cpl = line.field("cpl");
      if (cpl != "0" && cpl != "3") line.reject("cpl is neither 0 nor 3");
      user = cpl == "3";
      access.request.ac = line.flag("ac");
    }
    access.request.mode = user ? arch::Mode::user : arch::Mode::kernel;
  }

  void read_expectation(Line& line, Expectation& expect) {
    static const std::map<std::string, Fault> x86{{"OK", Fault::none}, {"PF", Fault::page}, {"GP", Fault::general}};
    static const std::map<std::string, Fault> alpha{{"OK", Fault::none},      {"ACV", Fault::acv},
                                                    {"TNV", Fault::tnv},      {"FOR", Fault::on_read},
                                                    {"FOW", Fault::on_write}, {"FOE", Fault::on_execute}};
    const auto& outcomes = format_ == Format::alpha ? alpha : x86;
    const std::string outcome = line.next("outcome");
    const auto known = outcomes.find(outcome);
    if (known == outcomes.end()) line.reject("unknown outcome \"" + outcome + "\"");
    expect.fault = known->second;
    if (expect.fault == Fault::none) expect.pa = line.hex("pa", kPhysical);
    if (expect.fault == Fault::page) {
      expect.error = static_cast<u16>(line.hex("err", 0xffff));
      expect.cr2 = line.hex("cr2");
    }
    if (line.field("src").empty()) line.reject("empty src");
  }

  // An access is complete with its E, a vector with at least one access.
  void finish_access(const Line& at) {
    if (!vectors_.back().accesses.empty() && !have_expectation_) at.reject("the access above has no E");
    have_expectation_ = false;
  }
  void finish_vector(const Line& at) {
    if (vectors_.empty()) return;
    finish_access(at);
    if (vectors_.back().accesses.empty()) at.reject("the vector above has no access");
  }

  std::istream& text_;
  std::string file_;
  Format format_ = Format::x86_64;
  unsigned last_line_ = 0;
  bool have_expectation_ = false;
  std::vector<CpuVector> vectors_;
};

}  // namespace

std::vector<CpuVector> read_vectors(std::istream& text, const std::string& file) { return Reader(text, file).read(); }

}  // namespace kilburn::tb
