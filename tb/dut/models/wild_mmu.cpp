// SPDX-License-Identifier: Apache-2.0
//
// The request and response ports, and lookups.
#include "tb/dut/models/wild_mmu.h"

#include <utility>

#include "model/arch/layout.h"

namespace kilburn::tb::wild {
namespace {

namespace ctl = arch::layout::Controls;
namespace event = arch::layout::Event;
using arch::Fault;

constexpr u64 kRootBits = (u64{1} << 52) - 1;
constexpr u16 kAsidBits = 0xFFF;

u8 count_of(unsigned side, u8 i_event, u8 d_event) { return side == 0 ? i_event : d_event; }

}  // namespace

WildMmu::WildMmu(arch::Format format, unsigned profile, u64 seed)
    : format_(format),
      random_(seed),
      profile_(make_config(profile, random_)),
      config_(profile_),
      judge_(format),
      widest_(arch::widest_info(format)) {
  kilburn_dut_out out;
  reset(arch::config_word(format, {}), out);
}

void WildMmu::configure() {
  config_ = profile_;
  if (bug_ != Bug::none) {
    add_needs(config_, info(bug_).needs);
    // So that what the bug keeps is not lost by chance.
    config_.drop_one_in = config_.excess_one_in = config_.rewalk_one_in = 0;
  }
  judge_.set_bug(bug_);
  for (unsigned side = 0; side < 2; ++side) tlbs_[side].configure(config_, config_.entries[side], widest_, bug_);
  tables_.configure(config_, widest_, bug_);
}

void WildMmu::set_bug(Bug bug) {
  bug_ = bug;
  configure();
}

void WildMmu::reset(u32 cfg, kilburn_dut_out& out) {
  judge_.reset(arch::settings_of(format_, cfg));
  configure();
  sides_ = {};
  walks_ = {};
  active_walks_ = waiting_ = 0;
  shown_walk_ = kNone;
  maintenance_ = Maintenance::idle;
  draining_ = false;
  hold_ = perform_late_at_ = 0;
  recent_.reset();
  absent_.clear();
  roots_.clear();
  events_ = {};
  shown_event_ = 0;
  out_ = {};
  show(out);
}

void WildMmu::clock(const kilburn_dut_in& in, kilburn_dut_out& out) {
  ++now_;
  shown_event_ = events_[in.evt_sel & 31];
  pins_root_ = in.ctx_root & kRootBits;
  pins_asid_ = static_cast<u16>(in.ctx_asid & kAsidBits);
  memory_reply(in);
  respond(in);
  if (bug(Bug::cva3404)) {
    check_late(0, in.i);
    check_late(1, in.d);
  }
  if (in.i.valid != 0 && out_.i.req_ready != 0) accept(0, in.i, in);
  if (in.d.valid != 0 && out_.d.req_ready != 0) accept(1, in.d, in);
  maintenance(in);
  background();
  if (waiting_ != 0 && !draining_) start_walks();
  show_memory();
  show_response(0);
  show_response(1);
  show(out);
}

Tag WildMmu::tag_of(const arch::Context& context) const {
  const u64 told_apart = judge_.x86() ? ctl::LA57.mask() | ctl::NXE.mask() | ctl::PGE.mask() : ctl::REFILL.mask();
  const u64 controls = config_.control_tags ? context.controls & told_apart : 0;
  return {context.asid, static_cast<u8>(controls | controls >> 8)};
}

void WildMmu::accept(unsigned side, const kilburn_req_in& pins, const kilburn_dut_in& in) {
  Side& s = sides_[side];
  unsigned n = 0;
  while (s.slots[n].state != Slot::State::free) ++n;
  Slot& slot = s.slots[n];
  slot = {};
  slot.request.va = pins.va;
  slot.request.mode = static_cast<arch::Mode>(pins.mode & 3);
  if (side == 0) {
    slot.request.op = arch::Op::fetch;
  } else {
    slot.request.op = pins.write != 0 ? arch::Op::write : arch::Op::read;
    slot.request.ac = pins.ac != 0;
    slot.request.implicit = judge_.x86() && pins.implicit != 0;
  }
  slot.context = {pins_root_, pins_asid_, in.ctx_ctl, in.ctx_pkru, in.ctx_pkrs};
  slot.tag = tag_of(slot.context);
  slot.serial = ++serial_;
  slot.response.rsp_id = pins.id;
  ++s.busy;
  last_asid_ = slot.context.asid;
  if (bug(Bug::t76) && side == 0 && data_fault_at_ + 1 == now_) {
    slot.state = Slot::State::lost;
    return;
  }
  if (bug(Bug::cva3404)) {
    slot.late_check = true;
    slot.state = Slot::State::waiting;
    return;
  }
  decide(side, slot);
}

// CVA3404: the address at the port has moved on when its sign is looked at.
void WildMmu::check_late(unsigned side, const kilburn_req_in& pins) {
  for (Slot& slot : sides_[side].slots) {
    if (!std::exchange(slot.late_check, false)) continue;
    arch::Request other = slot.request;
    other.va = pins.va;
    const arch::Direct direct = judge_.direct(other, slot.context);
    if (direct.kind == arch::Direct::Kind::fault) {
      answer(side, slot, direct.fault);
    } else {
      look_up(side, slot);
    }
  }
}

void WildMmu::decide(unsigned side, Slot& slot) {
  const arch::Direct direct = judge_.direct(slot.request, slot.context);
  if (direct.kind != arch::Direct::Kind::none) {
    ++events_[count_of(side, event::I_DIRECT, event::D_DIRECT)];
    if (direct.kind == arch::Direct::Kind::fault) {
      answer(side, slot, direct.fault);
    } else {
      answer(side, slot, direct.translation, direct.pa);
    }
    return;
  }
  if (config_.speculate_one_in != 0) {
    recent_ = slot.context;
    addresses_[serial_ % addresses_.size()] = slot.request.va;
  }
  look_up(side, slot);
}

void WildMmu::look_up(unsigned side, Slot& slot) {
  const arch::Request& request = slot.request;
  const arch::Context& context = slot.context;
  matches_.clear();
  tlbs_[side].lookup(request.va, slot.tag, matches_);
  if (matches_.size() > 1) ++events_[count_of(side, event::I_MULTI, event::D_MULTI)];
  const bool refill = !judge_.x86() && ctl::REFILL.test(context.controls);
  const auto miss = [&] {
    ++events_[count_of(side, event::I_MISS, event::D_MISS)];
    if (refill && !bug(Bug::refill_walk)) {
      answer(side, slot, {Fault::miss, 0, 0, arch::Rule::alpha_refill_miss});
      return;
    }
    for (const Absent& a : absent_) {
      if ((request.va ^ a.va) >> a.span != 0 || a.asid != context.asid) continue;
      arch::FaultReport fault = judge_.entry(a.level, 0, 0, {}, request, context).fault;
      answer(side, slot, fault);
      return;
    }
    slot.state = Slot::State::waiting;
    ++waiting_;
  };
  if (matches_.empty() || (refill && matches_.size() > 1)) return miss();
  if (!refill && sometimes(config_.rewalk_one_in)) return miss();
  // Any of several may be used, all of it from one (SDM 4.10.2.3).
  Held held = matches_.size() == 1 ? matches_[0] : random_.pick(matches_);
  if (matches_.size() > 1 && bug(Bug::t68)) {
    for (const Held& other : matches_) held.translation.pa |= other.translation.pa;
  }
  if (matches_.size() > 1 && bug(Bug::t68b)) {
    held = matches_[0];
    held.translation.rights = matches_[1].translation.rights;
  }
  arch::FaultReport denied = judge_.hit(held.translation.rights, held.controls, request, context);
  if (bug(Bug::xs6606) && denied.code == Fault::none && random_.one_in(64)) {
    denied = {Fault::page, static_cast<u16>(1 | (request.op == arch::Op::write ? 2 : 0)), 0, arch::Rule::none};
  }
  if (denied.code != Fault::none) {
    // A block whose entries disagree is software's error (EV5 5.2); its refusals are left to a walk of the page itself.
    const bool block = !judge_.x86() && held.translation.page_log2 > widest_.page_shift;
    if (!refill && (!config_.from_entry || block) && !bug(Bug::xs6606)) return miss();
    ++events_[count_of(side, event::I_HIT, event::D_HIT)];
    denied.level = held.level;
    answer(side, slot, denied);
    return;
  }
  bool clean = arch::needs_dirty_walk(format_, held.translation.rights, request);
  if (bug(Bug::t41) || (clean && bug(Bug::t49) && tlbs_[side].dirty_alias(held.translation.pa))) clean = false;
  if (clean) return miss();
  ++events_[count_of(side, event::I_HIT, event::D_HIT)];
  answer_from(side, slot, held.translation);
  if (sometimes(config_.prefetch_one_in) && random_.one_in(16)) {
    speculate(side, address_nearby(request.va, context.controls), context, slot.tag);
  }
}

void WildMmu::answer_from(unsigned side, Slot& slot, const arch::Translation& translation) {
  u64 pa = arch::address_in(translation, slot.request.va);
  if (bug(Bug::t92)) {
    const u64 in_page = (u64{1} << widest_.page_shift) - 1;
    pa = translation.pa | (slot.request.va & in_page);
  }
  answer(side, slot, translation, pa);
}

void WildMmu::answer(unsigned side, Slot& slot, const arch::Translation& translation, u64 pa) {
  slot.response.rsp_pa = pa;
  slot.response.rsp_size = translation.page_log2;
  if (bug(Bug::mixed_size) && translation.page_log2 > 12) slot.response.rsp_size = 12;
  slot.response.rsp_mt = translation.memory_type;
  slot.response.rsp_global = translation.global ? 1 : 0;
  finish(side, slot);
}

void WildMmu::answer(unsigned side, Slot& slot, const arch::FaultReport& fault) {
  slot.response.rsp_fault = static_cast<u8>(fault.code);
  slot.response.rsp_err = fault.error;
  slot.response.rsp_level = fault.level;
  if (fault.code == Fault::page) {
    page_fault(slot.request.va, slot.context.asid);
    if (side == 1) data_fault_at_ = now_;
  }
  finish(side, slot);
}

void WildMmu::finish(unsigned side, Slot& slot) {
  slot.state = Slot::State::done;
  slot.response.rsp_valid = 1;
  slot.due = now_ + rest(config_.delay);
  ++sides_[side].done;
  if (hold_ == slot.serial) hold_ = 0;
  if (bug(Bug::lost) && random_.one_in(32)) {
    slot.state = Slot::State::lost;
    --sides_[side].done;
  }
}

// Responses that are taken in this cycle.
void WildMmu::respond(const kilburn_dut_in& in) {
  for (unsigned side = 0; side < 2; ++side) {
    Side& s = sides_[side];
    if (s.shown == kNone) continue;
    Slot& slot = s.slots[static_cast<unsigned>(s.shown)];
    const bool taken = (side == 0 ? in.i : in.d).rsp_ready != 0;
    if (!taken) {
      if (bug(Bug::unstable)) slot.response.rsp_pa ^= slot.response.rsp_fault == 0 ? 0x1000 : 0;
      if (bug(Bug::withdrawn) && random_.one_in(2)) {
        slot.state = Slot::State::done;
        slot.due = now_ + 2;
        ++s.done;
        s.shown = kNone;
      }
      continue;
    }
    s.shown = kNone;
    if (slot.response.rsp_fault == static_cast<u8>(Fault::page)) page_fault(slot.request.va, slot.context.asid);
    if (bug(Bug::duplicate) && random_.one_in(8)) {
      slot.state = Slot::State::done;
      ++s.done;
      continue;
    }
    slot.state = Slot::State::free;
    --s.busy;
  }
}

void WildMmu::show_response(unsigned side) {
  Side& s = sides_[side];
  if (s.shown != kNone || s.done == 0) return;
  int chosen = kNone;
  for (unsigned n = 0; n < config_.misses; ++n) {
    const Slot& slot = s.slots[n];
    if (slot.state != Slot::State::done || slot.due > now_) continue;
    if (chosen == kNone || random_.one_in(2)) chosen = static_cast<int>(n);
  }
  if (chosen == kNone) return;
  Slot& slot = s.slots[static_cast<unsigned>(chosen)];
  slot.state = Slot::State::shown;
  s.shown = chosen;
  --s.done;
  if (slot.response.rsp_fault == static_cast<u8>(Fault::page)) page_fault(slot.request.va, slot.context.asid);
  if (bug(Bug::swapid)) {
    for (Slot& other : s.slots) {
      if (other.state != Slot::State::waiting && other.state != Slot::State::walking) continue;
      std::swap(slot.response.rsp_id, other.response.rsp_id);
      break;
    }
  }
}

void WildMmu::show(kilburn_dut_out& out) {
  out_ = {};
  for (unsigned n = 0; n < 2; ++n) {
    const Side& s = sides_[n];
    kilburn_req_out& pins = n == 0 ? out_.i : out_.d;
    if (s.shown != kNone) pins = s.slots[static_cast<unsigned>(s.shown)].response;
    pins.req_ready = s.busy < config_.misses && s.stall_until <= now_ ? 1 : 0;
  }
  if (shown_walk_ != kNone) {
    const Walk& w = walks_[static_cast<unsigned>(shown_walk_)];
    out_.mem_req_valid = 1;
    out_.mem_req_id = bug(Bug::memid) ? u8{0} : static_cast<u8>(shown_walk_);
    out_.mem_req_addr = w.pa;
    if (w.swap) {
      out_.mem_req_op = arch::layout::MemOp::CAS;
      out_.mem_req_cmp = w.expect;
      out_.mem_req_data = w.desired;
    }
  }
  const bool busy = maintenance_ != Maintenance::idle;
  out_.inv_ready = (!busy && hold_ == 0) || (bug(Bug::t77) && maintenance_ == Maintenance::busy) ? 1 : 0;
  out_.inv_ack = maintenance_ == Maintenance::acknowledge ? 1 : 0;
  out_.evt_count = shown_event_;
  out = out_;
}

}  // namespace kilburn::tb::wild
