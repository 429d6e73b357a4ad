// SPDX-License-Identifier: Apache-2.0
//
// Every maintenance operation meets every page size in every structure: the page itself, another part of it, a global
// one, one of another address space, only the way to it, nothing.
#include "model/arch/layout.h"
#include "tb/stimulus/scenes.h"

namespace kilburn::tb {

using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;
namespace alpha = arch::layout::AlphaPte;
namespace ctl = arch::layout::Controls;
namespace inv = arch::layout::Inv;
namespace pte = arch::layout::X86Pte;

namespace {
constexpr u64 bit(unsigned n) { return u64{1} << n; }
enum Relation : unsigned { kExact, kOtherPart, kGlobal, kOtherSpace, kOnlyTheWay, kNothing, kRelations };
}  // namespace

void ScenesTest::target(unsigned leaf, u64 hint, u8 operation, unsigned relation) {
  const Path path = draw_path(leaf, x86_ ? static_cast<u32>(ctl::NXE.mask() | ctl::PGE.mask()) : 0);
  build(path);
  const u64 pa = entry_at(path, leaf);
  u64 e = entry(pa);
  if (!x86_) e |= alpha::GH.make(hint);
  if (relation == kGlobal) e |= x86_ ? pte::G.mask() : alpha::ASM.mask();
  set(pa, e);
  const unsigned smallest = info(path).page_shift;
  const unsigned page = static_cast<unsigned>(x86_ ? 12 + 9 * (leaf - 1) : smallest + 3 * hint);
  invalidate(inv::ALL);
  arch::Request request;
  request.va = path.va;
  if (relation == kOnlyTheWay) {
    warm_up(path, leaf + 1);
  } else if (relation != kNothing) {
    // By both sides: three TLBs hold it.
    translate(path.context, request);
    request.op = arch::Op::fetch;
    translate(path.context, request);
  }
  u64 va = path.va & ~(bit(page) - 1);
  if (relation == kOtherPart && page > smallest) va += random_.between(1, bit(page - smallest) - 1) << smallest;
  const u16 space = relation == kOtherSpace ? static_cast<u16>(path.context.asid + 1) : path.context.asid;
  invalidate(operation, va, space);
  ++result_.scenes;
}

void ScenesTest::targets() {
  for (u8 operation = inv::ALL; operation <= inv::PAGE_D; ++operation) {
    for (unsigned relation = 0; relation < kRelations; ++relation) {
      if (!x86_) {
        for (u64 hint = 0; hint < 4; ++hint) target(1, hint, operation, relation);
        continue;
      }
      for (unsigned leaf = 1; leaf <= (lockstep_.settings().page_1g ? 3u : 2u); ++leaf) {
        target(leaf, 0, operation, relation);
      }
    }
  }
}

}  // namespace kilburn::tb
