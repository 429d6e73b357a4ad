// SPDX-License-Identifier: Apache-2.0
//
// Walks beside each other: crowds in one cache line of entries that lose their compare-and-swaps, a fault beside a fill
// of the same page, and every maintenance operation in every cycle of a walk.
#include "model/arch/layout.h"
#include "tb/stimulus/scenes.h"

namespace kilburn::tb {

using arch::u32;
using arch::u64;
using arch::u8;
namespace alpha = arch::layout::AlphaPte;
namespace ctl = arch::layout::Controls;
namespace feature = arch::layout::Feature;
namespace inv = arch::layout::Inv;
namespace pte = arch::layout::X86Pte;

namespace {
constexpr u64 bit(unsigned n) { return u64{1} << n; }
constexpr unsigned kRounds = 240;    // of a crowd, by leaf and depth
constexpr unsigned kIgnoredBit = 9;  // of an entry: software's
}  // namespace

// Up to six walks whose last entries are the same, in one line, or in one table. While they go on, software writes
// the entries, so that compare-and-swaps are lost once, twice, or for a fault.
void ScenesTest::crowd(unsigned leaf, bool la57) {
  const u64 controls = ctl::NXE.mask() | ctl::PGE.mask() | ctl::LA57.make(la57);
  Path path = draw_path(leaf, static_cast<u32>(controls));
  const arch::FormatInfo f = info(path);
  build(path);
  for (unsigned level = leaf + 1; level <= path.levels; ++level) {
    const u64 pa = entry_at(path, level);
    if (random_.one_in(2)) set(pa, entry(pa) & ~pte::A.mask());
  }
  const unsigned shift = f.page_shift + f.index_bits * (leaf - 1u);
  const u64 base = path.va & ~(u64{7} << shift);
  boost::container::static_vector<u64, 12> addresses;
  const bool refusing = random_.one_in(4);
  for (unsigned n = 0; n < 12; ++n) {
    const u64 va = base ^ u64 { n } << shift;
    u64 e = granting(path, leaf);
    if (random_.one_in(3)) e &= ~pte::A.mask();
    if (!random_.one_in(3)) e &= ~pte::D.mask();
    if (random_.one_in(refusing ? 2 : 12)) e &= ~pte::P.mask();
    set(entry_at(path, leaf, va), e);
    addresses.push_back(va);
  }
  invalidate(inv::ALL);
  // Held clean, so that the writes to come find their entry in the L1 TLB.
  arch::Request request;
  if (random_.one_in(2)) {
    for (unsigned n = 0; n < 4; ++n) {
      request.va = addresses[n];
      translate(path.context, request);
    }
  }
  MemoryTiming slow;
  slow.min_latency = static_cast<unsigned>(random_.between(2, 12));
  slow.max_latency = slow.min_latency + static_cast<unsigned>(random_.below(24));
  lockstep_.set_memory_timing(slow);
  const u64 most = random_.one_in(3) ? 2 : random_.one_in(2) ? 8 : 12;  // one line, or both
  const auto disturb = [&] {
    if (!random_.one_in(3)) return;
    const auto level = static_cast<unsigned>(random_.one_in(3) ? random_.between(leaf, path.levels) : leaf);
    const u64 va = addresses[random_.below(most)];
    const u64 pa = entry_at(path, level, va);
    u64 e = entry(pa) ^ bit(kIgnoredBit + static_cast<unsigned>(random_.below(3)));
    if (random_.one_in(8)) e &= ~pte::A.mask();
    if (random_.one_in(24)) e ^= pte::P.mask();
    set(pa, e);
  };
  const bool disturbed = random_.one_in(2);
  for (u64 left = random_.between(2, 12); left != 0; --left) {
    request.va = addresses[random_.below(most)];
    request.op = random_.one_in(3) ? arch::Op::fetch : random_.one_in(4) ? arch::Op::read : arch::Op::write;
    give(path.context, request);
    for (u64 wait = random_.below(4); wait != 0; --wait) clock();
    if (disturbed) disturb();
  }
  while (busy_[0] | busy_[1]) {
    clock();
    if (disturbed) disturb();
  }
  lockstep_.set_memory_timing({});
  ++result_.scenes;
}

void ScenesTest::crowds() {
  for (unsigned round = 0; round < kRounds; ++round) {
    for (unsigned leaf = 1; leaf <= (lockstep_.settings().page_1g ? 3u : 2u); ++leaf) {
      crowd(leaf, false);
      if (has(feature::LA57)) crowd(leaf, true);
    }
  }
}

// A fetch fills the TLBs with the page while a write to it is refused: what the page fault invalidates is there, the
// page that is asked for, another part of it, a global one, or one of another address space.
void ScenesTest::refused_beside(unsigned leaf, unsigned relation, unsigned later) {
  Path path = draw_path(leaf, static_cast<u32>(ctl::NXE.mask() | ctl::WP.mask() | ctl::PGE.mask()));
  build(path);
  const unsigned page = 12 + 9 * (leaf - 1);
  path.va &= ~(bit(page) - 1);  // the page's first address
  if (relation == 1 && leaf > 1) path.va += random_.between(1, bit(page - 12) - 1) << 12;
  u64 e = entry(entry_at(path, leaf)) & ~(pte::RW.mask() | pte::US.mask());
  if (relation == 2) e |= pte::G.mask();
  set(entry_at(path, leaf), e);
  invalidate(inv::ALL);
  arch::Request request;
  request.va = path.va;
  request.op = arch::Op::fetch;
  arch::Context other = path.context;
  other.asid = static_cast<arch::u16>(other.asid + 1);
  give(relation == 3 ? other : path.context, request);
  for (unsigned n = 0; n < later; ++n) clock();
  request.op = arch::Op::write;
  give(path.context, request);
  drain();
  ++result_.scenes;
}

void ScenesTest::refused_beside() {
  // Slow enough that the write is looked up before the fetch has filled the L2 TLB, which a lookup would empty.
  MemoryTiming slow;
  slow.min_latency = slow.max_latency = 8;
  lockstep_.set_memory_timing(slow);
  for (unsigned relation = 0; relation < 4; ++relation) {
    for (unsigned leaf = 1; leaf <= (lockstep_.settings().page_1g ? 3u : 2u); ++leaf) {
      for (unsigned later = 0; later < 40; ++later) refused_beside(leaf, relation, later % 16);
    }
  }
  lockstep_.set_memory_timing({});
}

// Operation by operation, a cycle later each time, until the walk is over before it.
void ScenesTest::timings() {
  constexpr unsigned kLatency = 5;
  MemoryTiming steady;
  steady.min_latency = steady.max_latency = kLatency;
  lockstep_.set_memory_timing(steady);
  static constexpr u8 kOperations[] = {inv::ALL,    inv::NONGLOBAL, inv::ASID,   inv::PAGE,   inv::PAGE_NONGLOBAL,
                                       inv::PAGE_I, inv::PAGE_D,    inv::FILL_I, inv::FILL_D, 15};
  for (const u8 operation : kOperations) {
    bool over = false;
    for (unsigned after = 0; !over; ++after) {
      Path path = draw_path(1, x86_ ? static_cast<u32>(ctl::NXE.mask()) : 0);
      build(path);
      const u64 leaf = entry_at(path, 1);
      // A and D to be set, in a swap of its own.
      if (x86_) set(leaf, entry(leaf) & ~(pte::A.mask() | pte::D.mask()));
      invalidate(inv::ALL);
      arch::Request request;
      request.va = path.va;
      request.op = random_.one_in(2) ? arch::Op::fetch : random_.one_in(2) ? arch::Op::read : arch::Op::write;
      give(path.context, request);
      for (unsigned n = 0; n < after; ++n) clock();
      over = !(busy_[0] | busy_[1]) || after > 1000;
      invalidate(operation, path.va, path.context.asid, entry(leaf) | alpha::V.mask());
      drain();
    }
    ++result_.scenes;
  }
  lockstep_.set_memory_timing({});
}

}  // namespace kilburn::tb
