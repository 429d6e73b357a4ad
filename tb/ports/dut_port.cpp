// SPDX-License-Identifier: Apache-2.0
//
// Accesses as pin transfers.
#include "tb/ports/dut_port.h"

#include "model/arch/layout.h"
#include "tb/text.h"

namespace kilburn::tb {

using arch::u64;

namespace {
constexpr u64 kWaitLimit = 1000000;  // cycles; Lockstep names a silent DUT long before
}

void DutPort::join(std::span<DutPort* const> cpus, std::function<void()> clock_all) {
  for (DutPort* cpu : cpus) {
    cpu->cpus_.assign(cpus.begin(), cpus.end());
    cpu->clock_all_ = clock_all;
  }
}

// Clocks once, every CPU that shares the clock.
void DutPort::clock() {
  if (cpus_.empty()) {
    before_clock();
    lockstep_.clock();
    return;
  }
  for (DutPort* cpu : cpus_) cpu->before_clock();
  clock_all_();
}

// Both response ports are open; takes note of answered prefetches.
void DutPort::before_clock() {
  auto& in = lockstep_.in();
  const auto& out = lockstep_.out();
  in.i.rsp_ready = in.d.rsp_ready = 1;
  if (out.i.rsp_valid) prefetches_[0] &= ~(1u << out.i.rsp_id);
  if (out.d.rsp_valid) prefetches_[1] &= ~(1u << out.d.rsp_id);
  if (out.inv_ack) invalidating_ = false;
  events_[in.evt_sel] = out.evt_count;
}

// Puts a request on its port and clocks until it is taken.
void DutPort::present(u64 va, arch::Op op, arch::Mode mode, unsigned id) {
  auto& in = lockstep_.in();
  const bool fetch = op == arch::Op::fetch;
  kilburn_req_in& pins = fetch ? in.i : in.d;
  const kilburn_req_out& out = fetch ? lockstep_.out().i : lockstep_.out().d;
  pins.va = va;
  pins.id = static_cast<std::uint8_t>(id);
  pins.mode = static_cast<std::uint8_t>(mode);
  pins.write = op == arch::Op::write;
  pins.ac = pins.implicit = 0;
  pins.valid = 1;
  bool taken = false;
  for (u64 n = 0; !taken; ++n) {
    if (n > kWaitLimit) throw DutWrong("protocol", "R5: a request is never taken", lockstep_.cycle());
    taken = out.req_ready;
    clock();
  }
  pins.valid = 0;
}

os::AccessResult DutPort::access(const os::Access& access) {
  const bool fetch = access.op == arch::Op::fetch;
  present(access.va, access.op, access.mode, kAccessId);
  const kilburn_req_out& out = fetch ? lockstep_.out().i : lockstep_.out().d;
  for (u64 n = 0; !(out.rsp_valid && out.rsp_id == kAccessId); ++n) {
    if (n > kWaitLimit) throw DutWrong("protocol", "R3: a request is never answered", lockstep_.cycle());
    clock();
  }
  // The response stands at the port; the next clock takes it, together with the next request.
  const kilburn_req_out answer = out;
  ++requests_;
  ++faults_[answer.rsp_fault & 15];
  if (answer.rsp_fault != 0) {
    return os::FaultInfo{static_cast<arch::Fault>(answer.rsp_fault), access.va, answer.rsp_err, answer.rsp_level};
  }
  if (answer.rsp_pa >= lockstep_.memory().size() || lockstep_.memory().size() - answer.rsp_pa < access.data.size()) {
    throw DutWrong("end-to-end",
                   "the translation of " + hex(access.va) + " is " + hex(answer.rsp_pa) + ", outside the memory",
                   lockstep_.cycle());
  }
  if (access.op == arch::Op::write)
    lockstep_.memory().write(answer.rsp_pa, access.data);
  else
    lockstep_.memory().read(answer.rsp_pa, access.data);
  return os::Done{answer.rsp_pa};
}

// Serialising, as MOV to CR3 is (SDM 8.3, "Serializing Instructions") and PALcode's SWPCTX: a speculative access that
// was taken with the old root would walk on after the flush that comes next, in tables that are free by then, and fill
// under a number that may be another space's.
void DutPort::set_context(const arch::Context& context) {
  auto& in = lockstep_.in();
  if (in.ctx_root != context.root || in.ctx_asid != context.asid || in.ctx_ctl != context.controls) wait_speculated();
  in.ctx_root = context.root;
  in.ctx_asid = context.asid;
  in.ctx_ctl = context.controls;
  in.ctx_pkru = context.pkru;
  in.ctx_pkrs = context.pkrs;
}

void DutPort::invalidate(os::Invalidate op, u64 va, arch::u16 asid) {
  maintain(static_cast<std::uint8_t>(op), va, asid, 0);
}

bool DutPort::tlb_fill(u64 va, arch::u16 asid, u64 word, bool fetch) {
  maintain(fetch ? arch::layout::Inv::FILL_I : arch::layout::Inv::FILL_D, va, asid, word);
  wait_invalidated();
  return true;
}

// Starts a maintenance operation: an invalidation or a fill.
void DutPort::maintain(std::uint8_t op, u64 va, arch::u16 asid, u64 word) {
  auto& in = lockstep_.in();
  wait_invalidated();
  in.inv_op = op;
  in.inv_va = va;
  in.inv_asid = asid;
  in.inv_pte = word;
  in.inv_valid = 1;
  bool taken = false;
  for (u64 n = 0; !taken; ++n) {
    if (n > kWaitLimit) throw DutWrong("protocol", "R6: an invalidation is never taken", lockstep_.cycle());
    taken = lockstep_.out().inv_ready;
    clock();
  }
  in.inv_valid = 0;
  invalidating_ = true;
}

void DutPort::wait_invalidated() {
  for (u64 n = 0; invalidating_; ++n) {
    if (n > kWaitLimit) throw DutWrong("protocol", "R6: an invalidation is never acknowledged", lockstep_.cycle());
    clock();
  }
}

void DutPort::idle(unsigned cycles) {
  for (unsigned n = 0; n < cycles; ++n) clock();
}

void DutPort::prefetch(u64 va, arch::Op op, arch::Mode mode) {
  unsigned& busy = prefetches_[op == arch::Op::fetch ? 0 : 1];
  unsigned id = kPrefetchId;
  while (id < 16 && (busy >> id & 1)) ++id;
  const auto& out = op == arch::Op::fetch ? lockstep_.out().i : lockstep_.out().d;
  if (id == 16 || !out.req_ready) return;  // the port is busy: a prefetch may be dropped
  busy |= 1u << id;
  present(va, op, mode, id);
}

void DutPort::drain() {
  wait_invalidated();
  wait_speculated();
}

void DutPort::wait_speculated() {
  for (u64 n = 0; prefetches_[0] || prefetches_[1]; ++n) {
    if (n > kWaitLimit) throw DutWrong("protocol", "R3: a request is never answered", lockstep_.cycle());
    clock();
  }
}

}  // namespace kilburn::tb
