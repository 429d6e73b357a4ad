// SPDX-License-Identifier: Apache-2.0
//
// Reader of ChampSim traces: 64 bytes an instruction, nothing else in the file.
//   0 u64 instruction address   8 u8 branch, 0 or 1   9 u8 taken, 0 or 1   10 u8[2], 12 u8[4] registers
//   16 u64[2] addresses written, 32 u64[4] addresses read; 0: none
// An instruction becomes a fetch, its reads, then its writes. The format has no sizes: a reference is of 8 bytes,
// or of what is left of its 4 KB page. It has no system calls either: areas are inferred.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "sw/trace/byte_source.h"
#include "sw/trace/event.h"

namespace kilburn::os {

class ChampsimReader final : public TraceReader {
 public:
  static constexpr size_t kRecord = 64;

  ChampsimReader(std::unique_ptr<ByteSource>, std::string name);
  bool next(TraceEvent&) override;
  u64 line() const override { return records_; }  // instruction, from 1
  const std::string& name() const override { return name_; }

  // Why 64 bytes are no record; null if they can be one.
  static const char* flaw(const char* record);

 private:
  bool record();
  [[noreturn]] void fail(u64 offset, std::string reason) const;

  std::unique_ptr<ByteSource> bytes_;
  std::string name_;
  std::vector<char> buffer_;
  size_t at_ = 0, end_ = 0;  // in the buffer
  u64 records_ = 0;
  std::array<TraceEvent, 7> events_;  // of this instruction
  size_t event_ = 0, events_end_ = 0;
};

}  // namespace kilburn::os
