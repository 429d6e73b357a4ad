// SPDX-License-Identifier: Apache-2.0
//
// Mistakes of the kernel, each as small as a line of code can be, that the property which names it must find.
#include "sw/check/reclaim.h"
#include "sw/check/swap_image.h"
#include "tests/unit/sw/property_trips.h"
#include "tests/unit/sw/trip_machine.h"

namespace kilburn::os::test {

namespace {

constexpr u64 kBase = 0x200000;
constexpr Rights kBoth = kRead | kWrite;

// `pages` pages of a process, all stored to.
template <class Port = ArchMmuPort>
struct Stored : Machine<Port> {
  explicit Stored(const Config& c, u64 pages = 8) : Machine<Port>(c), p(this->kernel.spawn()) {
    must(this->kernel.mmap(p, kBase, pages * this->page(), kBoth) == 0);
    for (u64 n = 0; n < pages; ++n) must(this->store(p, kBase + n * this->page()));
  }
  u64 at(u64 n) { return kBase + n * this->page(); }
  Memory& memory() { return this->kernel.memory(); }
  Process& p;
};

template <class Do>
std::function<void()> stored(Bug bug, Do act, Config c = trip_config()) {
  c.bug = bug;
  return [act, c] {
    Stored<> m(c);
    act(m);
    m.kernel.audit();
  };
}

// Every other page goes, and what is left moves together.
void compacted(const Config& c) {
  Stored<> m(c, 40);
  for (u64 n = 0; n < 40; n += 2) must(m.kernel.munmap(m.p, m.at(n), m.page()) == 0);
  m.memory().kcompactd(1000);
  m.kernel.audit();
}

// Single frames out of a memory in pieces.
void taken(Bug bug) {
  MemMap map(64);
  Buddy buddy(map, 3, 64, bug);
  std::vector<Pfn> got;
  for (Pfn pfn; (pfn = buddy.alloc(0)) != kNoFrame;) got.push_back(pfn);
  for (const Pfn pfn : got) must(pfn % 2 != 0 || buddy.free(pfn, 0) == Buddy::Error::none);
  must(buddy.take(20));
  buddy.check();
}

void last_user_of_a_file_page() {
  Machine<> m(trip_config(Bug::cache_unlisted));
  Process& p = m.kernel.spawn();
  must(m.kernel.mmap(p, kBase, m.page(), kRead, {7, 0, AreaKind::file_shared}) == 0);
  must(m.load(p, kBase));
  must(m.kernel.munmap(p, kBase, m.page()) == 0);
  m.kernel.audit();
}

void late_store_to_freed_frame() {
  Machine<TlbPort> m(unchecked(trip_config(Bug::early_free)), true);
  Process& p = m.kernel.spawn();
  must(m.kernel.mmap(p, kBase, 4 * m.page(), kBoth) == 0);
  must(m.store(p, kBase + m.page()));
  must(m.store(p, kBase));
  must(m.kernel.munmap(p, kBase, m.page()) == 0);
  m.kernel.audit();
}

void split_again() {
  Config c = trip_config(Bug::spare_kept);
  c.frames = 1800;
  c.huge = true;
  c.checks_off = {"P5"};  // sees the second entry first, as one table too many
  Machine<> m(c);
  Process& p = m.kernel.spawn();
  const u64 a = u64{2048} * m.page();
  must(m.kernel.mmap(p, a, 512 * m.page(), kBoth) == 0);
  for (u64 n = 0; n < 512; ++n) must(m.store(p, a + n * m.page()));
  must(m.kernel.memory().khugepaged(*p.space, 1) == 1);
  must(m.kernel.munmap(p, a, m.page()) == 0);
  m.kernel.audit();
}

void locked_and_short() {
  Config c = trip_config(Bug::lock_ignored);
  c.frames = 24;
  Stored<> m(c, 6);
  must(m.kernel.mlock(m.p, kBase, 6 * m.page()) == 0);
  must(m.kernel.mmap(m.p, 2 * kBase, 40 * m.page(), kBoth) == 0);
  for (u64 n = 0; n < 40; ++n) must(m.store(m.p, 2 * kBase + n * m.page()));
  m.kernel.audit();
}

void touched_through_the_tlb() {
  Stored<TlbPort> m(trip_config(Bug::age_no_flush), 12);
  must(m.memory().try_to_swap_out(1) == 1);
  for (u64 n = 0; n < 12; ++n) must(m.load(m.p, m.at(n)));
  m.kernel.audit();
}

void until_memory_is_full() {
  Config c = trip_config(Bug::rss_early);
  c.frames = 24;
  c.swap_slots = 4;
  Stored<> m(c, 100);
}

// Raises one fault more than there is.
class SpuriousPort final : public MmuPort, public Clock {
 public:
  SpuriousPort(arch::Format format, RamMem& memory) : port_(format, memory) {}
  AccessResult access(const Access& a) override {
    if (std::exchange(fault_next, false)) return FaultInfo{arch::Fault::page, a.va, 0, 1};
    return port_.access(a);
  }
  void set_context(const arch::Context& context) override { port_.set_context(context); }
  void invalidate(Invalidate op, u64 va, u16 asid) override { port_.invalidate(op, va, asid); }
  void wait_invalidated() override {}
  void idle(unsigned) override {}
  void prefetch(u64, arch::Op, arch::Mode) override {}
  u64 now() const override { return port_.now(); }
  bool fault_next = false;

 private:
  ArchMmuPort port_;
};

void spurious(Bug bug) {
  Stored<SpuriousPort> m(trip_config(bug));
  m.port.fault_next = true;
  must(m.load(m.p, kBase));
  must(m.faults(FaultKind::spurious) == 1);
}

// Pages go dirty, come back clean, and are stored to after they were looked at.
void store_between_look_and_eviction() {
  Config c = trip_config(Bug::lost_dirty);
  c.frames = 24;
  c.check_order = false;  // sees the dirty bit overwritten (P32)
  Stored<> m(c, 60);
  for (int round = 0; round < 4; ++round) {
    for (u64 n = 0; n < 60; ++n) {
      must(m.load(m.p, m.at(n)));
      if (n >= 4) must(m.store(m.p, m.at(n - 4) + 8));
    }
  }
}

void dropped_dirty() {
  Config c = trip_config(Bug::dirty_dropped);
  c.frames = 24;
  Stored<> m(c, 60);
}

Config marked(Bug bug, u32 frames) {
  Config c = trip_config(bug);
  c.frames = frames;
  c.reclaim.min = 1;
  c.reclaim.low = 4;
  c.reclaim.high = 14;
  return c;
}

void eviction_round(Bug bug) {
  Stored<> m(trip_config(bug), 40);
  const u64 before = m.kernel.statistics().memory.aged;
  must(m.memory().try_to_swap_out(1) == 1);
  require_full_round(m.kernel.statistics().memory.aged - before, 40);
}

void image_after_sync() {
  MemoryDevice device;
  Config c = trip_config(Bug::sync_header_only);
  c.frames = 24;
  Machine<> m(c, device);
  Process& p = m.kernel.spawn();
  must(m.kernel.mmap(p, kBase, 60 * m.page(), kBoth) == 0);
  for (u64 n = 0; n < 60; ++n) must(m.store(p, kBase + n * m.page()));
  must(m.kernel.memory().write_back_all() == 0);
  audit_swap_image(device.bytes());
}

// Device buffers use up the DMA zone, in which pages of a process lie; elsewhere frames are free.
void dma_zone_behind(Bug bug) {
  Config c = trip_config(bug);
  c.frames = 160;
  c.dma_frames = 48;
  c.reclaim = {.min = 7, .low = 28, .high = 56};
  Machine<> m(c);
  Memory& memory = m.kernel.memory();
  Process& p = m.kernel.spawn();
  must(m.kernel.mmap(p, kBase, 120 * m.page(), kBoth) == 0);
  for (u64 n = 0; n < 110; ++n) must(m.store(p, kBase + n * m.page()));
  for (u64 n = 0; n < 110; ++n) {  // the NORMAL zone is free again
    const PteView v = memory.format().view(p.space->table.load(kBase + n * m.page()));
    if (v.kind == EntryKind::leaf && v.pfn >= 48) must(m.kernel.munmap(p, kBase + n * m.page(), m.page()) == 0);
  }
  while (memory.buddy().zones()[0].buddy.free_frames() >= 8)
    must(memory.kernel().kmalloc(m.page(), ZoneKind::dma) != 0);
  must(m.kernel.mmap(p, 2 * kBase + 256 * m.page(), m.page(), kBoth) == 0);
  for (u64 n = 0; n < 20; ++n) must(m.store(p, 2 * kBase + 256 * m.page()));
  const Zone& zone = memory.buddy().zones()[0];
  must(zone.buddy.free_frames() >= zone.marks.high);
  m.kernel.audit();
}

}  // namespace

std::vector<Trip> mutant_trips() {
  std::vector<Trip> t;
  t.push_back({"P1", "M52", last_user_of_a_file_page});
  t.push_back({"P4", "M36", stored(Bug::rmap_stale, [](Stored<>& m) {
                 must(m.kernel.mremap(m.p, kBase, 8 * m.page(), 4 * kBase, 8 * m.page()) == 0);
               })});
  t.push_back({"P5", "M49", [] { compacted(trip_config(Bug::zone_uncounted)); }});
  t.push_back({"P6", "M50", [] { compacted(trip_config(Bug::number_inherited)); }});
  t.push_back({"P7", "M37", stored(Bug::zero_writable, [](Stored<>& m) {
                 must(m.kernel.mmap(m.p, 4 * kBase, m.page(), kBoth) == 0);
                 must(m.load(m.p, 4 * kBase));
               })});
  t.push_back({"P8", "M2, a store buffer", late_store_to_freed_frame});
  t.push_back({"P9", "M51", split_again});
  t.push_back({"P10", "M38", locked_and_short});
  t.push_back({"P11", "M46", [] { taken(Bug::take_torn); }});
  t.push_back({"P13", "M47", [] { taken(Bug::take_pair); }});
  t.push_back({"P15", "M48", [] { taken(Bug::take_uncounted); }});
  t.push_back({"P17", "M56", [] { compacted(trip_config(Bug::migrate_pinned)); }});
  Config dma = trip_config();
  dma.dma_frames = 20;
  t.push_back({"P18", "M57",
               stored(
                   Bug::dma_ignored,
                   [](Stored<>& m) { must(m.memory().kernel().kmalloc(m.page(), ZoneKind::dma) != 0); }, dma)});
  t.push_back({"P22", "M39", stored(Bug::unmap_short, [](Stored<>& m) { m.kernel.munmap(m.p, kBase, 8 * m.page()); })});
  t.push_back({"P23", "M40",
               stored(Bug::protect_short, [](Stored<>& m) { m.kernel.mprotect(m.p, kBase, 8 * m.page(), kRead); })});
  t.push_back({"P24", "M41", stored(Bug::protect_areas_only, [](Stored<>& m) {
                 m.kernel.mprotect(m.p, kBase, 8 * m.page(), kRead);
               })});
  t.push_back({"P26", "M53", [] { Stored<> m(trip_config(Bug::table_rights)); }});
  t.push_back({"P31", "M54", touched_through_the_tlb});
  t.push_back({"P38", "M55", stored(Bug::upgrade_lost, [](Stored<>& m) {
                 must(m.kernel.mprotect(m.p, kBase, m.page(), kRead) == 0);
                 must(m.kernel.mprotect(m.p, kBase, m.page(), kBoth) == 0);
                 m.store(m.p, kBase);
               })});
  t.push_back({"P39", "M44", until_memory_is_full});
  t.push_back({"P40", "M45", stored(Bug::exit_leak, [](Stored<>& m) { m.kernel.kill(m.p); })});
  t.push_back({"P41", "M42", [] { spurious(Bug::spurious_revokes); }});
  t.push_back({"P43", "M43", stored(Bug::read_takes_frame, [](Stored<>& m) {
                 must(m.kernel.mmap(m.p, 4 * kBase, m.page(), kBoth) == 0);
                 m.load(m.p, 4 * kBase);
               })});
  t.push_back({"P45", "M1, order not checked", store_between_look_and_eviction});
  t.push_back({"P49", "M35", dropped_dirty});
  t.push_back({"P50", "M58", [] { Stored<> m(marked(Bug::kswapd_hasty, 40), 60); }});
  t.push_back({"P51", "M61", [] { dma_zone_behind(Bug::kswapd_sums); }});
  t.push_back({"P53", "M59", [] { eviction_round(Bug::first_in_first_out); }});
  t.push_back({"P56", "M60", image_after_sync});
  return t;
}

// The same without a bug, where the run itself is new here.
void intact_mutants() {
  compacted(trip_config());
  taken(Bug::none);
  spurious(Bug::none);
  dma_zone_behind(Bug::none);
  eviction_round(Bug::none);
}

}  // namespace kilburn::os::test
