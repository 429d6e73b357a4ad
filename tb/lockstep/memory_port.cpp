// SPDX-License-Identifier: Apache-2.0
//
// Timing of the page-table memory.
#include "tb/lockstep/memory_port.h"

#include <algorithm>

namespace kilburn::tb {

void MemoryPort::perform(Pending& p) {
  p.performed = true;
  if (p.address + 8 > memory_.size()) {
    p.error = true;
    if (observer_) observer_->bus_error(p.id, p.address);
  } else if (p.cas) {
    p.data = memory_.cas64(p.address, p.compare, p.desired);
    p.match = p.data == p.compare;
    if (observer_) observer_->swap(p.id, p.address, p.compare, p.desired, p.data);
  } else {
    p.data = memory_.load64(p.address);
    if (observer_) observer_->read(p.id, p.address, p.data);
  }
}

void MemoryPort::respond(kilburn_dut_in& in) {
  // The first id that is due answers; starting at a moving place keeps the order between ids free.
  const auto start = static_cast<unsigned>(cycle_);
  bool answered = false;
  next_due_ = kNever;
  for (unsigned i = 0; i < pending_.size(); ++i) {
    const unsigned id = (start + i) & 15;
    Pending& p = pending_[id];
    if (!p.valid) continue;
    if (answered || p.due > cycle_) {
      next_due_ = std::min(next_due_, p.due);
      continue;
    }
    if (!p.performed) perform(p);
    in.mem_rsp_valid = 1;
    in.mem_rsp_id = static_cast<std::uint8_t>(id);
    in.mem_rsp_data = p.error ? 0 : p.data;
    in.mem_rsp_match = p.match;
    in.mem_rsp_err = p.error;
    p.valid = false;
    answered = true;
  }
}

void MemoryPort::accept(const kilburn_dut_out& out, kilburn_dut_in& in) {
  if (timing_.ready_percent < 100 && !random_.percent(timing_.ready_percent)) return;
  Pending& p = pending_[out.mem_req_id & 15];
  if (p.valid) return;  // a second request of one id waits: R9 is the DUT's duty, not the memory's
  in.mem_req_ready = 1;
  p = {};
  p.valid = true;
  p.id = out.mem_req_id & 15;
  p.cas = out.mem_req_op != 0;
  p.address = out.mem_req_addr;
  p.compare = out.mem_req_cmp;
  p.desired = out.mem_req_data;
  const bool spread = timing_.max_latency > timing_.min_latency;
  p.due = cycle_ + (spread ? random_.between(timing_.min_latency, timing_.max_latency) : timing_.min_latency);
  next_due_ = std::min(next_due_, p.due);
  // The access happens at once or just before its answer, so that a page-table edit between the two
  // is seen both ways.
  if (!spread || random_.one_in(2)) perform(p);
}

}  // namespace kilburn::tb
