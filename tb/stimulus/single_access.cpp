// SPDX-License-Identifier: Apache-2.0
//
// Handshakes; Lockstep itself notices a DUT that is silent for too long.
#include "tb/stimulus/single_access.h"

namespace kilburn::tb {

using arch::u16;
using arch::u64;
using arch::u8;

DutAnswer answer_of(const kilburn_req_out& out) {
  return {static_cast<arch::Fault>(out.rsp_fault),
          out.rsp_pa,
          out.rsp_err,
          out.rsp_level,
          out.rsp_size,
          out.rsp_mt,
          out.rsp_global != 0};
}

void present(const arch::Request& request, unsigned id, kilburn_req_in& pins) {
  const bool data = request.op != arch::Op::fetch;
  pins.va = request.va;
  pins.id = static_cast<u8>(id);
  pins.mode = static_cast<u8>(request.mode);
  pins.write = request.op == arch::Op::write;
  pins.ac = data && request.ac;
  pins.implicit = data && request.implicit;
}

void present(const arch::Context& context, kilburn_dut_in& pins) {
  pins.ctx_root = context.root;
  pins.ctx_asid = context.asid;
  pins.ctx_ctl = context.controls;
  pins.ctx_pkru = context.pkru;
  pins.ctx_pkrs = context.pkrs;
}

DutAnswer SingleAccess::translate(const arch::Context& context, const arch::Request& request) {
  auto& in = lockstep_.in();
  const bool fetch = request.op == arch::Op::fetch;
  kilburn_req_in& pins = fetch ? in.i : in.d;
  const kilburn_req_out& out = fetch ? lockstep_.out().i : lockstep_.out().d;
  present(context, in);
  const unsigned id = next_id_++ & 15;
  present(request, id, pins);
  pins.valid = 1;
  pins.rsp_ready = 1;
  for (bool taken = false; !taken;) {
    taken = out.req_ready != 0;
    lockstep_.clock();
  }
  pins.valid = 0;
  while (!out.rsp_valid) lockstep_.clock();
  if (out.rsp_id != id) {
    throw DutWrong(
        "protocol",
        "R3: the response has id " + std::to_string(out.rsp_id) + ", the only request has " + std::to_string(id),
        lockstep_.cycle());
  }
  const DutAnswer answer = answer_of(out);
  lockstep_.clock();  // takes the response
  return answer;
}

void SingleAccess::invalidate(u8 op, u64 va, u16 asid) {
  auto& in = lockstep_.in();
  in.inv_op = op;
  in.inv_va = va;
  in.inv_asid = asid;
  in.inv_pte = 0;
  in.inv_valid = 1;
  for (bool taken = false; !taken;) {
    taken = lockstep_.out().inv_ready != 0;
    lockstep_.clock();
  }
  in.inv_valid = 0;
  while (!lockstep_.out().inv_ack) lockstep_.clock();
  lockstep_.clock();
}

}  // namespace kilburn::tb
