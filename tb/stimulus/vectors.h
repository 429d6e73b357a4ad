// SPDX-License-Identifier: Apache-2.0
//
// Reader of recorded CPU vectors, format 1: a small page table, a processor state, and accesses with the outcome that
// an emulated processor's own page walker gave. Line-oriented text; numbers are hexadecimal without prefix, but for
// the vector's number, levels= and maxpa=.
//
//   # kilburn-vectors 1 x86-64 | alpha        first line; later lines that start with '#' are comments
//   V <number> levels=4|5 maxpa=32..52 wp= smep= smap= nxe= pke= pkru=<8 digits> cr3=<pa>       x86-64
//   V <number> arch=alpha ptbr=<pa>                                                             Alpha
//   W <pa> <value>                            a page-table word
//   A <r|w|x> cpl=0|3 ac=0|1 va=<16 digits>   an access (Alpha: mode=k|u va=)
//   E <outcome> [pa=] [err= cr2=] [src=]      its outcome: OK PF GP, or OK ACV TNV FOR FOW FOE
//   Q ...                                     what an emulator that departs from the architecture said; not read
//   U <pa> <value>                            after that successful access the word has exactly this value
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/arch/judgement.h"
#include "sw/trace/line_source.h"
#include "tb/errors.h"

namespace kilburn::tb {

// "FILE:LINE: reason".
struct VectorError : UserError {
  using UserError::UserError;
};

struct VectorWord {
  arch::u64 pa = 0;
  arch::u64 value = 0;
};

struct VectorAccess {
  arch::u64 line = 0;
  arch::Request request;
  // Expected.
  arch::Fault fault = arch::Fault::none;
  arch::u64 pa = 0;                 // translated
  arch::u16 error = 0;              // page fault
  std::string source;               // src=; may be empty
  std::vector<VectorWord> updated;  // U lines, by address
};

struct CpuVector {
  arch::u64 line = 0;
  arch::u64 number = 0;  // may repeat in a file
  arch::Settings settings;
  arch::Context context;
  std::vector<VectorWord> words;  // by address, each once
  std::vector<VectorAccess> accesses;
};

class VectorReader {
 public:
  // Reads the first line. Throws VectorError, here and in next().
  explicit VectorReader(os::LineSource source);
  static VectorReader open(const std::string& path);  // "-": standard input

  arch::Format format() const { return format_; }
  const std::string& name() const { return source_.name(); }
  // The next vector, whole; false at the end. A file without any vector is an error.
  bool next(CpuVector&);

 private:
  using Fields = std::vector<std::string_view>;

  bool next_line(std::string_view& line);
  void header();
  void start(const Fields&, CpuVector&);
  void start_x86_64(const Fields&, CpuVector&);
  void start_alpha(const Fields&, CpuVector&);
  void word(const Fields&, CpuVector&);
  void access(const Fields&, CpuVector&);
  void outcome(const Fields&, CpuVector&);
  void update(const Fields&, CpuVector&);
  void finish_access(const CpuVector&) const;
  void finish(CpuVector&) const;
  VectorWord address_and_value(const Fields&) const;
  [[noreturn]] void fail(const std::string& reason) const { fail_at(source_.number(), reason); }
  [[noreturn]] void fail_at(arch::u64 line, const std::string& reason) const;

  os::LineSource source_;
  arch::Format format_ = arch::Format::x86_64;
  bool any_ = false;          // a vector was read
  bool expecting_ = false;    // an access has no outcome yet
  bool have_v_line_ = false;  // v_line_ starts the next vector
  std::string v_line_;
  arch::u64 v_line_number_ = 0;
  std::unordered_map<arch::u64, arch::u64> given_;  // W lines of this vector
  std::unordered_set<arch::u64> updated_;           // U lines of this access
};

}  // namespace kilburn::tb
