// SPDX-License-Identifier: Apache-2.0
//
// One race at a time: it begins with an entry, edits it, invalidates, accesses, and puts the entry back.
#include "tb/stimulus/races.h"

#include <iterator>

#include "model/arch/layout.h"

namespace kilburn::tb {

using arch::u64;
using arch::u8;
namespace layout = arch::layout;

namespace {
constexpr u64 kStream = 0x5ace'0f10'0c4a'11e7;  // another stream than that of the same seed
}  // namespace

Races::Races(Lockstep& lockstep, RandomTables& tables, const RandomTestConfig& config, RandomTestResult& result)
    : lockstep_(lockstep),
      tables_(tables),
      result_(result),
      features_(config.features),
      random_(config.seed ^ kStream) {}

void Races::new_phase(const MemoryTiming& timing) {
  one_in_ = u64{1} << random_.between(4, 10);
  timing_ = timing;
}

u64 Races::address() {
  --race_.again;
  return race_.physical ? race_.elsewhere : race_.va ^ (random_.word() & race_.spread);
}

void Races::write_entry(u64 pa, u64 value) {
  lockstep_.memory().store64(pa, value);
  lockstep_.history().edit(lockstep_.cycle(), pa, value);
  ++result_.edits;
}

// An entry on the way of an address that is used, most likely held by the MMU; mostly the leaf.
void Races::with_entry(const std::vector<u64>& working_set) {
  const auto& in = lockstep_.in();
  race_.va = random_.pick(working_set);
  race_.asid = in.ctx_asid;
  const arch::Context context{in.ctx_root, static_cast<arch::u16>(in.ctx_asid), in.ctx_ctl, in.ctx_pkru, in.ctx_pkrs};
  const auto outcome = tables_.walk(context, {race_.va, arch::Op::read, arch::Mode::user, false});
  if (outcome.steps.empty()) return;
  const auto& step = random_.one_in(4) ? random_.pick(outcome.steps) : outcome.steps.back();
  if (step.pa + 8 > RandomTables::kMemoryBytes) return;
  // Another part of a large page, or of a block.
  if (random_.one_in(2)) race_.spread = (u64{1} << (step.level == 1 ? 16 : step.level == 2 ? 21 : 30)) - 1;
  race_.pa = step.pa;
  race_.under_way = true;
}

// The entry that a walker asks for now, and an address that leads there; mostly the leaf.
void Races::with_walk() {
  const auto& out = lockstep_.out();
  if (!out.mem_req_valid) return;
  for (unsigned n = 0, first = static_cast<unsigned>(random_.below(32)); n < 32; ++n) {
    const unsigned place = (first + n) & 31;
    const OpenRequest& open = lockstep_.history().open_request(place < 16 ? Side::data : Side::instruction, place & 15);
    if (!open.open) continue;
    const auto outcome = tables_.walk(open.context, open.request);
    for (const auto& step : outcome.steps) {
      if (step.pa != out.mem_req_addr) continue;
      if (&step != &outcome.steps.back() && random_.one_in(2)) return;
      race_.va = open.request.va;
      race_.asid = open.context.asid;
      race_.pa = step.pa;
      race_.under_way = step.pa + 8 <= RandomTables::kMemoryBytes;
      return;
    }
  }
}

void Races::begin(const std::vector<u64>& working_set) {
  const u64 now = lockstep_.cycle();
  race_ = {};
  const bool held = random_.one_in(3);
  held ? with_entry(working_set) : with_walk();
  if (!race_.under_way) return;
  next_ = now + 1 + random_.below(2 * one_in_);
  // What is held is used first; what is read is changed before or after the access of the walker.
  race_.edit_at = now + (held ? random_.between(20, 100) : random_.below(6));
  race_.invalidate_at = race_.edit_at + (random_.one_in(2) ? 0 : random_.below(24));
  race_.over = race_.invalidate_at + random_.between(120, 500);
  race_.invalidates = !random_.one_in(held ? 2 : 4);
  race_.burst = random_.one_in(2);
  race_.again = static_cast<unsigned>(random_.between(4, 16));
  if (!held && random_.one_in(2)) {
    MemoryTiming slow = timing_;
    slow.min_latency = static_cast<unsigned>(random_.between(8, 80));
    slow.max_latency = slow.min_latency + static_cast<unsigned>(random_.below(40));
    lockstep_.set_memory_timing(slow);
  }
}

// Software goes to another address space, or to physical addresses, and comes back.
void Races::leave() {
  auto& in = lockstep_.in();
  race_.left = true;
  race_.root = in.ctx_root;
  race_.controls = in.ctx_ctl;
  race_.number = in.ctx_asid;
  race_.back_at = race_.invalidate_at + random_.between(10, 100);
  if (random_.one_in(4) && layout::Feature::PHYS.test(features_)) {
    in.ctx_ctl |= static_cast<arch::u32>(layout::Controls::PHYS.mask());
    race_.physical = true;
    race_.elsewhere = random_.word() >> random_.below(64);
    race_.again = 8;
  } else {
    const auto space = static_cast<unsigned>(random_.below(tables_.spaces()));
    in.ctx_asid = space + 1;
    in.ctx_root = tables_.root(space, tables_.la57(in.ctx_ctl));
  }
}

void Races::come_back() {
  auto& in = lockstep_.in();
  race_.left = race_.physical = false;
  in.ctx_root = race_.root;
  in.ctx_ctl = race_.controls;
  in.ctx_asid = race_.number;
  race_.again = static_cast<unsigned>(random_.between(4, 16));
}

void Races::edit() {
  race_.edited = true;
  auto& in = lockstep_.in();
  if (random_.one_in(4)) leave();
  race_.before = lockstep_.memory().load64(race_.pa);
  u64 after = race_.before;
  const u64 kind = random_.below(8);
  if (kind == 0) {
    // Another top table under the same number.
    in.ctx_asid = race_.asid;
    in.ctx_root = tables_.root(static_cast<unsigned>(random_.below(tables_.spaces())), tables_.la57(in.ctx_ctl));
    race_.again = 16;
  } else if (kind == 1) {
    after = 0;
  } else if (kind < 6) {
    // The low half, which decides what the access may do, stays as the walker read it (T43).
    after ^= u64{1} << random_.between(32, 63);
  } else if (kind == 6) {
    after ^= u64{1} << random_.below(16);
  }
  race_.changed = after != race_.before;
  if (race_.changed) write_entry(race_.pa, after);
}

void Races::drive(const std::vector<u64>& working_set, bool settled) {
  auto& in = lockstep_.in();
  const u64 now = lockstep_.cycle();
  if (!race_.under_way) {
    if (!settled && now >= next_) begin(working_set);
    return;
  }
  if (!race_.edited && !settled && now >= race_.edit_at) edit();
  if (race_.invalidates && race_.edited && now >= race_.invalidate_at && !in.inv_valid && !settled) {
    static constexpr u8 kOperations[] = {layout::Inv::ALL,    layout::Inv::NONGLOBAL, layout::Inv::ASID,
                                         layout::Inv::ASID,   layout::Inv::PAGE,      layout::Inv::PAGE,
                                         layout::Inv::PAGE_I, layout::Inv::PAGE_D};
    in.inv_op = kOperations[random_.below(std::size(kOperations))];
    in.inv_va = race_.va ^ (random_.word() & race_.spread);
    in.inv_asid = race_.asid;
    in.inv_valid = 1;
    race_.invalidates = false;
    race_.again = static_cast<unsigned>(random_.between(4, 16));
  }
  if (race_.left && !settled && now >= race_.back_at) come_back();
  if (now < race_.over) return;
  if (race_.changed && !settled) write_entry(race_.pa, race_.before);
  lockstep_.set_memory_timing(timing_);
  race_ = {};
}

}  // namespace kilburn::tb
