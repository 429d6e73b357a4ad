// SPDX-License-Identifier: Apache-2.0
//
// The order in which B gets what happened at A.
//
// Software may act on what A shows: an acknowledge, an answer. So before it writes to memory, before a TLB operation,
// and for acknowledges before any request, B has to have shown the same. Requests alone wait only for their ids: B may
// have as many in flight as A, and be behind.
#include "tb/against/against_monitor.h"

#include <bit>

namespace kilburn::against {

using tb::Side;

AgainstMonitor::AgainstMonitor(const admissible::CheckerConfig& a, const tb::DutLibrary& b,
                               const FollowerConfig& b_config, os::PhysMem& memory, os::PhysMem& seen)
    : a_(a, seen, memory),
      b_(b, b_config, seen, answers_),
      software_(a.format, a_.software_memory(), b_.memory(), b_.image(), [this] { catch_up(); }) {}

void AgainstMonitor::swap(unsigned id, u64 pa, u64 expect, u64 desired, u64 found) {
  a_.walkers().swap(id, pa, expect, desired, found);
  if (found == expect) b_.image().keep(pa, expect);
}

void AgainstMonitor::catch_up() {
  lead([&] {
    for (arch::u32 left = answers_.answered_only_by_a(); left != 0; left &= left - 1) {
      const auto place = static_cast<unsigned>(std::countr_zero(left));
      b_.wait_answered(place < 16 ? Side::instruction : Side::data, place & 15);
    }
    if (a_out_ == nullptr) return;
    // What stands at A's pins in this cycle is seen, taken or not.
    if (a_out_->i.rsp_valid) b_.wait_answered(Side::instruction, a_out_->i.rsp_id);
    if (a_out_->d.rsp_valid) b_.wait_answered(Side::data, a_out_->d.rsp_id);
    if (a_out_->inv_ack) b_.wait_acknowledged();
  });
}

void AgainstMonitor::reset(const arch::Settings& settings) {
  lead([&] { b_.restart(settings); });
  a_.reset(settings);
  answers_.clear();
}

void AgainstMonitor::ask(Side side, const kilburn_req_in& pins, const kilburn_dut_in& in) {
  const bool data = side == Side::data;
  const arch::Op op = !data ? arch::Op::fetch : pins.write ? arch::Op::write : arch::Op::read;
  answers_.asked(side, pins.id,
                 {true,
                  now_,
                  0,  // it is the history that numbers them
                  {pins.va, op, static_cast<arch::Mode>(pins.mode), data && pins.ac != 0, data && pins.implicit != 0},
                  {in.ctx_root, static_cast<arch::u16>(in.ctx_asid), in.ctx_ctl, in.ctx_pkru, in.ctx_pkrs}});
}

bool AgainstMonitor::cycle(const kilburn_dut_in& in, const kilburn_dut_out& out) {
  if (!a_.cycle(in, out)) return false;
  if (out.i.rsp_valid && in.i.rsp_ready) answers_.answered(Who::a, Side::instruction, out.i, a_.legality(0));
  if (out.d.rsp_valid && in.d.rsp_ready) answers_.answered(Who::a, Side::data, out.d, a_.legality(1));
  const bool i = in.i.valid && out.i.req_ready, d = in.d.valid && out.d.req_ready;
  const bool operation = in.inv_valid && out.inv_ready;
  if (operation) catch_up();
  lead([&] {
    if (out.inv_ack) b_.wait_acknowledged();
    if (!(i || d || operation)) return b_.clock(in.i.rsp_ready, in.d.rsp_ready);
    // An id is used again only when both have answered it.
    if (i) b_.wait_answered(Side::instruction, in.i.id), ask(Side::instruction, in.i, in);
    if (d) b_.wait_answered(Side::data, in.d.id), ask(Side::data, in.d, in);
    b_.accept(in, i, d, operation);
  });
  return true;
}

bool AgainstMonitor::finish(u64 cycle) {
  if (!a_.finish(cycle)) return false;
  lead([&] { b_.finish(); });
  if (answers_.compared() == 0) {
    throw tb::DutWrong("against", "not one answer of A was compared with one of B, so the run proves nothing", cycle);
  }
  return true;
}

}  // namespace kilburn::against
