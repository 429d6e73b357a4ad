// SPDX-License-Identifier: Apache-2.0
//
// The architectural DUT with something bent on its pins: what the checks of the tests must notice.
#pragma once

#include "model/arch/layout.h"
#include "tb/dut/loader.h"
#include "tb/dut/models/models.h"

namespace kilburn::test {

enum class Bend {
  none,
  frame,     // data responses name another frame
  error,     // page faults miss the U bit
  grant,     // page faults are answered as translations to 0
  refuse,    // data responses that should translate are refused
  accessed,  // compare-and-swaps write back the old word
  dirty,     // compare-and-swaps set D whatever the access
  size,      // another page size
};

namespace bent {

inline Bend bend = Bend::none;
inline const kilburn_dut_api* straight = nullptr;

inline void responses(kilburn_req_out& out) {
  if (!out.rsp_valid) return;
  const bool translated = out.rsp_fault == 0;
  if (bend == Bend::frame && translated) out.rsp_pa ^= 0x1000;
  if (bend == Bend::size && translated) out.rsp_size ^= 1;
  if (bend == Bend::error && !translated) out.rsp_err &= 0xfffb;
  if (bend == Bend::grant && out.rsp_fault == arch::layout::Fault::PF) {
    out.rsp_fault = 0;
    out.rsp_err = 0;
    out.rsp_level = 0;
    out.rsp_size = 12;
  }
  if (bend == Bend::refuse && translated) {
    out.rsp_pa = 0;
    out.rsp_fault = arch::layout::Fault::PF;
    out.rsp_size = out.rsp_mt = out.rsp_global = 0;
  }
}

inline void apply(kilburn_dut_out* out) {
  responses(out->d);
  if (out->mem_req_valid && out->mem_req_op == arch::layout::MemOp::CAS) {
    if (bend == Bend::accessed) out->mem_req_data = out->mem_req_cmp;
    if (bend == Bend::dirty) out->mem_req_data |= arch::layout::X86Pte::D.mask();
  }
}

inline void reset(void* self, std::uint32_t cfg, kilburn_dut_out* out) {
  straight->reset(self, cfg, out);
  apply(out);
}
inline void clock(void* self, const kilburn_dut_in* in, kilburn_dut_out* out) {
  straight->clock(self, in, out);
  apply(out);
}

}  // namespace bent

// At most one format and one bend at a time.
inline tb::DutLibrary bent_dut(arch::Format format, Bend bend, arch::u32 features = ~arch::u32{0},
                               bool cfg_pins = true) {
  static kilburn_dut_api api;
  bent::bend = bend;
  bent::straight = &tb::arch_dut(format);
  api = *bent::straight;
  api.reset = bent::reset;
  api.clock = bent::clock;
  api.config.features &= features;
  api.config.cfg_pins = cfg_pins;
  return tb::DutLibrary::wrap(api, "bent");
}

}  // namespace kilburn::test
