// SPDX-License-Identifier: Apache-2.0
//
// Recorded CPU vectors, format 1: a strict reader. A vector is a page table, a processor state and accesses with
// the outcome that an emulated processor's own page walker gave.
//
//   # kilburn-vectors 1 x86-64 | alpha          first line
//   V <id> levels=.. maxpa=.. wp=.. ...         starts a vector; fields in any order
//   W <pa> <value>                              a page-table word
//   A <r|w|x> cpl=|mode= ac= va=                an access
//   E <outcome> [pa=|err= cr2=] src=            its outcome
//   Q <outcome> src=                            what an emulator that departs from the architecture said
//   U <pa> <value>                              a word after that successful access
#pragma once

#include <istream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "model/arch/types.h"

namespace kilburn::tb {

// "file:line: reason" of a malformed line.
struct VectorError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Words = std::map<arch::u64, arch::u64>;  // physical address to page-table word

struct Expectation {
  arch::Fault fault = arch::Fault::none;
  arch::u64 pa = 0;     // translated
  arch::u16 error = 0;  // #PF
  arch::u64 cr2 = 0;    // #PF
  Words updated;        // U lines
};

struct Access {
  unsigned line = 0;
  arch::Request request;
  Expectation expect;
};

struct CpuVector {
  unsigned line = 0;
  arch::u64 id = 0;
  arch::Format format = arch::Format::x86_64;
  unsigned levels = 0;
  arch::u8 pa_width = 0;  // x86-64 MAXPHYADDR
  arch::Context context;
  Words words;
  std::vector<Access> accesses;
};

// All vectors of `text`; `file` names it in errors. Throws VectorError.
std::vector<CpuVector> read_vectors(std::istream& text, const std::string& file);

}  // namespace kilburn::tb
