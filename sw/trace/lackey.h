// SPDX-License-Identifier: Apache-2.0
//
// Reader of the logs of valgrind's lackey tool, recorded with
//   valgrind --tool=lackey --trace-mem=yes --trace-syscalls=yes --log-file=LOG.%p PROGRAM
//
// References: "I  addr,size", " L addr,size", " S addr,size", " M addr,size" (hexadecimal, decimal).
// System calls that change the address space become events when their result is known, which may be on
// the same line, on the next one (" --> ..."), or later ("[async]"). Messages ("==pid==") are skipped.
#pragma once

#include <memory>
#include <vector>

#include "sw/trace/event.h"
#include "sw/trace/line_source.h"

namespace kilburn::os {

class LackeyReader final : public TraceReader {
 public:
  explicit LackeyReader(LineSource source) : source_(std::move(source)) {}
  static std::unique_ptr<LackeyReader> open(const std::string& path);  // "-": standard input

  bool next(TraceEvent&) override;
  u64 line() const override { return source_.number(); }
  const std::string& name() const override { return source_.name(); }

 private:
  enum class Call : u8 { none, map, unmap, protect, remap, brk };
  struct Pending {
    u64 thread = 0;
    Call call = Call::none;
    u64 arguments[6] = {};
  };
  enum class Result : u8 { unknown, later, success, failure };

  bool reference(std::string_view line, TraceEvent&);
  bool system_call(std::string_view line, TraceEvent&);
  bool finish(Pending&, u64 value, TraceEvent&);
  bool exec_line(Result, TraceEvent&);
  Pending& pending(u64 thread);
  Result result(std::string_view text, u64& value) const;
  [[noreturn]] void fail(std::string reason) const;

  LineSource source_;
  std::vector<Pending> pending_;  // one a thread that has a call under way
  u64 last_thread_ = 0;           // of the last SYSCALL line
  bool again_ = false;            // again_line_ is to be read once more
  std::string_view again_line_;
};

}  // namespace kilburn::os
