// SPDX-License-Identifier: Apache-2.0
//
// Taking down the pins of a DUT.
#include "tb/second_opinion/pin_recorder.h"

#include <stdexcept>
#include <utility>

namespace kilburn::tb {
namespace {

PinRecorder* active = nullptr;

}  // namespace

PinRecorder::PinRecorder(const DutLibrary& library, PinLogHeader header, arch::u64 last)
    : inner_(library.api()), api_(library.api()), wrapped_(DutLibrary::wrap(api_, library.path())), last_(last) {
  if (active) throw std::logic_error("two pin recorders in one process");
  active = this;
  log_.header = std::move(header);
  api_.reset = reset;
  api_.clock = clock;
}

PinRecorder::~PinRecorder() { active = nullptr; }

void PinRecorder::reset(void* self, arch::u32 cfg, kilburn_dut_out* out) {
  active->inner_.reset(self, cfg, out);
  if (self != active->recorded_) active->clocks_ = 0;
  if (active->clocks_ >= active->last_) return;
  active->recorded_ = self;
  active->log_.header.first_cycle = active->clocks_;
  active->log_.start(cfg, *out);
}

void PinRecorder::clock(void* self, const kilburn_dut_in* in, kilburn_dut_out* out) {
  const kilburn_dut_in inputs = *in;
  active->inner_.clock(self, in, out);
  if (self != active->recorded_) return;
  if (++active->clocks_ > active->last_) return;
  active->log_.add({inputs, *out});
}

}  // namespace kilburn::tb
