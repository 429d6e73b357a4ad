// SPDX-License-Identifier: Apache-2.0
//
// Breaking the books of the frames: states, counts, blocks, zones; what compaction owes.
#include "model/arch/walk.h"
#include "sw/check/allocation.h"
#include "tests/unit/sw/property_trips.h"
#include "tests/unit/sw/trip_machine.h"

namespace kilburn::os::test {

namespace {

// Twelve pages stored to.
struct Used : Machine<> {
  explicit Used(Config c = trip_config()) : Machine<>(c), p(kernel.spawn()) {
    a = kernel.mmap_anywhere(p, 12 * page(), kRead | kWrite);
    for (u64 n = 0; n < 12; ++n) must(store(p, a + n * page()));
    kernel.audit();
  }
  Pfn first_pfn() { return kernel.memory().format().view(p.space->table.load(a)).pfn; }
  Frame& frame(Pfn pfn) { return const_cast<Frame&>(kernel.memory().map_of_frames()[pfn]); }
  Frame& first() { return frame(first_pfn()); }
  Process& p;
  u64 a = 0;
};

template <class Change>
std::function<void()> used(Change change, Config c = trip_config()) {
  return [change, c] {
    Used m(c);
    change(m);
    m.kernel.audit();
  };
}

// A buddy allocator by itself, all of it taken and given back.
struct Blocks {
  explicit Blocks(Bug bug = Bug::none) : buddy(map, 3, 64, bug), at_start(buddy.free_blocks()) {}
  void use_all() {
    for (Pfn pfn; (pfn = buddy.alloc(0)) != kNoFrame;) taken.push_back(pfn);
    for (const Pfn pfn : taken) must(buddy.free(pfn, 0) == Buddy::Error::none);
  }
  MemMap map{64};
  Buddy buddy;
  FreeBlocks at_start;
  std::vector<Pfn> taken;
};

template <class Port>
u64 scatter(Machine<Port>& m, Process& p, u64 pages) {
  const u64 a = m.kernel.mmap_anywhere(p, pages * m.page(), kRead | kWrite);
  for (u64 n = 0; n < pages; ++n) must(m.store(p, a + n * m.page() + 8 * n));
  for (u64 n = 0; n < pages; n += 2) must(m.kernel.munmap(p, a + n * m.page(), m.page()) == 0);
  return a;
}

void twice_linked_table(Used& m) {
  const arch::FormatInfo& info = m.kernel.memory().format().info();
  const u64 far = m.a + m.kernel.memory().format().span(2) * 8;
  m.p.space->table.ensure(far);
  u64 table = m.p.space->table.root();
  for (unsigned level = info.levels; level > 2; --level) {
    const Pfn next = m.kernel.memory().format().next_table(m.ram.load64(arch::entry_address(info, table, far, level)));
    table = m.kernel.memory().frame_address(next);
  }
  const u64 at = arch::entry_address(info, table, far, 2);
  m.ram.store64(at + 8, m.ram.load64(at));
}

void many_sharers() {
  Config c = trip_config(Bug::narrow_count);
  c.frames = 2000;
  Machine<> m(c);
  Process& p = m.kernel.spawn();
  const u64 a = m.kernel.mmap_anywhere(p, m.page(), kRead | kWrite);
  must(m.store(p, a));
  for (int n = 0; n < 300; ++n) m.kernel.fork(p);
  m.kernel.audit();
}

void freed_while_mapped() {
  Machine<> m(trip_config(Bug::free_mapped));
  Process& p = m.kernel.spawn();
  const u64 a = m.kernel.mmap_anywhere(p, m.page(), kRead | kWrite);
  must(m.store(p, a));
  Process& child = m.kernel.fork(p);
  must(m.kernel.munmap(child, a, m.page()) == 0);
  m.kernel.audit();
}

void locked_in_swap() {
  Config c = trip_config();
  c.frames = 20;
  Machine<> m(c);
  Process& p = m.kernel.spawn();
  const u64 a = m.kernel.mmap_anywhere(p, 40 * m.page(), kRead | kWrite);
  for (u64 n = 0; n < 40; ++n) must(m.store(p, a + n * m.page()));
  m.kernel.audit();
  p.space->vmas.set_locked(a, a + 40 * m.page(), true);  // as if mlock brought nothing in
  m.kernel.audit();
}

void late_store_to_old_frame() {
  Config c = trip_config(Bug::migrate_early_copy);
  Machine<TlbPort> m(c, true);
  Process& p = m.kernel.spawn();
  const u64 a = scatter(m, p, 40);
  for (u64 n = 1; n < 40; n += 2) {
    must(m.store(p, a + n * m.page() + 64));
    m.kernel.memory().kcompactd(1000);
    must(m.kernel.munmap(p, a + n * m.page(), m.page()) == 0);
  }
}

void unmerged_after_compaction() {
  Config c = trip_config(Bug::no_coalescing);
  Machine<> m(c);
  scatter(m, m.kernel.spawn(), 60);
  m.kernel.memory().kcompactd(1000);
}

}  // namespace

std::vector<Trip> frame_trips() {
  std::vector<Trip> t;
  t.push_back(
      {"P1", "a mapped frame marked as the kernel's", used([](Used& m) { m.first().state = FrameState::kernel; })});
  t.push_back({"P2", "M9", freed_while_mapped});
  t.push_back({"P3", "M10, 300 sharers", many_sharers});
  t.push_back(
      {"P4", "a mapping that a frame knows moved by a page", used([](Used& m) { m.first().rmap[0].va += m.page(); })});
  t.push_back(
      {"P5", "a reserved frame marked as zero page", used([](Used& m) { m.frame(0).state = FrameState::zero; })});
  t.push_back({"P6", "a wrong number", used([](Used& m) { m.first().map_nr = 5; })});
  t.push_back({"P7", "a byte in the zero page",
               used([](Used& m) { m.ram.store64(m.kernel.memory().frame_address(Memory::kZeroFrame) + 8, 1); })});
  t.push_back({"P8", "a byte in a free frame", used([](Used& m) {
                 Pfn pfn = Memory::kFirstFrame;
                 while (m.frame(pfn).state != FrameState::free) ++pfn;
                 m.ram.store64(m.kernel.memory().frame_address(pfn) + 16, 1);
               })});
  Config no_sums = trip_config();
  no_sums.checks_off = {"P5"};  // sees the second entry first, as one table too many
  t.push_back({"P9", "two entries for one table", used(twice_linked_table, no_sums)});
  t.push_back({"P10", "a locked area whose pages are swapped", locked_in_swap});
  t.push_back({"P11", "a torn list of free blocks", [] {
                 Blocks b;
                 b.map.uses()[b.buddy.free_blocks().front().first].previous = 5;
                 b.buddy.check();
               }});
  t.push_back({"P12", "M6", [] {
                 Config c = trip_config(Bug::no_coalescing);
                 Machine<> m(c);
                 scatter(m, m.kernel.spawn(), 12);
                 m.kernel.finish();
               }});
  t.push_back({"P13", "a wrong tag inside a free block", [] {
                 Blocks b;
                 b.map.uses()[33].tag = 3;
                 b.buddy.check();
               }});
  t.push_back({"P14", "M6", [] {
                 Blocks b(Bug::no_coalescing);
                 b.use_all();
                 require_restored(b.at_start, b.buddy.free_blocks());
               }});
  t.push_back({"P15", "an allocated frame marked free", [] {
                 Blocks b;
                 b.map[b.buddy.alloc(0)].state = FrameState::free;
                 b.buddy.check();
               }});
  t.push_back({"P16", "M6", [] {
                 Blocks b(Bug::no_coalescing);
                 b.use_all();
                 const auto before = free_frames(b.map, 3, 64);
                 require_justified(before, 3, 3, b.buddy.alloc(3));
               }});
  t.push_back({"P17", "a pinned frame freed", used([](Used& m) {
                 m.first().pins = 1;
                 m.kernel.munmap(m.p, m.a, m.page());
               })});
  t.push_back({"P18", "a zone of another kind than its range", used([](Used& m) {
                 const_cast<Zone&>(m.kernel.memory().buddy().zones().front()).kind = ZoneKind::dma;
               })});
  t.push_back({"P57", "M25, a store buffer", late_store_to_old_frame});
  t.push_back({"P58", "M6", unmerged_after_compaction});
  return t;
}

}  // namespace kilburn::os::test
