// SPDX-License-Identifier: Apache-2.0
//
// Places: the corners of the address space, tables that map themselves, and pages of every size that take each other's
// entries in the TLBs.
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
constexpr unsigned kFills = 1500;
constexpr u64 kBlocks = 0x100000;  // last-level tables of one hint each
}  // namespace

// Translated, then refused.
void ScenesTest::corner(u64 va, u32 controls) {
  const Path path = path_to(va, 1, controls);
  build(path);
  arch::Request request;
  request.va = va;
  for (const u64 cleared : {u64{0}, u64{1}}) {
    set(entry_at(path, 1), entry(entry_at(path, 1)) & ~cleared);
    judged(path.context, request);
  }
  ++result_.scenes;
}

// One table at every level, one slot.
void ScenesTest::own_slot(u32 controls) {
  const Path own = path_to(0, 1, controls);
  const arch::FormatInfo f = info(own);
  const u64 slot = random_.between(1, 200);
  arch::Request request;
  for (unsigned level = 1; level <= f.levels; ++level) {
    request.va |= slot << (f.page_shift + f.index_bits * (level - 1u));
  }
  const u64 pa = table(f.levels) + 8 * slot;
  const u64 e = points_to(granting(own, 1), table(f.levels)) & ~(x86_ ? pte::PS.mask() : 0);
  for (const bool refused : {false, true}) {
    set(pa, refused ? e & ~(x86_ ? pte::US.mask() : u64{0xff00}) : e);
    request.mode = arch::Mode::user;
    judged(own.context, request);
  }
  ++result_.scenes;
}

void ScenesTest::corners() {
  const u64 deep = ctl::LA57.make(x86_ && has(feature::LA57));
  for (u64 la57 = 0; la57 <= deep; la57 += ctl::LA57.mask()) {
    const u32 controls = static_cast<u32>(la57);
    const arch::FormatInfo f = arch::info(config_.format, lockstep_.settings(), controls);
    const u64 page = bit(f.page_shift), half = bit(f.va_bits - 1u);
    const u64 large = bit(x86_ ? 21 : f.page_shift + 3u), huge = bit(x86_ ? 30 : f.page_shift + 9u);
    for (const u64 end : {page, 5 * large, 7 * huge, half, u64{0}}) {
      corner(end - 8, controls);
      corner(end - page, controls);
    }
    for (const u64 begin : {u64{0}, ~half + 1}) corner(begin, controls);
    arch::Request request;
    const arch::Context context = path_to(0, 1, controls).context;
    for (const u64 hole : {half, ~half + 1 - page}) {
      request.va = hole;
      judged(context, request);
    }
    own_slot(controls);
  }
}

// Held, and refused by what is held; the walk fills the same place.
void ScenesTest::same_place(const Path& path, u64 leaf, bool fetch) {
  const u64 users = x86_ ? pte::US.mask() : 0xee00;
  arch::Request request;
  request.va = path.va;
  request.op = fetch ? arch::Op::fetch : arch::Op::read;
  set(leaf, entry(leaf) & ~users);
  invalidate(inv::ALL);
  translate(path.context, request);
  set(leaf, entry(leaf) | users);
  request.mode = arch::Mode::user;
  translate(path.context, request);
  ++result_.scenes;
}

// More pages of every size than the TLBs hold, some of them global, all at once.
void ScenesTest::replacements() {
  const Path path = path_to(0, 1, x86_ ? static_cast<u32>(ctl::PGE.mask()) : 0);
  const arch::FormatInfo f = info(path);
  const u64 entries = bit(f.index_bits);
  const unsigned sizes = !x86_ ? 4 : lockstep_.settings().page_1g ? 3 : 2;
  const auto global = [&] { return random_.one_in(3); };
  build(path);
  for (u64 n = 0; n < entries; ++n) {
    if (x86_) {
      // Slot 0 of a table leads to the table below; all others are pages of its level.
      for (unsigned level = 1; level <= sizes; ++level) {
        const Path page = path_to(0, level, path.context.controls);
        if (n != 0 || level == 1) set(table(level) + 8 * n, granting(page, level) | pte::G.make(global()));
      }
      continue;
    }
    // Blocks of one hint a table; frames of a block are in order.
    for (u64 hint = 0; hint < 4; ++hint) {
      const u64 block = n >> (3 * hint);
      const u64 e = alpha::V.mask() | 0xff00 | hint << alpha::GH.lsb | alpha::ASM.make(block % 3 == 0) | n << 32;
      set(kBlocks + hint * 0x4000 + 8 * n, e);
    }
    set(table(2) + 8 * n, points_to(granting(path, 2), kBlocks + n % 4 * 0x4000));
  }
  invalidate(inv::ALL);
  arch::Request request;
  for (unsigned n = 0; n < kFills; ++n) {
    const auto size = static_cast<unsigned>(random_.below(sizes));
    if (x86_) {
      request.va = random_.between(1, entries - 1) << (f.page_shift + f.index_bits * size);
    } else {
      const u64 slot = random_.below(entries / 4) * 4 + size;
      request.va = slot << (f.page_shift + f.index_bits) | random_.below(entries) << f.page_shift;
    }
    request.op = random_.one_in(2) ? arch::Op::read : arch::Op::fetch;
    translate(path.context, request);
  }
  for (unsigned size = 0; size < sizes; ++size) {
    for (const bool fetch : {false, true}) {
      Path one = draw_path(x86_ ? size + 1 : 1, path.context.controls);
      build(one);
      const u64 leaf = entry_at(one, one.leaf);
      if (!x86_) set(leaf, entry(leaf) | alpha::GH.make(size));
      same_place(one, leaf, fetch);
    }
  }
}

}  // namespace kilburn::tb
