// SPDX-License-Identifier: Apache-2.0
//
// A DUT that answers right for a while and then breaks the protocol on its data port.
#pragma once

#include "tb/dut/loader.h"
#include "tb/dut/models/models.h"

namespace kilburn::test {

enum class Misfit {
  none,
  deaf,     // takes no request any more
  silent,   // answers no request any more
  twice,    // answers one request twice
  nobody,   // answers a request that nobody made
  no_ack,   // acknowledges no operation any more
  altered,  // answers with another frame
};

namespace misfit {

inline Misfit kind = Misfit::none;
inline const kilburn_dut_api* straight = nullptr;
inline unsigned answered = 0;  // data responses taken
inline kilburn_dut_out shown{};
inline unsigned asked = 0;  // id of the data request taken last

constexpr unsigned kRightAnswers = 100;

inline void bend(const kilburn_dut_in& in, kilburn_dut_out& out) {
  kilburn_dut_out before = shown;
  if (before.d.rsp_valid && in.d.rsp_ready) ++answered;
  if (in.d.valid && before.d.req_ready) asked = in.d.id;
  if (answered >= kRightAnswers) {
    const bool free = !out.d.rsp_valid && before.d.rsp_valid && in.d.rsp_ready;
    if (kind == Misfit::deaf) out.d.req_ready = 0;
    if (kind == Misfit::silent) {
      const auto ready = out.d.req_ready;
      out.d = {};
      out.d.req_ready = ready;
    }
    if ((kind == Misfit::twice || kind == Misfit::nobody) && free) {
      const auto ready = out.d.req_ready;
      out.d = before.d;
      out.d.req_ready = ready;
      if (kind == Misfit::nobody) out.d.rsp_id = static_cast<std::uint8_t>((asked + 1) & 15);
    }
    if (kind == Misfit::no_ack) out.inv_ack = 0;
    if (kind == Misfit::altered && out.d.rsp_valid && out.d.rsp_fault == 0) out.d.rsp_pa ^= 0x1000;
  }
  shown = out;
}

inline void reset(void* self, std::uint32_t cfg, kilburn_dut_out* out) {
  straight->reset(self, cfg, out);
  shown = *out;
}
inline void clock(void* self, const kilburn_dut_in* in, kilburn_dut_out* out) {
  kilburn_dut_in heard = *in;
  if (kind == Misfit::deaf && answered >= kRightAnswers) heard.d.valid = 0;
  straight->clock(self, &heard, out);
  bend(*in, *out);
}

}  // namespace misfit

// One at a time.
inline tb::DutLibrary misfit_dut(arch::Format format, Misfit kind) {
  static kilburn_dut_api api;
  misfit::kind = kind;
  misfit::answered = 0;
  misfit::straight = &tb::arch_dut(format);
  api = *misfit::straight;
  api.reset = misfit::reset;
  api.clock = misfit::clock;
  return tb::DutLibrary::wrap(api, "misfit");
}

}  // namespace kilburn::test
