// SPDX-License-Identifier: Apache-2.0
//
// Reader of what DynamoRIO's "view" tool prints of a drmemtrace trace:
//   <record> <instruction>: <thread> ifetch  5 byte(s) @ 0x0000000000404a7e 48 8b 5c 24 08  mov ...
//   <record> <instruction>: <thread> read    8 byte(s) @ 0x00007fdf64e2adc8 by PC 0x0000000000404a7e
// Markers, prefetches, flushes and instructions that were not fetched are no events. Threads share one process, in
// the order of the file. A reference of more than 512 bytes (XSAVE) becomes several.
#pragma once

#include "sw/trace/event.h"
#include "sw/trace/line_source.h"

namespace kilburn::os {

class DrmemtraceReader final : public TraceReader {
 public:
  explicit DrmemtraceReader(LineSource source) : source_(std::move(source)) {}
  bool next(TraceEvent&) override;
  u64 line() const override { return source_.number(); }
  const std::string& name() const override { return source_.name(); }

 private:
  bool record(std::string_view line, TraceEvent&);
  void next_part(TraceEvent&);  // of what is left
  [[noreturn]] void fail(const char* reason) const;

  LineSource source_;
  TraceEvent::Kind kind_ = TraceEvent::Kind::read;
  u64 rest_at_ = 0, rest_ = 0;  // of a large reference
  bool complete_ = false;       // the view tool's summary was seen
};

}  // namespace kilburn::os
