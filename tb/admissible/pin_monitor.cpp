// SPDX-License-Identifier: Apache-2.0
//
// Pins to observations.
#include "tb/admissible/pin_monitor.h"

namespace kilburn::admissible {

namespace {

bool same_offer(const kilburn_req_out& a, const kilburn_req_out& b) {
  return a.rsp_valid == b.rsp_valid && a.rsp_pa == b.rsp_pa && a.rsp_err == b.rsp_err && a.rsp_id == b.rsp_id &&
         a.rsp_fault == b.rsp_fault && a.rsp_level == b.rsp_level && a.rsp_size == b.rsp_size && a.rsp_mt == b.rsp_mt &&
         a.rsp_global == b.rsp_global;
}

}  // namespace

void PinMonitor::request(Side side, const kilburn_req_in& pins, const kilburn_dut_in& in) {
  const bool data = side == Side::data;
  arch::Request request;
  request.va = pins.va;
  request.op = !data ? arch::Op::fetch : pins.write ? arch::Op::write : arch::Op::read;
  request.mode = static_cast<arch::Mode>(pins.mode);
  request.ac = data && pins.ac != 0;
  request.implicit = data && pins.implicit != 0;
  checker_.request(mmu_, side, pins.id, at(cycle_, Phase::inputs), request,
                   {in.ctx_root, static_cast<u16>(in.ctx_asid), in.ctx_ctl, in.ctx_pkru, in.ctx_pkrs});
}

void PinMonitor::response(Side side, const kilburn_req_in& in, const kilburn_req_out& out) {
  Offered& offered = offered_[static_cast<unsigned>(side)];
  const char* const port = side == Side::data ? "data" : "instruction";
  if (offered.valid && !same_offer(out, offered.pins)) {
    checker_.protocol(mmu_, at(cycle_, Phase::outputs), "R2",
                      std::string("the response on the ") + port + " port changes before it is taken");
    offered.valid = false;
  }
  if (!out.rsp_valid) return;
  const u64 since = offered.valid ? offered.since : cycle_;
  if (!in.rsp_ready) {
    if (!offered.valid) offered = {true, cycle_, out};
    return;
  }
  offered.valid = false;
  Response response;
  response.fault = static_cast<arch::Fault>(out.rsp_fault);
  response.error = out.rsp_err;
  response.level = out.rsp_level;
  response.pa = out.rsp_pa;
  response.size = out.rsp_size;
  response.memory_type = out.rsp_mt;
  response.global = out.rsp_global != 0;
  // Shown by registers in the cycle of the offer, so nothing of that cycle's memory is in it (R1).
  response.decided = at(since, Phase::outputs);
  checker_.response(mmu_, side, out.rsp_id, response, at(cycle_, Phase::outputs));
}

void PinMonitor::memory(const kilburn_dut_in& in, const kilburn_dut_out& out) {
  const kilburn_dut_out& held = memory_pins_;
  if (memory_offered_ && (!out.mem_req_valid || out.mem_req_addr != held.mem_req_addr ||
                          out.mem_req_op != held.mem_req_op || out.mem_req_id != held.mem_req_id ||
                          out.mem_req_cmp != held.mem_req_cmp || out.mem_req_data != held.mem_req_data)) {
    checker_.protocol(mmu_, at(cycle_, Phase::outputs), "R2", "a walker's request changes before it is taken");
  }
  const unsigned id = out.mem_req_id & 15;
  if (out.mem_req_valid && !memory_offered_) {
    if ((memory_busy_ >> id & 1) != 0) {
      checker_.protocol(mmu_, at(cycle_, Phase::outputs), "R9",
                        "a walker's request has an id that is in flight, " + std::to_string(id));
    }
    if ((out.mem_req_addr & 7) != 0) {
      checker_.protocol(mmu_, at(cycle_, Phase::outputs), "R9", "a walker's address is not aligned");
    }
  }
  if (out.mem_req_valid && in.mem_req_ready) memory_busy_ = static_cast<u16>(memory_busy_ | 1u << id);
  memory_offered_ = out.mem_req_valid && !in.mem_req_ready;
  if (memory_offered_) memory_pins_ = out;
}

void PinMonitor::read(unsigned, u64 pa, u64 value) { checker_.walker_read(mmu_, at(cycle_, Phase::walker), pa, value); }

void PinMonitor::swap(unsigned id, u64 pa, u64 expect, u64 desired, u64 found) {
  checker_.walker_swap(mmu_, id, at(cycle_, Phase::walker), pa, expect, desired, found);
}

void PinMonitor::bus_error(unsigned, u64 pa) { checker_.bus_error(mmu_, at(cycle_, Phase::walker), pa); }

}  // namespace kilburn::admissible
