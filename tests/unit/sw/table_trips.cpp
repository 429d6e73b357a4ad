// SPDX-License-Identifier: Apache-2.0
//
// Breaking tables, translations, the order of invalidations.
#include "model/arch/walk.h"
#include "tests/unit/sw/property_trips.h"
#include "tests/unit/sw/trip_machine.h"

namespace kilburn::os::test {

namespace {

constexpr u64 kBase = 0x200000;  // in a table of its own

// Changes the leaf word of kBase in memory, behind everybody's back.
template <class Change>
void poke(Change change) {
  Machine<> m(trip_config());
  Process& p = m.kernel.spawn();
  must(m.kernel.mmap(p, kBase, m.page(), kRead | kWrite) == 0);
  must(m.store(p, kBase));
  m.kernel.audit();
  const arch::FormatInfo& info = m.kernel.memory().format().info();
  u64 table = p.space->table.root();
  for (unsigned level = info.levels; level > 1; --level) {
    const u64 at = arch::entry_address(info, table, kBase, level);
    const Pfn next = m.kernel.memory().format().next_table(m.ram.load64(at));
    change(m, at, level);
    table = m.kernel.memory().frame_address(next);
  }
  change(m, arch::entry_address(info, table, kBase, 1), 1u);
  m.kernel.audit();
}

// Two processes with the same ASID, both with a page at kBase.
void one_asid() {
  Config c = trip_config(Bug::asid_ignored);
  c.prefault = true;
  c.probe = true;
  c.check_order = false;
  c.checks_off = {"P34"};
  Machine<TlbPort> m(c);
  Process& p = m.kernel.spawn();
  Process& q = m.kernel.spawn();
  for (Process* r : {&p, &q}) {
    must(m.kernel.mmap(*r, kBase, m.page(), kRead | kWrite) == 0);
    must(m.kernel.mmap(*r, 2 * kBase, m.page(), kRead | kWrite) == 0);
  }
  must(m.load(p, kBase));
  must(m.load(q, 2 * kBase));  // the CPU is in q, its TLB holds kBase of p
  m.kernel.audit();
}

void corrupt_table() {
  poke([](Machine<>& m, u64 at, unsigned level) {
    if (level == 2) m.ram.store64(at, m.ram.load64(at) ^ 2);  // SDM table 4-19: R/W
  });
}

void protect_then_store(bool order) {
  Config c = trip_config(Bug::protect_stale);
  c.check_order = order;
  Machine<TlbPort> m(c);
  Process& p = m.kernel.spawn();
  must(m.kernel.mmap(p, kBase, m.page(), kRead | kWrite) == 0);
  must(m.store(p, kBase));
  must(m.kernel.mprotect(p, kBase, m.page(), kRead) == 0);
  m.store(p, kBase);
}

void table_freed_early() {
  Machine<> m(trip_config(Bug::early_table_free));
  Process& p = m.kernel.spawn();
  must(m.kernel.mmap(p, kBase, m.page(), kRead | kWrite) == 0);
  must(m.store(p, kBase));
  m.kernel.munmap(p, kBase, m.page());
}

void frame_not_cleared() {
  Machine<> m(trip_config(Bug::no_zero_fill));
  Process& p = m.kernel.spawn();
  must(m.kernel.mmap(p, kBase, m.page(), kRead | kWrite) == 0);
  m.store(p, kBase);
}

void old_though_touched() {
  poke([](Machine<>& m, u64 at, unsigned level) {
    if (level == 1) m.ram.store64(at, m.kernel.memory().format().with_young(m.ram.load64(at), false));
  });
}

void swapping(Bug bug) {
  Config c = trip_config(bug);
  c.frames = 24;
  Machine<> m(c);
  Process& p = m.kernel.spawn();
  must(m.kernel.mmap(p, kBase, 60 * m.page(), kRead | kWrite, {1, 0}) == 0);
  for (int round = 0; round < 4; ++round) {
    for (u64 n = 0; n < 60; ++n) {
      must(m.load(p, kBase + n * m.page()));
      if (n >= 4) must(m.store(p, kBase + (n - 4) * m.page() + 8));
    }
  }
}

void asids_anew() {
  Config c = trip_config(Bug::asid_reuse);
  c.asid_bits = 1;
  Machine<> m(c);
  for (int n = 0; n < 2; ++n) {
    Process& p = m.kernel.spawn();
    must(m.kernel.mmap(p, kBase, m.page(), kRead | kWrite) == 0);
    must(m.store(p, kBase));
  }
}

void torn_block() {
  Config c = trip_config(Bug::block_torn, arch::Format::alpha);
  c.frames = 1800;
  c.huge = true;
  Machine<> m(c);
  Process& p = m.kernel.spawn();
  const u64 a = u64{512} * m.page() * 4;
  must(m.kernel.mmap(p, a, 512 * m.page(), kRead | kWrite) == 0);
  for (u64 n = 0; n < 512; ++n) must(m.store(p, a + n * m.page()));
  must(m.kernel.memory().khugepaged(*p.space, 1) == 1);
  m.kernel.audit();
}

// A processor that faults whatever the kernel does.
class StuckPort final : public MmuPort, public Clock {
 public:
  StuckPort(arch::Format, RamMem&) {}
  AccessResult access(const Access& a) override { return FaultInfo{arch::Fault::page, a.va, 0, 1}; }
  void set_context(const arch::Context&) override {}
  void invalidate(Invalidate, u64, u16) override {}
  void wait_invalidated() override {}
  void idle(unsigned) override {}
  void prefetch(u64, arch::Op, arch::Mode) override {}
  u64 now() const override { return 0; }
};

void endless_faults() {
  Machine<StuckPort> m(trip_config());
  Process& p = m.kernel.spawn();
  must(m.kernel.mmap(p, kBase, m.page(), kRead | kWrite) == 0);
  m.load(p, kBase);
}

}  // namespace

std::vector<Trip> table_trips() {
  std::vector<Trip> t;
  t.push_back({"P25", "M8, asked through the MMU", one_asid});
  t.push_back({"P26", "a flipped bit in a table entry", corrupt_table});
  t.push_back({"P27", "M11, order not checked", [] { protect_then_store(false); }});
  t.push_back({"P28", "M11", [] { protect_then_store(true); }});
  t.push_back({"P29", "M3", table_freed_early});
  t.push_back({"P30", "M17", frame_not_cleared});
  t.push_back({"P31", "an accessed bit cleared", old_though_touched});
  t.push_back({"P32", "M1", [] { swapping(Bug::lost_dirty); }});
  t.push_back({"P33", "M13", [] { swapping(Bug::swap_word_valid); }});
  t.push_back({"P34", "M15", asids_anew});
  t.push_back({"P35", "M16", torn_block});
  t.push_back({"P38", "a processor that always faults", endless_faults});
  return t;
}

}  // namespace kilburn::os::test
