// SPDX-License-Identifier: Apache-2.0
//
// Operations begin in their order: one that has to wait for its port or its id makes all later ones wait.
#include "tb/failure/directed_replay.h"

#include <stdexcept>

namespace kilburn::tb {
using arch::u64;
using arch::u8;

void SparseMemory::read(os::u64 pa, std::span<std::byte> out) {
  for (std::size_t n = 0; n < out.size(); ++n) {
    out[n] = static_cast<std::byte>(load64((pa + n) & ~u64{7}) >> 8 * ((pa + n) & 7));
  }
}

void SparseMemory::write(os::u64 pa, std::span<const std::byte> in) {
  for (std::size_t n = 0; n < in.size(); ++n) {
    const u64 word = (pa + n) & ~u64{7};
    const unsigned shift = 8 * static_cast<unsigned>((pa + n) & 7);
    words_[word] = (words_[word] & ~(u64{0xff} << shift)) | std::to_integer<u64>(in[n]) << shift;
  }
}

DirectedReplay::DirectedReplay(Lockstep& lockstep, const DirectedTest& test, u64 answer_limit)
    : lockstep_(lockstep),
      test_(test),
      answer_limit_(answer_limit),
      last_begin_(lockstep.cycle()),
      moved_(lockstep.cycle()) {
  lockstep.set_memory_timing(test.timing);
}

bool DirectedReplay::quiet() const {
  const auto& in = lockstep_.in();
  return !in.i.valid && !in.d.valid && !in.inv_valid && !busy_[0] && !busy_[1] && !invalidating_;
}

bool DirectedReplay::begin(const Operation& o) {
  if (o.settled ? !quiet() : lockstep_.cycle() < last_begin_ + o.after) return false;
  auto& in = lockstep_.in();
  switch (o.kind) {
    case Operation::Kind::context:
      // A request is of the context in which it is taken (R4): what stands at a port is taken first.
      if (o.waits && (in.i.valid || in.d.valid)) return false;
      in.ctx_root = o.context.root;
      in.ctx_asid = o.context.asid;
      in.ctx_ctl = o.context.controls;
      in.ctx_pkru = o.context.pkru;
      in.ctx_pkrs = o.context.pkrs;
      break;
    case Operation::Kind::request: {
      const auto s = static_cast<unsigned>(o.side);
      kilburn_req_in& port = o.side == Side::data ? in.d : in.i;
      if (port.valid || (busy_[s] >> o.id & 1) != 0) return false;
      port.valid = 1;
      port.va = o.request.va;
      port.id = o.id;
      port.write = o.request.op == arch::Op::write;
      port.mode = static_cast<u8>(o.request.mode);
      port.ac = o.request.ac;
      port.implicit = o.request.implicit;
      hold_[s][o.id] = o.hold;
      break;
    }
    case Operation::Kind::edit:
      lockstep_.memory().store64(o.pa, o.value);
      lockstep_.history().edit(lockstep_.cycle(), o.pa, o.value);
      break;
    case Operation::Kind::invalidation:
      if (in.inv_valid) return false;
      in.inv_valid = 1;
      in.inv_op = o.inv;
      in.inv_va = o.inv_va;
      in.inv_asid = o.inv_asid;
      in.inv_pte = o.value;
      break;
  }
  return true;
}

void DirectedReplay::take(Side side, kilburn_req_in& port, const kilburn_req_out& out) {
  const auto s = static_cast<unsigned>(side);
  u64& hold = hold_[s][out.rsp_id & 15];
  port.rsp_ready = !(out.rsp_valid && hold != 0);
  if (!out.rsp_valid) return;
  moved_ = lockstep_.cycle();
  if (!port.rsp_ready) {
    --hold;
    return;
  }
  busy_[s] &= static_cast<arch::u16>(~(1u << (out.rsp_id & 15)));
  ++answered_;
  ++faults_[out.rsp_fault & 15];
}

void DirectedReplay::cycle() {
  auto& in = lockstep_.in();
  const auto& out = lockstep_.out();
  take(Side::instruction, in.i, out.i);
  take(Side::data, in.d, out.d);
  const bool i_taken = in.i.valid && out.i.req_ready;
  const bool d_taken = in.d.valid && out.d.req_ready;
  const bool inv_taken = in.inv_valid && out.inv_ready;
  if (out.inv_ack) invalidating_ = false;
  if (i_taken || d_taken || inv_taken) moved_ = lockstep_.cycle();
  lockstep_.clock();
  if (i_taken) busy_[0] |= static_cast<arch::u16>(1u << in.i.id), in.i.valid = 0;
  if (d_taken) busy_[1] |= static_cast<arch::u16>(1u << in.d.id), in.d.valid = 0;
  if (inv_taken) in.inv_valid = 0, invalidating_ = true;
}

void DirectedReplay::run() {
  while (next_ < test_.operations.size() || !quiet()) {
    while (next_ < test_.operations.size() && begin(test_.operations[next_])) {
      last_begin_ = moved_ = lockstep_.cycle();
      ++next_;
    }
    const bool waits = next_ < test_.operations.size() && !test_.operations[next_].settled;
    // Twice: Lockstep, which knows what is not answered, speaks first.
    const u64 allowed = 2 * answer_limit_ + (waits ? test_.operations[next_].after : 0);
    if (lockstep_.cycle() - moved_ > allowed) {
      throw DutWrong("protocol", "R5: nothing is taken or answered for " + std::to_string(allowed) + " cycles",
                     lockstep_.cycle());
    }
    cycle();
  }
}

}  // namespace kilburn::tb
