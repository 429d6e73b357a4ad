// SPDX-License-Identifier: Apache-2.0
//
// The rules, in the order of rtl/README.md.
#include "tb/conformance/pin_watch.h"

#include <algorithm>
#include <bit>

#include "model/arch/layout.h"
#include "tb/text.h"

namespace kilburn::tb {

using arch::u16;
using arch::u64;
namespace layout = arch::layout;

namespace {

const char* port_name(unsigned side) { return side == 0 ? "instruction" : "data"; }

bool same_response(const kilburn_req_out& a, const kilburn_req_out& b) {
  return a.rsp_valid == b.rsp_valid && a.rsp_pa == b.rsp_pa && a.rsp_err == b.rsp_err && a.rsp_id == b.rsp_id &&
         a.rsp_fault == b.rsp_fault && a.rsp_level == b.rsp_level && a.rsp_size == b.rsp_size && a.rsp_mt == b.rsp_mt &&
         a.rsp_global == b.rsp_global;
}

}  // namespace

void PinEvidence::add(const PinEvidence& o) {
  cycles += o.cycles, accepted += o.accepted, answered += o.answered, translated += o.translated, faults += o.faults;
  held_responses += o.held_responses, held_memory += o.held_memory, both_ports += o.both_ports;
  waited_in_other_context += o.waited_in_other_context, acknowledged += o.acknowledged, fresh += o.fresh;
  memory_requests += o.memory_requests, memory_overlaps += o.memory_overlaps, swaps += o.swaps;
}

void PinWatch::report(PinRule rule, std::string text) {
  auto& breach = breaches_[static_cast<unsigned>(rule)];
  if (!breach) breach = std::move(text) + ", cycle " + std::to_string(cycle_);
}

u16 PinWatch::open_ids(unsigned side) const {
  unsigned ids = 0;
  for (unsigned id = 0; id < 16; ++id) ids |= static_cast<unsigned>(open_[side][id].open) << id;
  return static_cast<u16>(ids);
}

void PinWatch::edited(u64 frame, u64 old_frame) {
  edited_frame_ = frame;
  edited_old_ = old_frame;
  edit_done_ = false;
  for (auto& port : open_) {
    for (Open& open : port) {
      if (!open.open || !open.expected.edits) continue;
      open.expected.frame = frame;
      open.expected.old_frame = old_frame;
      open.fresh = false;
    }
  }
}

void PinWatch::cycle(const kilburn_dut_in& in, const kilburn_dut_out& out, const Expectation& accepted) {
  ++evidence_.cycles;
  widths(out);
  held(out);
  if (out.i.rsp_valid && in.i.rsp_ready) answer(0, out.i, in);
  if (out.d.rsp_valid && in.d.rsp_ready) answer(1, out.d, in);
  maintenance(in, out);
  for (unsigned side = 0; side < 2; ++side) {
    const kilburn_req_in& pins = side == 0 ? in.i : in.d;
    if (!(pins.valid && (side == 0 ? out.i : out.d).req_ready)) continue;
    Open& open = open_[side][pins.id & 15];
    open = {true, cycle_, pins.va, in.ctx_root, accepted, edit_done_ && accepted.edits};
    ++open_count_;
    ++evidence_.accepted;
  }
  memory(in, out);
  silence();
  before_ = out;
  held_i_ = out.i.rsp_valid && !in.i.rsp_ready;
  held_d_ = out.d.rsp_valid && !in.d.rsp_ready;
  held_memory_ = out.mem_req_valid && !in.mem_req_ready;
  ++cycle_;
}

void PinWatch::port_widths(const kilburn_req_out& p, const char* port) {
  const std::string name = port;
  if (p.req_ready > 1 || p.rsp_valid > 1) report(PinRule::widths, name + " port: ready or valid is neither 0 nor 1");
  if (p.rsp_pa >> 52 || p.rsp_id > 15 || p.rsp_fault > 15 || p.rsp_level > 7 || p.rsp_size > 63 || p.rsp_mt > 7 ||
      p.rsp_global > 1) {
    report(PinRule::widths, name + " port: a field of the response has bits beyond its pin's width");
  }
  if (std::any_of(std::begin(p.pad), std::end(p.pad), [](auto byte) { return byte != 0; })) {
    report(PinRule::widths, name + " port: the padding is not 0");
  }
  if (p.rsp_valid == 0 &&
      (p.rsp_pa || p.rsp_id || p.rsp_fault || p.rsp_err || p.rsp_level || p.rsp_size || p.rsp_mt || p.rsp_global)) {
    report(PinRule::widths, name + " port: the response is not 0 while rsp_valid is 0");
  }
  if (p.rsp_valid && p.rsp_fault && (p.rsp_pa || p.rsp_size || p.rsp_mt || p.rsp_global)) {
    report(PinRule::widths, name + " port: address, size, memory type or global is not 0 with a fault");
  }
}

void PinWatch::widths(const kilburn_dut_out& out) {
  port_widths(out.i, "instruction");
  port_widths(out.d, "data");
  if (out.mem_req_valid > 1 || out.mem_req_op > 1 || out.mem_req_id > 15 || out.mem_req_addr >> 52 ||
      out.inv_ready > 1 || out.inv_ack > 1) {
    report(PinRule::widths, "memory or maintenance port: a field has bits beyond its pin's width");
  }
  if (std::any_of(std::begin(out.pad), std::end(out.pad), [](auto byte) { return byte != 0; })) {
    report(PinRule::widths, "the padding of kilburn_dut_out is not 0");
  }
  if (!out.mem_req_valid &&
      (out.mem_req_op || out.mem_req_id || out.mem_req_addr || out.mem_req_cmp || out.mem_req_data)) {
    report(PinRule::widths, "memory port: the request is not 0 while mem_req_valid is 0");
  }
  if (out.mem_req_valid && out.mem_req_op == layout::MemOp::READ && (out.mem_req_cmp || out.mem_req_data)) {
    report(PinRule::widths, "memory port: the words of a read are not 0");
  }
}

void PinWatch::held(const kilburn_dut_out& out) {
  if (held_i_ && !same_response(out.i, before_.i)) report(PinRule::r2, "the instruction response changes untaken");
  if (held_d_ && !same_response(out.d, before_.d)) report(PinRule::r2, "the data response changes untaken");
  if (held_memory_ && (out.mem_req_valid != before_.mem_req_valid || out.mem_req_op != before_.mem_req_op ||
                       out.mem_req_id != before_.mem_req_id || out.mem_req_addr != before_.mem_req_addr ||
                       out.mem_req_cmp != before_.mem_req_cmp || out.mem_req_data != before_.mem_req_data)) {
    report(PinRule::r2, "the memory request changes untaken");
  }
  evidence_.held_responses += static_cast<u64>(held_i_) + static_cast<u64>(held_d_);
  evidence_.held_memory += held_memory_;
}

void PinWatch::answer(unsigned side, const kilburn_req_out& out, const kilburn_dut_in& in) {
  ++evidence_.answered;
  Open& open = open_[side][out.rsp_id & 15];
  const Open& other = open_[1 - side][out.rsp_id & 15];
  if (!open.open) {
    report(PinRule::r3, std::string("a response on the ") + port_name(side) + " port with id " +
                            std::to_string(out.rsp_id) + " answers no request" +
                            (other.open ? "; the other port has one with this id" : ""));
    return;
  }
  evidence_.both_ports += other.open;
  evidence_.waited_in_other_context += in.ctx_root != open.root;
  compare(side, open, out);
  open.open = false;
  --open_count_;
}

void PinWatch::compare(unsigned side, const Open& open, const kilburn_req_out& out) {
  const std::string who = std::string("the ") + port_name(side) + " request of " + hex(open.va) + " with id " +
                          std::to_string(out.rsp_id) + ", accepted in cycle " + std::to_string(open.cycle) + ",";
  if (out.rsp_fault != 0) {
    ++evidence_.faults;
    if (!open.expected.fault) {
      report(PinRule::r4,
             who + " gets fault code " + std::to_string(out.rsp_fault) + " though everything is mapped in its context");
    }
    return;
  }
  ++evidence_.translated;
  const u64 offset = (u64{1} << page_shift_) - 1;
  if ((out.rsp_pa & offset) != (open.va & offset)) {
    report(PinRule::r3_ids, who + " gets " + hex(out.rsp_pa) + ": another place in the page, so another request's");
    return;
  }
  const u64 frame = out.rsp_pa & ~offset;
  if (open.expected.fault) {
    report(PinRule::r4, who + " gets " + hex(out.rsp_pa) + " though nothing is mapped in its context");
  } else if (frame != open.expected.frame && frame != open.expected.old_frame) {
    if (open.fresh && frame == edited_old_) {
      report(PinRule::r7, who + " gets " + hex(out.rsp_pa) + ", what was mapped before the invalidation");
    } else {
      report(PinRule::r4, who + " gets " + hex(out.rsp_pa) + ", a page of another context");
    }
  } else if (open.fresh) {
    ++evidence_.fresh;
  }
}

void PinWatch::maintenance(const kilburn_dut_in& in, const kilburn_dut_out& out) {
  if (out.inv_ack) {
    if (!operating_) report(PinRule::r6, "an acknowledge without an operation");
    operating_ = false;
    ++evidence_.acknowledged;
    edit_done_ = edited_frame_ != 0;
  }
  if ((operating_ || out.inv_ack) && out.inv_ready) {
    report(PinRule::r6, "inv_ready is high before the cycle after the acknowledge");
  }
  if (in.inv_valid && out.inv_ready) {
    operating_ = true;
    operating_since_ = cycle_;
  }
}

void PinWatch::memory(const kilburn_dut_in& in, const kilburn_dut_out& out) {
  const u16 bit = static_cast<u16>(1u << (out.mem_req_id & 15));
  if (out.mem_req_valid && (in_flight_ & bit)) {
    report(PinRule::r9, "a memory request has id " + std::to_string(out.mem_req_id) + ", which is in flight");
  }
  if (in.mem_rsp_valid) in_flight_ &= static_cast<u16>(~(1u << (in.mem_rsp_id & 15)));
  if (!(out.mem_req_valid && in.mem_req_ready)) return;
  ++evidence_.memory_requests;
  evidence_.memory_overlaps += in_flight_ != 0;
  in_flight_ |= bit;
  if (out.mem_req_addr & 7) report(PinRule::r9, "a memory request's address is not a multiple of 8");
  if (out.mem_req_op != layout::MemOp::CAS) return;
  ++evidence_.swaps;
  const u64 accessed = layout::X86Pte::A.mask() | layout::X86Pte::D.mask();
  const u64 changed = out.mem_req_cmp ^ out.mem_req_data;
  if (format_ != arch::Format::x86_64) {
    report(PinRule::r10, "a page-table write in a format without A and D");
  } else if (!layout::X86Pte::P.test(out.mem_req_cmp) || changed == 0 || (changed & ~accessed) != 0 ||
             (changed & out.mem_req_cmp) != 0) {
    report(PinRule::r10, "a compare-and-swap from " + hex(out.mem_req_cmp) + " to " + hex(out.mem_req_data) +
                             " does more than set A and D of a present entry");
  }
}

void PinWatch::silence() {
  if ((cycle_ & 63) != 0) return;
  for (unsigned side = 0; side < 2; ++side) {
    for (const Open& open : open_[side]) {
      if (!open.open || cycle_ - open.cycle <= kAnswerLimit) continue;
      report(PinRule::r5, std::string("the ") + port_name(side) + " request of " + hex(open.va) +
                              ", accepted in cycle " + std::to_string(open.cycle) + ", is not answered");
    }
  }
  if (operating_ && cycle_ - operating_since_ > kAnswerLimit) {
    report(PinRule::r6, "the operation accepted in cycle " + std::to_string(operating_since_) + " is not acknowledged");
    report(PinRule::r5, "maintenance hangs");
  }
}

}  // namespace kilburn::tb
