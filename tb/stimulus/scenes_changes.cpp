// SPDX-License-Identifier: Apache-2.0
//
// Every kind of change of an entry overtakes an answer from every source, invalidated or not: the answer stands at its
// port, not yet taken, while software changes the entry that it came from.
#include "model/arch/layout.h"
#include "tb/stimulus/scenes.h"

namespace kilburn::tb {

using arch::u32;
using arch::u64;
namespace alpha = arch::layout::AlphaPte;
namespace ctl = arch::layout::Controls;
namespace feature = arch::layout::Feature;
namespace inv = arch::layout::Inv;
namespace pte = arch::layout::X86Pte;

namespace {
constexpr u64 bit(unsigned n) { return u64{1} << n; }
constexpr unsigned kX86Changes = 14, kAlphaChanges = 9;
constexpr unsigned kGone = 1;  // P or V cleared: then the tables refuse
constexpr unsigned kPrefetchTime = 60;
}  // namespace

// Each changes one thing, and leaves an entry that a supervisor may read (but for kGone).
ScenesTest::Change ScenesTest::change_of(const Path& path, unsigned kind, bool refused) {
  const u64 e = granting(path, 1);
  const auto up = [&](u64 mask) { return Change{1, e & ~mask, e | mask}; };
  const auto down = [&](u64 mask) { return Change{1, e | mask, e & ~mask}; };
  if (!x86_) {
    static constexpr u64 kFaultOn = alpha::FOW.mask(), kEnable = alpha::UWE.mask();
    switch (kind) {
      case 0:
        return up(alpha::V.mask());
      case kGone:
        return down(alpha::V.mask());
      case 2:
        return up(kFaultOn);
      case 3:
        return down(kFaultOn);
      case 4:
        return up(kEnable);
      case 5:
        return down(kEnable);
      case 6:
        return random_.one_in(2) ? up(alpha::ASM.mask()) : down(alpha::ASM.mask());
      case 7:
        return up(alpha::GH.make(random_.between(1, 3)));
      default:
        return up(bit(32 + static_cast<unsigned>(random_.below(20))));
    }
  }
  switch (kind) {
    case 0:
      return up(pte::P.mask());
    case kGone:
      return down(pte::P.mask());
    case 2:
      return up(pte::RW.mask());
    case 3:
      return down(pte::RW.mask());
    case 4:
      return up(pte::US.mask());
    case 5:
      return down(pte::US.mask());
    case 6:
      return up(pte::NX.mask());
    case 7:
      return down(pte::NX.mask());
    case 8:
      return down(pte::A.mask());
    case 9:
      return down(pte::D.mask());
    case 10:
      return up(bit(12 + static_cast<unsigned>(random_.below(16))));
    case 11: {
      // A 2 MB page becomes a table of small ones; the other way round where the small page refuses.
      const u64 table_entry = entry(entry_at(path, 2));
      const u64 page = points_to(table_entry, 0) | pte::PS.mask();
      return refused ? Change{2, table_entry, page} : Change{2, page, table_entry};
    }
    case 12:
      return random_.one_in(2) ? up(pte::G.mask()) : down(pte::G.mask());
    default:
      return up(pte::PKEY.make(random_.between(1, 15)));
  }
}

// Everything is as the next answer to a supervisor's read comes from there.
void ScenesTest::lead_to(const Path& path, const Origin& origin, bool refused) {
  const u64 leaf = entry_at(path, 1);
  arch::Request read;
  read.va = path.va;
  arch::Request fetch = read;
  fetch.op = arch::Op::fetch;
  switch (origin.from) {
    case From::l1:
      if (refused) {  // by a rights bit of the entry that software filled
        invalidate(inv::FILL_D, path.va, path.context.asid, entry(leaf) | alpha::FOR.mask());
      } else {
        translate(path.context, read);
      }
      return;
    case From::l2:
      translate(path.context, fetch);
      return;
    case From::prefetched: {
      arch::Request before = read;
      before.va -= bit(info(path).page_shift);
      set(entry_at(path, 1, before.va), granting(path, 1));
      translate(path.context, before);
      for (unsigned n = 0; n < kPrefetchTime; ++n) clock();
      return;
    }
    case From::cached:
      warm_up(path, origin.level);
      break;
    case From::again: {
      // The structure cache leads into a table that has been replaced meanwhile.
      const u64 pa = entry_at(path, 2);
      const u64 e = entry(pa);
      set(pa, points_to(e, spare_table(1)));
      const u64 old_leaf = leaf - table(1) + spare_table(1);
      set(old_leaf, 0);
      arch::Request beside = read;
      beside.va ^= bit(info(path).page_shift + 3u);
      set(entry_at(path, 1, beside.va) - table(1) + spare_table(1), granting(path, 1));
      translate(path.context, beside);
      set(pa, e);
      break;
    }
    case From::merged:
    case From::root:
      break;
  }
  if (refused) set(leaf, entry(leaf) & ~u64{1});
}

void ScenesTest::change(const Origin& origin, bool refused, bool invalidated, unsigned kind) {
  u64 controls = 0;
  if (x86_) {
    controls = ctl::NXE.mask() | ctl::PGE.make(random_.below(2));
    if (has(feature::LA57)) controls |= ctl::LA57.make(origin.level == 5 || random_.one_in(2));
  }
  Path path = draw_path(1, static_cast<u32>(controls));
  arch::Request read;
  read.va = path.va;
  build(path);
  translate(path.context, read);
  invalidate(inv::ALL);
  lead_to(path, origin, refused);
  arch::Context asks = path.context;
  if (origin.from == From::l1 && refused) asks.controls |= static_cast<u32>(ctl::REFILL.mask());

  auto& in = lockstep_.in();
  const auto& port = lockstep_.out().d;
  const bool merged = origin.from == From::merged;
  if (!merged) in.d.rsp_ready = 0;
  give(asks, read);
  if (merged) {
    // The second waits for the walk of the first, whose answer is taken.
    give(asks, read);
    for (const u64 before = result_.answered; result_.answered == before;) clock();
    in.d.rsp_ready = 0;
  }
  while (!port.rsp_valid && busy_[1] != 0) clock();

  // The instruction port goes through the entry as it is before the change: what follows is one change.
  const Change what = change_of(path, kind, refused);
  const u64 pa = entry_at(path, what.level);
  set(pa, what.before);
  arch::Request fetch = read;
  fetch.op = arch::Op::fetch;
  translate(path.context, fetch);
  set(pa, what.after);
  if (invalidated) invalidate(inv::ALL);
  drain();
  ++result_.scenes;
}

void ScenesTest::changes() {
  const unsigned levels = x86_ ? 5 : arch::info(config_.format).levels;
  const auto play = [&](const Origin& origin, bool refused) {
    for (unsigned kind = 0; kind < (x86_ ? kX86Changes : kAlphaChanges); ++kind) {
      if (refused && kind == kGone) continue;
      for (const bool invalidated : {false, true}) change(origin, refused, invalidated, kind);
    }
  };
  for (const From from : {From::l1, From::l2, From::prefetched, From::merged, From::root, From::again}) {
    play({from}, false);
  }
  if (!x86_ && has(feature::REFILL)) play({From::l1}, true);
  play({From::root}, true);
  for (unsigned level = 2; level <= levels; ++level) {
    if (level == 5 && !has(feature::LA57)) continue;
    play({From::cached, level}, false);
    play({From::cached, level}, true);  // confirmed by a walk from the root, if the MMU does so
  }
}

}  // namespace kilburn::tb
