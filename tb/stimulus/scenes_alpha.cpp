// SPDX-License-Identifier: Apache-2.0
//
// Every Alpha entry that decides, leaf and table, for every mode and access, found by walks that begin at every level;
// the same leaves filled by software; what the address alone decides.
#include "model/arch/layout.h"
#include "tb/stimulus/scenes.h"

namespace kilburn::tb {

using arch::u32;
using arch::u64;
namespace alpha = arch::layout::AlphaPte;
namespace ctl = arch::layout::Controls;
namespace feature = arch::layout::Feature;
namespace inv = arch::layout::Inv;

namespace {
constexpr u64 bit(unsigned n) { return u64{1} << n; }
constexpr u64 kOutside = bit(25);  // of an address: past the memory
}  // namespace

// `image`: V, FOR, FOW, FOE, and the enable that the access needs; the other enables are random.
void ScenesTest::leaf_alpha(u64 image, u64 hint, arch::Request request, unsigned warm) {
  const Path path = draw_path(1, 0);
  request.va = path.va;
  build(path);
  const unsigned which = lockstep_.settings().vms ? static_cast<unsigned>(request.mode)
                                                  : static_cast<unsigned>(request.mode != arch::Mode::kernel);
  const unsigned enable = (request.op == arch::Op::write ? alpha::KWE.lsb : alpha::KRE.lsb) + which;
  u64 e = entry(entry_at(path, 1)) & ~u64{0xff7f};
  e |= (image & 0xf) | hint << alpha::GH.lsb | alpha::ASM.make(random_.below(2)) |
       ((random_.below(256) << 8) & ~bit(enable)) | (image >> 4) << enable;
  invalidate(inv::ALL);
  warm_up(path, warm);
  set(entry_at(path, 1), e);
  judged(path.context, request, warm);
  // The same by software, and the access again: the L1 TLB alone answers.
  if (warm != 0 || !has(feature::REFILL) || (image & 1) == 0) return;
  arch::Context refill = path.context;
  refill.controls |= static_cast<u32>(ctl::REFILL.mask());
  invalidate(inv::ALL);
  translate(refill, request);
  invalidate(request.op == arch::Op::fetch ? inv::FILL_I : inv::FILL_D, path.va, path.context.asid, e);
  translate(refill, request);
}

// `image`: V and KRE of the entry at that level.
void ScenesTest::table_alpha(unsigned level, u64 image, arch::Request request, unsigned warm) {
  const Path path = draw_path(1, 0);
  request.va = path.va;
  build(path);
  invalidate(inv::ALL);
  warm_up(path, warm);
  const u64 pa = entry_at(path, level);
  set(pa, (entry(pa) & ~(alpha::V.mask() | alpha::KRE.mask())) | (image & 1) | alpha::KRE.make(image >> 1));
  // A leaf that the structure cache leads to refuses; a walk from the root, if there is one, comes to this entry.
  if (warm != 0 && level >= warm) set(entry_at(path, 1), 0);
  judged(path.context, request, warm);
}

// Superpages of every chip, on and off; the sign; translation off.
void ScenesTest::addresses_alpha(arch::Request request) {
  static constexpr u64 kMatches[][2] = {{2, 46}, {0x7e, 41}, {0x3fffe, 30}};
  const Path path = draw_path(1, 0);
  arch::Context context = path.context;
  for (u64 enables = 0; enables < 8; enables += 7) {
    context.controls = static_cast<u32>(ctl::SPE.make(enables));
    for (const auto& match : kMatches) {
      request.va =
          ~(bit(48) - 1) | match[0] << match[1] | (random_.word() & (bit(static_cast<unsigned>(match[1])) - 1));
      request.va &= ~u64{7};
      // Translated, where it is no superpage of this chip: nothing is mapped there.
      for (unsigned level = path.levels; level >= 1; --level) set(entry_at(path, level, request.va), 0);
      judged(context, request);
    }
  }
  request.va = path.va ^ bit(62);
  judged(context, request);
  if (!has(feature::PHYS)) return;
  context.controls = static_cast<u32>(ctl::PHYS.mask());
  judged(context, request);
}

void ScenesTest::rules_alpha() {
  const unsigned levels = arch::info(config_.format).levels;
  const auto each_access = [&](auto&& play) {
    for (unsigned mode = 0; mode < 4; ++mode) {
      for (unsigned op = 0; op < 3; ++op) {
        arch::Request request;
        request.op = static_cast<arch::Op>(op);
        request.mode = static_cast<arch::Mode>(mode);
        play(request);
        ++result_.scenes;
      }
    }
  };
  const auto tables_outside = [&](const arch::Request& request, unsigned level, unsigned warm) {
    Path path = draw_path(1, 0);
    arch::Request r = request;
    r.va = path.va;
    build(path);
    invalidate(inv::ALL);
    if (level == levels) {
      warm_up(path, warm);
      path.context.root |= kOutside;
      if (warm != 0) set(entry_at(path, 1), 0);  // refused from the structure cache, then not even a table
    } else {
      const u64 pa = entry_at(path, level + 1);
      if (warm > level + 1) warm_up(path, warm);
      set(pa, points_to(entry(pa), table(level) | kOutside));
      if (warm == level + 1) warm_up(path, warm);
    }
    judged(path.context, r, warm);
  };
  for (const bool vms : {false, true}) {
    arch::Settings settings;
    settings.vms = vms;
    settings.chip = arch::Chip::ev6;
    if (settings.chip == arch::own_chip(config_.format)) settings.chip.reset();
    restart(settings);
    each_access([&](const arch::Request& request) {
      for (u64 image = 0; image < 32; ++image) {
        for (u64 hint = 0; hint < 4; ++hint) leaf_alpha(image, hint, request, 0);
        for (unsigned warm = 2; warm <= levels; ++warm) leaf_alpha(image, 0, request, warm);
      }
      for (unsigned level = 2; level <= levels; ++level) {
        for (u64 image = 0; image < 4; ++image) {
          table_alpha(level, image, request, 0);
          for (unsigned warm = 2; warm <= levels; ++warm) table_alpha(level, image, request, warm);
        }
      }
      for (unsigned level = 1; level <= levels; ++level) {
        tables_outside(request, level, 0);
        for (unsigned warm = level == levels ? 2 : level + 1; warm <= levels; ++warm) {
          tables_outside(request, level, warm);
        }
      }
      addresses_alpha(request);
    });
  }
  restart({});
}

}  // namespace kilburn::tb
