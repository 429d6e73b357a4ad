// SPDX-License-Identifier: Apache-2.0
//
// One line at a time; a vector ends where the next one starts.
#include "tb/stimulus/vectors.h"

#include <algorithm>
#include <array>

#include "model/arch/format.h"
#include "sw/core/errors.h"
#include "sw/trace/event.h"
#include "tb/stimulus/fields.h"

namespace kilburn::tb {

using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;

namespace ctl = arch::layout::Controls;

namespace {

constexpr std::string_view kTitle = "# kilburn-vectors ";

u64 address_bits(arch::Format format) { return format == arch::Format::x86_64 ? 52 : 45; }

// Values of the key=value fields of a line, in the order of `keys`. A word after src= without a '=' belongs to it.
template <std::size_t kKeys>
class Pairs {
 public:
  // A reason why the fields are wrong, or empty.
  std::string read(const std::vector<std::string_view>& fields, std::size_t first,
                   const std::array<std::string_view, kKeys>& keys) {
    bool in_source = false;
    for (std::size_t at = first; at < fields.size(); ++at) {
      const std::string_view field = fields[at];
      const std::size_t equals = field.find('=');
      if (equals == std::string_view::npos) {
        if (in_source) continue;
        return "the field " + in_quotes(field) + " is not of the form key=value";
      }
      const std::string_view key = field.substr(0, equals);
      const auto found = std::find(keys.begin(), keys.end(), key);
      if (found == keys.end()) return "unknown field " + in_quotes(field);
      auto& value = values_[static_cast<std::size_t>(found - keys.begin())];
      if (value) return "the field " + std::string(key) + "= stands twice";
      value = field.substr(equals + 1);
      in_source = key == "src";
    }
    for (std::size_t key = 0; key < kKeys; ++key) {
      if (!values_[key] && keys[key] != "src") return "the field " + std::string(keys[key]) + "= is missing";
    }
    return {};
  }
  std::string_view operator[](std::size_t key) const { return values_[key].value_or(std::string_view()); }

 private:
  std::array<std::optional<std::string_view>, kKeys> values_;
};

}  // namespace

VectorReader VectorReader::open(const std::string& path) {
  try {
    return VectorReader(os::LineSource::open(path));
  } catch (const os::UserError& e) {
    throw UserError(e.what());
  }
}

VectorReader::VectorReader(os::LineSource source) : source_(std::move(source)) { header(); }

void VectorReader::fail_at(u64 line, const std::string& reason) const {
  throw VectorError(source_.name() + ":" + std::to_string(line) + ": " + reason);
}

// Without what ends it, for files that passed through other systems too.
bool VectorReader::next_line(std::string_view& line) {
  try {
    if (!source_.next(line)) return false;
  } catch (const os::TraceError& e) {
    throw VectorError(e.what());
  }
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  return true;
}

void VectorReader::header() {
  std::string_view line;
  if (!next_line(line)) fail_at(1, "the file is empty; the first line must be \"# kilburn-vectors 1 x86-64\" or alpha");
  if (!line.starts_with(kTitle)) {
    fail("the first line must be \"# kilburn-vectors 1 x86-64\" or \"# kilburn-vectors 1 alpha\", not " +
         in_quotes(line));
  }
  Fields fields;
  split_fields(line.substr(kTitle.size()), fields);
  if (fields.empty()) fail("the first line names no version of the format");
  if (fields[0] != "1") fail("version " + in_quotes(fields[0]) + " of the format is not known; this reader takes 1");
  if (fields.size() != 2 || (fields[1] != "x86-64" && fields[1] != "alpha")) {
    fail("the first line must name x86-64 or alpha after the version" +
         (fields.size() > 1 ? ", not " + in_quotes(fields[1]) : std::string()));
  }
  format_ = fields[1] == "alpha" ? arch::Format::alpha : arch::Format::x86_64;
}

bool VectorReader::next(CpuVector& vector) {
  vector.words.clear();
  vector.accesses.clear();
  bool started = false;
  Fields fields;
  if (have_v_line_) {
    split_fields(v_line_, fields);
    vector.line = v_line_number_;
    start(fields, vector);
    started = true;
    have_v_line_ = false;
  }
  std::string_view line;
  while (next_line(line)) {
    split_fields(line, fields);
    if (fields.empty() || fields[0].front() == '#') continue;
    const std::string_view kind = fields[0];
    if (kind == "V") {
      if (started) {
        v_line_ = line;
        v_line_number_ = source_.number();
        have_v_line_ = true;
        finish(vector);
        return true;
      }
      vector.line = source_.number();
      start(fields, vector);
      started = true;
      continue;
    }
    const bool known = kind.size() == 1 && std::string_view("WAEQU").find(kind[0]) != std::string_view::npos;
    if (!known) fail("a line starts with V, W, A, E, Q, U or #, not with " + in_quotes(kind));
    if (!started) fail("no V line stands above this " + std::string(kind) + " line");
    switch (kind[0]) {
      case 'W':
        word(fields, vector);
        break;
      case 'A':
        access(fields, vector);
        break;
      case 'E':
        outcome(fields, vector);
        break;
      case 'U':
        update(fields, vector);
        break;
      default:
        if (vector.accesses.empty() || expecting_) fail("a Q line stands before the E line of an access");
    }
  }
  if (!started) {
    if (!any_) fail_at(std::max<u64>(source_.number(), 1), "the file holds no vector");
    return false;
  }
  finish(vector);
  return true;
}

void VectorReader::start(const Fields& fields, CpuVector& vector) {
  // An error of this line may be found when the line after the vector before it has been read.
  const auto at_line = [&](const std::string& reason) { fail_at(vector.line, reason); };
  if (fields.size() < 2) at_line("V needs a number");
  const auto number = whole_number(fields[1], 10);
  if (!number) at_line("V needs a whole decimal number first, not " + in_quotes(fields[1]));
  vector.number = *number;
  vector.settings = {};
  vector.context = {};
  expecting_ = false;
  any_ = true;
  given_.clear();
  if (format_ == arch::Format::x86_64)
    start_x86_64(fields, vector);
  else
    start_alpha(fields, vector);
}

void VectorReader::start_x86_64(const Fields& fields, CpuVector& vector) {
  Pairs<9> pairs;
  const std::string wrong =
      pairs.read(fields, 2, {"levels", "maxpa", "wp", "smep", "smap", "nxe", "pke", "pkru", "cr3"});
  if (!wrong.empty()) fail_at(vector.line, wrong);
  if (pairs[0] != "4" && pairs[0] != "5") fail_at(vector.line, "levels= is 4 or 5, not " + in_quotes(pairs[0]));
  const auto maxpa = whole_number(pairs[1], 10);
  if (!maxpa || *maxpa < 32 || *maxpa > 52) {
    fail_at(vector.line, "maxpa= is a decimal number from 32 to 52, not " + in_quotes(pairs[1]));
  }
  vector.settings.pa_width = static_cast<u8>(*maxpa);
  u64 controls = ctl::LA57.make(pairs[0] == "5");
  constexpr arch::layout::Field kFlags[] = {ctl::WP, ctl::SMEP, ctl::SMAP, ctl::NXE, ctl::PKE};
  constexpr const char* kNames[] = {"wp", "smep", "smap", "nxe", "pke"};
  for (std::size_t flag = 0; flag < std::size(kFlags); ++flag) {
    const std::string_view value = pairs[2 + flag];
    if (value != "0" && value != "1") {
      fail_at(vector.line, std::string(kNames[flag]) + "= is 0 or 1, not " + in_quotes(value));
    }
    controls |= kFlags[flag].make(value == "1");
  }
  vector.context.controls = static_cast<u32>(controls);
  const auto pkru = whole_number(pairs[7], 16);
  if (!pkru || pairs[7].size() != 8) {
    fail_at(vector.line, "pkru= is 8 hexadecimal digits, not " + in_quotes(pairs[7]));
  }
  vector.context.pkru = static_cast<u32>(*pkru);
  const auto root = whole_number(pairs[8], 16);
  if (!root) fail_at(vector.line, "cr3= is a hexadecimal address, not " + in_quotes(pairs[8]));
  if (*root & 0xfff) fail_at(vector.line, "cr3=" + std::string(pairs[8]) + " is not the address of a 4 KB page");
  if (*root >> *maxpa) {
    fail_at(vector.line,
            "cr3=" + std::string(pairs[8]) + " has bits above the physical address width " + std::string(pairs[1]));
  }
  vector.context.root = *root;
}

void VectorReader::start_alpha(const Fields& fields, CpuVector& vector) {
  Pairs<2> pairs;
  const std::string wrong = pairs.read(fields, 2, {"arch", "ptbr"});
  if (!wrong.empty()) fail_at(vector.line, wrong);
  if (pairs[0] != "alpha") fail_at(vector.line, "arch= is alpha in this file, not " + in_quotes(pairs[0]));
  const auto root = whole_number(pairs[1], 16);
  if (!root) fail_at(vector.line, "ptbr= is a hexadecimal address, not " + in_quotes(pairs[1]));
  if (*root & 0x1fff) fail_at(vector.line, "ptbr=" + std::string(pairs[1]) + " is not the address of an 8 KB page");
  if (*root >> address_bits(format_)) {
    fail_at(vector.line, "ptbr=" + std::string(pairs[1]) + " has more than 45 address bits");
  }
  vector.context.root = *root;
}

VectorWord VectorReader::address_and_value(const Fields& fields) const {
  const std::string kind(fields[0]);
  if (fields.size() != 3) {
    fail(kind + " needs an address and a value, not " + std::to_string(fields.size() - 1) + " fields");
  }
  const auto pa = whole_number(fields[1], 16);
  if (!pa) fail(kind + " needs a hexadecimal address, not " + in_quotes(fields[1]));
  if (*pa >> address_bits(format_)) {
    fail("the address " + std::string(fields[1]) + " has more than " + std::to_string(address_bits(format_)) + " bits");
  }
  if (*pa & 7) fail("the address " + std::string(fields[1]) + " is not 8-byte aligned");
  const auto value = whole_number(fields[2], 16);
  if (!value) fail(kind + " needs a hexadecimal value of at most 64 bits, not " + in_quotes(fields[2]));
  return {*pa, *value};
}

void VectorReader::word(const Fields& fields, CpuVector& vector) {
  if (!vector.accesses.empty()) fail("a W line stands after the first A line of its vector");
  const VectorWord given = address_and_value(fields);
  const auto [at, first] = given_.emplace(given.pa, given.value);
  if (first) {
    vector.words.push_back(given);
  } else if (at->second != given.value) {
    fail("the address " + std::string(fields[1]) + " had another value in an earlier W line of this vector");
  }
}

void VectorReader::finish_access(const CpuVector& vector) const {
  if (expecting_) {
    const u64 line = vector.accesses.back().line;
    fail_at(line, "the access has no E line");
  }
}

void VectorReader::access(const Fields& fields, CpuVector& vector) {
  finish_access(vector);
  if (fields.size() < 2 || fields[1].size() != 1 ||
      std::string_view("rwx").find(fields[1][0]) == std::string_view::npos) {
    fail("A needs r, w or x first" + (fields.size() > 1 ? ", not " + in_quotes(fields[1]) : std::string()));
  }
  VectorAccess access;
  access.line = source_.number();
  const char op = fields[1][0];
  access.request.op = op == 'r' ? arch::Op::read : op == 'w' ? arch::Op::write : arch::Op::fetch;
  std::string_view va_text;
  if (format_ == arch::Format::x86_64) {
    Pairs<3> pairs;
    const std::string wrong = pairs.read(fields, 2, {"cpl", "ac", "va"});
    if (!wrong.empty()) fail(wrong);
    if (pairs[0] != "0" && pairs[0] != "3") fail("cpl= is 0 or 3, not " + in_quotes(pairs[0]));
    if (pairs[1] != "0" && pairs[1] != "1") fail("ac= is 0 or 1, not " + in_quotes(pairs[1]));
    access.request.mode = pairs[0] == "3" ? arch::Mode::user : arch::Mode::kernel;
    access.request.ac = pairs[1] == "1";
    va_text = pairs[2];
  } else {
    Pairs<2> pairs;
    const std::string wrong = pairs.read(fields, 2, {"mode", "va"});
    if (!wrong.empty()) fail(wrong);
    if (pairs[0] != "k" && pairs[0] != "u") fail("mode= is k or u, not " + in_quotes(pairs[0]));
    access.request.mode = pairs[0] == "u" ? arch::Mode::user : arch::Mode::kernel;
    va_text = pairs[1];
  }
  const auto va = whole_number(va_text, 16);
  if (!va || va_text.size() != 16) fail("va= is 16 hexadecimal digits, not " + in_quotes(va_text));
  if (format_ == arch::Format::x86_64 && (*va & (op == 'x' ? 15 : 7)) != 0) {
    fail("va=" + std::string(va_text) + " is not " + (op == 'x' ? "16" : "8") + "-byte aligned");
  }
  access.request.va = *va;
  vector.accesses.push_back(std::move(access));
  updated_.clear();
  expecting_ = true;
}

void VectorReader::outcome(const Fields& fields, CpuVector& vector) {
  if (!expecting_) fail("an E line stands without an A line above it");
  if (fields.size() < 2) fail("E needs an outcome");
  VectorAccess& access = vector.accesses.back();
  const std::string_view what = fields[1];
  const bool x86 = format_ == arch::Format::x86_64;
  std::string_view source;
  if (what == "OK") {
    Pairs<2> pairs;
    const std::string wrong = pairs.read(fields, 2, {"pa", "src"});
    if (!wrong.empty()) fail(wrong);
    const auto pa = whole_number(pairs[0], 16);
    if (!pa) fail("pa= is a hexadecimal address, not " + in_quotes(pairs[0]));
    const u64 bits = x86 ? vector.settings.pa_width : address_bits(format_);
    if (*pa >> bits) {
      fail("pa=" + std::string(pairs[0]) + " has bits above the physical address width " + std::to_string(bits));
    }
    access.pa = *pa;
    source = pairs[1];
  } else if (what == "PF" && x86) {
    Pairs<3> pairs;
    const std::string wrong = pairs.read(fields, 2, {"err", "cr2", "src"});
    if (!wrong.empty()) fail(wrong);
    const auto error = whole_number(pairs[0], 16);
    if (!error || *error > 0xffff) fail("err= is a hexadecimal error code of 16 bits, not " + in_quotes(pairs[0]));
    const auto cr2 = whole_number(pairs[1], 16);
    if (!cr2 || pairs[1].size() != 16) fail("cr2= is 16 hexadecimal digits, not " + in_quotes(pairs[1]));
    // An access that does not cross a page faults at its own address.
    if (*cr2 != access.request.va) {
      fail("cr2=" + std::string(pairs[1]) + " is not the va= of line " + std::to_string(access.line));
    }
    access.fault = arch::Fault::page;
    access.error = static_cast<u16>(*error);
    source = pairs[2];
  } else {
    using arch::Fault;
    struct Outcome {
      std::string_view text;
      Fault fault;
      bool x86;
    };
    static constexpr Outcome kOutcomes[] = {{"GP", Fault::general, true},    {"ACV", Fault::acv, false},
                                            {"TNV", Fault::tnv, false},      {"FOR", Fault::on_read, false},
                                            {"FOW", Fault::on_write, false}, {"FOE", Fault::on_execute, false}};
    const auto* known = std::find_if(std::begin(kOutcomes), std::end(kOutcomes),
                                     [&](const Outcome& o) { return o.text == what && o.x86 == x86; });
    if (known == std::end(kOutcomes)) {
      fail(std::string("E needs ") + (x86 ? "OK, PF or GP" : "OK, ACV, TNV, FOR, FOW or FOE") + " first, not " +
           in_quotes(what));
    }
    Pairs<1> pairs;
    const std::string wrong = pairs.read(fields, 2, {"src"});
    if (!wrong.empty()) fail(wrong);
    access.fault = known->fault;
    source = pairs[0];
  }
  if (!source.empty()) access.source = std::string(source);
  expecting_ = false;
}

void VectorReader::update(const Fields& fields, CpuVector& vector) {
  if (vector.accesses.empty() || expecting_) fail("a U line stands before the E line of an access");
  VectorAccess& access = vector.accesses.back();
  if (access.fault != arch::Fault::none) {
    fail("a U line follows an access that faults (line " + std::to_string(access.line) + ")");
  }
  const VectorWord updated = address_and_value(fields);
  if (!given_.contains(updated.pa)) fail("the address " + std::string(fields[1]) + " has no W line in this vector");
  if (!updated_.insert(updated.pa).second) {
    fail("the address " + std::string(fields[1]) + " has two U lines for one access");
  }
  access.updated.push_back(updated);
}

// `vector` is whole.
void VectorReader::finish(CpuVector& vector) const {
  finish_access(vector);
  if (vector.accesses.empty()) {
    fail_at(vector.line, "vector " + std::to_string(vector.number) + " has no A line");
  }
  const auto by_address = [](const VectorWord& a, const VectorWord& b) { return a.pa < b.pa; };
  std::sort(vector.words.begin(), vector.words.end(), by_address);
  for (VectorAccess& access : vector.accesses) std::sort(access.updated.begin(), access.updated.end(), by_address);
}

}  // namespace kilburn::tb
