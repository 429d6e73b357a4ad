// SPDX-License-Identifier: Apache-2.0
//
// Context switches and shootdowns.
#include "sw/mm/cpus.h"

#include <algorithm>

#include "sw/core/errors.h"

namespace kilburn::os {

Cpus::Cpus(std::span<MmuPort* const> ports, const arch::Context& empty, EventLog& log, Yield& yield,
           const Options& options)
    : empty_(empty), log_(log), yield_(yield) {
  if (ports.empty() || ports.size() > kMaxCpus) {
    throw UserError(std::to_string(ports.size()) + " CPUs: there must be 1 to " + std::to_string(kMaxCpus));
  }
  for (MmuPort* port : ports) cpus_.push_back({port, {options.asid_bits, options.policy, options.bug}, nullptr, empty});
}

// 3.8 number 14: a new version starts with a flush; the CPU runs nothing meanwhile, so that no walk of the old
// space fills the TLB again under a number that is about to be another's.
void Cpus::load(unsigned cpu, SpaceTag& tag, u64 root) {
  Cpu& c = cpus_[cpu];
  const AsidAllocator::Given given = c.asids.get(tag.seats[cpu]);
  if (given.flush) {
    const auto scope = yield_.in(Sequence::asid_wrap);
    leave(cpu);
    start(cpu, Invalidate::nonglobal, 0, 0);
    yield_(0);
    wait(cpu);
  }
  tag.seats[cpu].active = true;
  c.current = &tag;
  log_.add({.kind = MmEvent::Kind::context, .cpu = static_cast<u8>(cpu), .asid = given.asid, .space = tag.id});
  arch::Context context = empty_;
  context.root = root;
  context.asid = given.asid;
  set(cpu, context);
}

void Cpus::set(unsigned cpu, const arch::Context& context) {
  cpus_[cpu].context = context;
  cpus_[cpu].port->set_context(context);
}

void Cpus::add_controls(u32 controls) {
  empty_.controls |= controls;
  for (unsigned cpu = 0; cpu < count(); ++cpu) {
    arch::Context context = cpus_[cpu].context;
    context.controls |= controls;
    set(cpu, context);
  }
}

void Cpus::leave(unsigned cpu) {
  cpus_[cpu].current = nullptr;
  set(cpu, empty_);
}

AsidSet Cpus::live(const SpaceTag& tag) const {
  AsidSet set{};
  for (unsigned cpu = 0; cpu < count(); ++cpu) {
    const Seat& seat = tag.seats[cpu];
    if (seat.active && cpus_[cpu].asids.valid(seat)) set[cpu] = seat.asid;
  }
  return set;
}

unsigned Cpus::live_count(const SpaceTag& tag) const {
  const AsidSet set = live(tag);
  return static_cast<unsigned>(std::count_if(set.begin(), set.end(), [](u16 asid) { return asid != 0; }));
}

void Cpus::start(unsigned cpu, Invalidate op, u64 va, u16 asid) {
  ++invalidations_;
  log_.add({.kind = MmEvent::Kind::invalidate, .op = op, .cpu = static_cast<u8>(cpu), .asid = asid, .va = va});
  cpus_[cpu].port->invalidate(op, va, asid);
}

void Cpus::wait(unsigned cpu) {
  cpus_[cpu].port->wait_invalidated();
  log_.add({.kind = MmEvent::Kind::acknowledge, .cpu = static_cast<u8>(cpu)});
}

void Cpus::page(SpaceTag& tag, u64 va) {
  const AsidSet live_on = live(tag);
  for (unsigned cpu = 0; cpu < count(); ++cpu) {
    if (live_on[cpu] != 0) start(cpu, Invalidate::page, va, live_on[cpu]);
  }
  yield_(va);
  for (unsigned cpu = 0; cpu < count(); ++cpu) {
    if (live_on[cpu] != 0) wait(cpu);
  }
}

void Cpus::space(SpaceTag& tag) {
  const AsidSet live_on = live(tag);
  for (unsigned cpu = 0; cpu < count(); ++cpu) {
    if (live_on[cpu] != 0) start(cpu, Invalidate::asid, 0, live_on[cpu]);
  }
  yield_(0);
  for (unsigned cpu = 0; cpu < count(); ++cpu) {
    if (live_on[cpu] == 0) continue;
    wait(cpu);
    tag.seats[cpu].active = cpus_[cpu].current == &tag;
  }
}

void Cpus::fill(unsigned cpu, SpaceTag& tag, u64 page, u64 word, bool fetch) {
  const u16 asid = live(tag)[cpu];
  start(cpu, Invalidate::page, page, asid);
  yield_(page);
  wait(cpu);
  if (!cpus_[cpu].port->tlb_fill(page, asid, word, fetch)) {
    throw UserError("this MMU has no TLB that software can fill");
  }
  log_.add({.kind = MmEvent::Kind::fill,
            .cpu = static_cast<u8>(cpu),
            .asid = asid,
            .space = tag.id,
            .va = page,
            .new_word = word});
}

void Cpus::everywhere(Invalidate op, u64 va) {
  for (unsigned cpu = 0; cpu < count(); ++cpu) start(cpu, op, va, 0);
  yield_(va);
  for (unsigned cpu = 0; cpu < count(); ++cpu) wait(cpu);
}

u64 Cpus::wraps() const {
  u64 sum = 0;
  for (const Cpu& cpu : cpus_) sum += cpu.asids.wraps();
  return sum;
}

}  // namespace kilburn::os
