// SPDX-License-Identifier: Apache-2.0
//
// The calls of a workload as a text, and made again: all of them, or those that are left. A call by a process that is
// not there, or no more, is passed over, so that any part of a list is a list.
//
//   kilburn-calls 1
//   spawn process=0x1
//   map process=0x1 start=0x10000000 length=0x6000 rights=0x3    a field that is 0 may be left out
//   write process=0x1 va=0x10000000 size=0x8
//   fork process=0x1 child=0x2
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "sw/os/call.h"
#include "sw/os/kernel.h"

namespace kilburn::os {

inline constexpr std::string_view kCallsHead = "kilburn-calls 1";

std::string text(const Call&);  // one line, without its end

// Writes each call as it is made, after the head.
class CallWriter final : public CallListener {
 public:
  explicit CallWriter(std::ostream& out);
  void call(const Call& c) override;

 private:
  std::ostream& out_;
};

// `name` is for messages. Throws UserError with file and line.
std::vector<Call> read_calls(std::istream&, const std::string& name);

// Makes them in a fresh kernel, and calls its finish(). What a call returns is nobody's concern. Throws Violation.
void play(const std::vector<Call>&, Kernel&);

}  // namespace kilburn::os
