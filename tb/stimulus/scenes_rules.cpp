// SPDX-License-Identifier: Apache-2.0
//
// Every rule of x86-64 decides an access: under every setting of the controls, for every kind of access and page, and
// found by walks that begin at every level.
#include "model/arch/layout.h"
#include "tb/stimulus/scenes.h"

namespace kilburn::tb {

using arch::u32;
using arch::u64;
using arch::u8;
namespace ctl = arch::layout::Controls;
namespace feature = arch::layout::Feature;
namespace inv = arch::layout::Inv;
namespace pte = arch::layout::X86Pte;

namespace {

constexpr u64 bit(unsigned n) { return u64{1} << n; }
constexpr u64 kOutside = bit(25);  // of an address: past the memory

enum Rule : unsigned {
  kTranslated,
  kDirect,
  kCanonical,
  kAbsent,   // this and the next six are of a level
  kAddress,  // reserved bits
  kXdReserved,
  kPs,
  kFrame,
  kAmd,
  kBus,
  kUserPage,
  kUserWrite,
  kUserXd,
  kSupervisorXd,
  kSmep,
  kSmap,
  kWp,
  kPkuAd,
  kPkuWd,
  kPksAd,
  kPksWd,
  kRules,
};

bool in_every_table(unsigned rule) {
  return rule == kAbsent || rule == kAddress || rule == kXdReserved || rule == kBus;
}
bool of_an_entry(unsigned rule) { return rule >= kAbsent && rule <= kBus; }
bool of_one_right(unsigned rule) { return (rule >= kUserPage && rule <= kSupervisorXd) || rule == kWp; }
bool about_users(unsigned rule) { return (rule >= kUserPage && rule <= kUserXd) || rule == kPkuAd || rule == kPkuWd; }

// The access that the rule is about.
arch::Request request_of(unsigned rule, bool ac) {
  arch::Request r;
  r.mode = about_users(rule) ? arch::Mode::user : arch::Mode::kernel;
  const bool fetch = rule == kUserXd || rule == kSupervisorXd || rule == kSmep;
  const bool write = rule == kUserWrite || rule == kWp || rule == kPkuWd || rule == kPksWd;
  r.op = fetch ? arch::Op::fetch : write ? arch::Op::write : arch::Op::read;
  r.ac = ac && !fetch;
  r.implicit = rule == kSmap && ac;  // AC excuses the others
  return r;
}

}  // namespace

// The one thing that decides.
void ScenesTest::spoil(Path& path, const RuleX86& s) {
  const u64 pa = entry_at(path, s.level);
  const u64 leaf = entry_at(path, path.leaf);
  const u64 e = entry(pa);
  const unsigned width = lockstep_.settings().pa_width;
  const u64 key = pte::PKEY.get(entry(leaf));
  const auto denied = [&](u32& rights, u32 which) { rights |= which << (2 * key); };
  switch (s.rule) {
    case kAbsent:
      return set(pa, e & ~pte::P.mask());
    case kAddress:
      return set(pa, width < 52 ? e | bit(static_cast<unsigned>(random_.between(width, 51))) : e);
    case kXdReserved:
    case kUserXd:
    case kSupervisorXd:
      return set(pa, e | pte::NX.mask());
    case kPs:
      return set(pa, (e | pte::PS.mask()) & (s.level == 3 ? ~(bit(30) - bit(13)) : ~u64{0}));
    case kFrame:
      return set(pa, e | bit(static_cast<unsigned>(random_.between(13, s.level == 2 ? 20 : 29))));
    case kAmd:
      return set(pa, e | pte::G.mask());
    case kBus:
      if (s.level == path.levels) {
        path.context.root |= kOutside;
      } else {
        set(entry_at(path, s.level + 1), entry(entry_at(path, s.level + 1)) | kOutside);
      }
      return;
    case kUserPage:
      return set(pa, e & ~pte::US.mask());
    case kUserWrite:
    case kWp:
      return set(pa, e & ~pte::RW.mask());
    case kPkuAd:
      return denied(path.context.pkru, random_.one_in(2) ? 1 : 3);
    case kPkuWd:
      return denied(path.context.pkru, 2);
    case kPksAd:
      return denied(path.context.pkrs, random_.one_in(2) ? 1 : 3);
    case kPksWd:
      return denied(path.context.pkrs, 2);
    default:
      return;
  }
}

void ScenesTest::rule_x86(RuleX86 s) {
  u64 controls = ctl::WP.make(s.protection & 1) | ctl::SMEP.make(s.protection >> 1 & 1) |
                 ctl::SMAP.make(s.protection >> 2 & 1) | ctl::NXE.make(s.protection >> 4 & 1) |
                 ctl::PKE.make((s.protection >> 5 & 1) & unsigned{has(feature::PKU)}) | ctl::PGE.make(random_.below(2));
  const bool deep = s.level == 5 || s.warm == 5;
  if (has(feature::LA57)) controls |= ctl::LA57.make(deep || random_.one_in(2));
  if (has(feature::PKS)) controls |= ctl::PKS.make(s.rule == kPksAd || s.rule == kPksWd || random_.one_in(2));
  if (deep && !has(feature::LA57)) return;
  if (s.fits) s.request = request_of(s.rule, s.protection >> 3 & 1);
  Path path = draw_path(s.leaf, static_cast<u32>(controls));
  s.request.va = path.va;
  build(path);
  // A key that denies nothing; a page that stands open to the access.
  const u64 leaf = entry_at(path, path.leaf);
  const u64 key = random_.below(16);
  const u32 others = ~(u32{3} << (2 * key));
  path.context.pkru = static_cast<u32>(random_.word()) & others;
  path.context.pkrs = static_cast<u32>(random_.word()) & others;
  const bool users = s.request.mode != arch::Mode::kernel && !s.request.implicit;
  const bool users_page = users || s.rule == kSmep || s.rule == kSmap || s.rule == kPkuAd || s.rule == kPkuWd;
  const u64 open = entry(leaf) & ~(pte::PKEY.mask() | pte::US.mask());
  set(leaf, open | pte::PKEY.make(key) | pte::US.make(users_page));
  invalidate(inv::ALL);
  // Rights of the levels above stand in a structure cache; all else is found below it.
  const bool before = of_one_right(s.rule) || (s.rule == kBus && s.level + 1 == s.warm);
  if (before) spoil(path, s);
  warm_up(path, s.warm);
  if (!before) spoil(path, s);
  if (s.warm != 0 && !before && of_an_entry(s.rule) && s.level + unsigned{s.rule == kBus} >= s.warm) {
    // A leaf that the structure cache leads to refuses; a walk from the root, if there is one, comes to this entry.
    if (s.level > path.leaf) set(leaf, 0);
  }
  if (s.rule == kDirect && has(feature::PHYS)) path.context.controls |= static_cast<u32>(ctl::PHYS.mask());
  if (s.rule == kCanonical) s.request.va ^= bit(63);
  judged(path.context, s.request, s.warm);
}

void ScenesTest::rules_x86() {
  const auto play = [&](unsigned rule, unsigned level, unsigned most_leaf) {
    RuleX86 s{rule, level, 1, 0, 0, true, {}};
    const bool below_a_table = in_every_table(rule) && level > 1;
    // Under every setting; a right is missing at this level alone.
    for (s.protection = 0; s.protection < 64; ++s.protection) {
      const auto largest = std::min(most_leaf, level);
      s.leaf = rule == kFrame ? level : rule == kPs ? 1 : static_cast<unsigned>(random_.between(1, largest));
      rule_x86(s);
    }
    // Whatever the access and the page, with every control on that the rule could need, and all of them off.
    s.fits = false;
    for (s.leaf = 1; s.leaf <= std::min(most_leaf, level); ++s.leaf) {
      if ((rule == kFrame && s.leaf != level) || (below_a_table && s.leaf != 1)) continue;
      for (unsigned access = 0; access < 8; ++access) {
        for (const unsigned protection : {0u, 0b010000u, 0b110111u, 0b111111u, 0b101111u, 0b110001u}) {
          s.protection = protection;
          s.request = {};
          s.request.op =
              access < 6 ? static_cast<arch::Op>(access % 3) : (access == 6 ? arch::Op::read : arch::Op::write);
          s.request.mode = access < 3 ? arch::Mode::kernel : arch::Mode::user;
          s.request.implicit = access >= 6 && has(feature::IMPLICIT);
          s.request.ac = s.request.op != arch::Op::fetch && (protection >> 3 & 1) != 0;
          rule_x86(s);
        }
      }
    }
    // From every structure cache.
    s.fits = true;
    s.leaf = rule == kFrame ? level : 1;
    for (s.warm = s.leaf + 1; s.warm <= 5; ++s.warm) {
      for (const unsigned protection : {0u, 0b010000u, 0b110111u, 0b100001u}) {
        s.protection = protection;
        rule_x86(s);
      }
    }
  };
  const auto rules = [&](bool rare) {
    const unsigned most_leaf = lockstep_.settings().page_1g ? 3 : 2;
    for (unsigned rule = 0; rule < kRules; ++rule) {
      const bool by_level = in_every_table(rule) || of_one_right(rule) || rule == kAmd || rule == kPs;
      for (unsigned level = 1; level <= 5; ++level) {
        if (rare != (rule == kAmd || (rule == kPs && level == 3))) continue;
        if ((rule == kAmd && level < 4) || (rule == kPs && level < 3)) continue;
        if (rule == kFrame ? level < 2 || level > most_leaf : !by_level && level > 1) continue;
        play(rule, by_level || rule == kFrame ? level : most_leaf, most_leaf);
        ++result_.scenes;
      }
    }
  };
  arch::Settings settings;
  settings.pa_width = static_cast<u8>(random_.between(32, 51));
  settings.page_1g = true;
  restart(settings);
  rules(false);
  settings.page_1g = false;
  settings.amd = true;
  restart(settings);
  rules(true);
  settings.page_1g = true;
  settings.amd = false;
  restart(settings);
}

}  // namespace kilburn::tb
