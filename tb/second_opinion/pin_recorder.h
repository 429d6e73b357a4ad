// SPDX-License-Identifier: Apache-2.0
//
// A DUT library whose resets and clocks are written to a pin log.
#pragma once

#include "tb/dut/loader.h"
#include "tb/second_opinion/pin_log.h"

namespace kilburn::tb {

// Records the instance that was reset last. At most one recorder in a process: the functions of the contract
// know their instance only.
class PinRecorder {
 public:
  // `header` with what is known before the run. Nothing after the outputs of cycle `last` of the run is recorded.
  PinRecorder(const DutLibrary&, PinLogHeader header, arch::u64 last = ~arch::u64{0});
  ~PinRecorder();
  PinRecorder(const PinRecorder&) = delete;
  PinRecorder& operator=(const PinRecorder&) = delete;

  const DutLibrary& library() const { return wrapped_; }  // to be used in place of the given one
  PinLog& log() { return log_; }

 private:
  static void reset(void* self, arch::u32 cfg, kilburn_dut_out* out);
  static void clock(void* self, const kilburn_dut_in* in, kilburn_dut_out* out);

  const kilburn_dut_api& inner_;
  kilburn_dut_api api_;
  DutLibrary wrapped_;
  PinLog log_;
  void* recorded_ = nullptr;
  arch::u64 clocks_ = 0;
  arch::u64 last_;
};

}  // namespace kilburn::tb
