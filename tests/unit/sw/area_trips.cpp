// SPDX-License-Identifier: Apache-2.0
//
// Breaking areas, system calls, faults, signals.
#include "sw/check/witness.h"
#include "tests/unit/sw/property_trips.h"
#include "tests/unit/sw/trip_machine.h"

namespace kilburn::os::test {

namespace {

constexpr u64 kBase = 0x100000;

// Eight pages, of which four were stored to, and the pages past them untouched.
struct Mapped : Machine<> {
  explicit Mapped(Config c = trip_config()) : Machine<>(c), p(kernel.spawn()), end(kBase + 8 * page()) {
    must(kernel.mmap(p, kBase, 8 * page(), kRead | kWrite) == 0);
    for (u64 n = 0; n < 4; ++n) must(store(p, kBase + n * page()));
    kernel.audit();
  }
  Memory& memory() { return kernel.memory(); }
  Process& p;
  u64 end;
};

template <class Change>
std::function<void()> mapped(Change change) {
  return [change] {
    Mapped m;
    change(m);
    m.kernel.audit();
  };
}

void stack_over_neighbour() {
  Machine<> m(trip_config(Bug::stack_gap));
  Process& p = m.kernel.spawn();
  must(m.kernel.mmap_stack(p, 0x4000000, 0x2000) == 0);
  must(m.kernel.mmap(p, 0x3f00000, 0x4000, kRead | kWrite) == 0);
  m.store(p, 0x3ef0000);
}

// The root of a tree of one area says that its right side is the higher one.
void unbalanced(Mapped& m) {
  using Hook = boost::intrusive::avl_set_base_hook<>;
  using Traits = Hook::hooktags::node_traits;
  Hook* hook = const_cast<Vma*>(m.p.space->vmas.find(kBase));
  Traits::set_balance(static_cast<Traits::node_ptr>(hook), Traits::positive());
}

// The search of an address that takes an area's end for a part of it.
void end_included(Mapped& m) {
  const VmaSet& areas = m.p.space->vmas;
  areas.check_find([&areas](u64 at) { return areas.find(at); });
  areas.check_find([&areas](u64 at) {
    const Vma* found = areas.find(at);
    const Vma* below = found == nullptr ? areas.below(at) : nullptr;
    return below != nullptr && below->end == at ? below : found;
  });
}

void half_unmapped(Mapped& m) {
  const CallWitness witness(m.memory(), m.p, kBase, m.end);
  must(m.memory().unmap(*m.p.space, kBase, 4 * m.page()) == 0);
  witness.unmapped();
}

void half_protected(Mapped& m) {
  const CallWitness witness(m.memory(), m.p, kBase, m.end);
  must(m.memory().protect(*m.p.space, kBase, 4 * m.page(), kRead) == 0);
  witness.protected_as(kRead, false);
}

void counted_too_early(Mapped& m) {
  const FaultWitness witness(m.memory(), m.p, kBase + 5 * m.page(), arch::Op::write);
  ++m.p.space->rss;
  witness.failed();
}

void frame_kept_from_the_dead(Mapped& m) {
  const KillWitness witness(m.memory(), m.kernel.processes(), m.p);
  m.kernel.exit(m.p);
  must(const_cast<FrameAllocator&>(m.memory().buddy()).alloc({}) != kNoFrame);
  witness.ended();
}

void spurious_with_effect(Mapped& m) {
  const FaultWitness witness(m.memory(), m.p, kBase, arch::Op::write);
  m.p.space->table.update(kBase, [&](u64 old) { return m.memory().format().with_rights(old, kRead); });
  witness.ended(FaultKind::spurious);
}

void frame_for_a_read(Mapped& m) {
  const FaultWitness witness(m.memory(), m.p, kBase + 5 * m.page(), arch::Op::read);
  must(m.store(m.p, kBase + 5 * m.page()));
  witness.ended(FaultKind::zero_page);
}

// One process on two CPUs writes to a page that it shares with its child.
void late_flush(bool order) {
  Config c = trip_config(Bug::cow_late_flush);
  c.yield = YieldPolicy::every;
  c.check_order = order;
  Cluster<> m(c, 2);
  Process& p = m.kernel->spawn();
  const u64 a = m.kernel->mmap_anywhere(p, m.page(), kRead | kWrite);
  must(m.store(p, a));
  m.kernel->fork(p);
  for (const unsigned cpu : {0u, 1u}) {
    p.cpu = cpu;
    must(m.load(p, a));
  }
  p.cpu = 0;
  must(m.store(p, a));
}

}  // namespace

std::vector<Trip> area_trips() {
  std::vector<Trip> t;
  t.push_back({"P19", "M21", stack_over_neighbour});
  t.push_back({"P20", "a wrong balance in the tree", mapped(unbalanced)});
  t.push_back({"P21", "a search that takes the end for a part", mapped(end_included)});
  t.push_back({"P22", "a munmap of half the range", mapped(half_unmapped)});
  t.push_back({"P23", "an mprotect of half the range", mapped(half_protected)});
  t.push_back({"P24", "an area gone from under its entries",
               mapped([](Mapped& m) { m.p.space->vmas.remove(kBase, kBase + m.page()); })});
  t.push_back({"P39", "rss raised before the allocation", mapped(counted_too_early)});
  t.push_back({"P40", "a frame not given back", mapped(frame_kept_from_the_dead)});
  t.push_back({"P41", "a spurious fault that takes a right", mapped(spurious_with_effect)});
  t.push_back({"P42", "M24", [] { late_flush(true); }});
  t.push_back({"P43", "a frame for a read", mapped(frame_for_a_read)});
  t.push_back({"P44", "M24, order not checked", [] { late_flush(false); }});
  return t;
}

}  // namespace kilburn::os::test
