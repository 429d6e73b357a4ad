// SPDX-License-Identifier: Apache-2.0
//
// Reader of Dinero's traditional "din" format: a label and a hexadecimal address a line, the rest is a comment.
// Labels: 0 read, 1 write, 2 instruction fetch, 3 unknown access (taken as a read), 4 cache flush (no event).
// The format has no sizes: a reference is of 4 bytes, or of what is left of its 4 KB page.
#pragma once

#include "sw/trace/event.h"
#include "sw/trace/line_source.h"

namespace kilburn::os {

class DinReader final : public TraceReader {
 public:
  explicit DinReader(LineSource source) : source_(std::move(source)) {}
  bool next(TraceEvent&) override;
  u64 line() const override { return source_.number(); }
  const std::string& name() const override { return source_.name(); }

 private:
  LineSource source_;
};

}  // namespace kilburn::os
