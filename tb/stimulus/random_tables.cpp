// SPDX-License-Identifier: Apache-2.0
//
// Entries by format. Probabilities are chosen so that most walks succeed and every fault is met
// thousands of times in a million requests. Bits are set without branches, which no processor could predict.
#include "tb/stimulus/random_tables.h"

#include <algorithm>

#include "model/arch/layout.h"

namespace kilburn::tb {

using arch::u64;

namespace {
constexpr u64 kPoolBase = 0x100000;
constexpr unsigned kIndicesInUse = 6;
constexpr unsigned kTablesPerLevel[] = {10, 5, 4};  // levels 1 to 3; the levels that can be the top have one a space

constexpr u64 bit(unsigned n) { return u64{1} << n; }
}  // namespace

RandomTables::RandomTables(os::PhysMem& memory, arch::Format format, unsigned spaces, Random& random)
    : memory_(memory),
      base_(arch::info(format)),
      info_(arch::widest_info(format)),
      random_(random),
      levels_(info_.levels) {
  u64 frame = kPoolBase;
  const u64 table_bytes = u64{1} << info_.page_shift;
  for (unsigned level = 1; level <= info_.levels; ++level) {
    const unsigned count = level >= base_.levels ? spaces : kTablesPerLevel[level - 1];
    for (unsigned n = 0; n < count; ++n, frame += table_bytes) levels_[level - 1].push_back(frame);
  }
  // The indices include 0, the last one and both sides of the sign change.
  const u64 last = bit(info_.index_bits) - 1;
  indices_ = {0, last, last / 2, last / 2 + 1};
  while (indices_.size() < kIndicesInUse) indices_.push_back(random_.below(last));
  for (unsigned level = 1; level <= info_.levels; ++level) {
    for (u64 table : levels_[level - 1]) {
      for (u64 index = 0; index <= last; ++index) memory_.store64(table + 8 * index, entry(level));
    }
  }
}

u64 RandomTables::small_index() {
  return random_.one_in(64) ? random_.below(bit(info_.index_bits)) : random_.pick(indices_);
}

// An address of a superpage region of some chip (table of superpages in rtl/README.md), bits below the match random.
u64 RandomTables::superpage_address() {
  struct Region {
    u64 match;
    unsigned low;  // bits below the match
  };
  static constexpr Region kRegions[] = {{2, 46}, {0x7e, 41}, {0x3fffe, 30}};
  const Region region = kRegions[random_.below(3)];
  const u64 va = region.match << region.low | (random_.word() & (bit(region.low) - 1));
  return va | ~(bit(48) - 1);  // every match has the sign bit set
}

u64 RandomTables::address(bool la57) {
  const arch::FormatInfo& info = la57 ? info_ : base_;
  if (!info_.hardware_ad && random_.one_in(24)) return superpage_address();
  u64 va = 0;
  for (unsigned level = info.levels; level >= 1; --level) va = va << info_.index_bits | small_index();
  va = va << info_.page_shift | random_.below(bit(info_.page_shift));
  const unsigned top = info.va_bits - 1;
  if (va & bit(top)) va |= ~(bit(top + 1) - 1);
  if (random_.one_in(128)) va ^= bit(static_cast<unsigned>(random_.between(top, 63)));  // breaks the sign
  return va;
}

u64 RandomTables::x86_entry(unsigned level) {
  using namespace arch;
  u64 e = 0;
  const auto one_in = [&](u64 n, unsigned place) { e |= u64{random_.one_in(n)} << place; };
  const auto all_but_one_in = [&](u64 n, unsigned place) { e |= u64{!random_.one_in(n)} << place; };
  const bool large = (level == 2 && random_.one_in(4)) || (level == 3 && random_.one_in(settings_.page_1g ? 8 : 60));
  const bool leaf = level == 1 || large;
  all_but_one_in(30, 0);                                        // P
  all_but_one_in(leaf ? 5 : 30, 1);                             // RW
  all_but_one_in(leaf ? 5 : 30, 2);                             // US
  e |= random_.below(4) << 3;                                   // PWT, PCD
  one_in(2, 5);                                                 // A
  one_in(2, 6);                                                 // D
  if (large) e |= bit(7);                                       // PS
  if (level == 1) one_in(2, 7);                                 // PAT
  one_in(leaf ? 6 : 2, 8);                                      // G; ignored above the leaf
  e |= random_.below(8) << 9;                                   // ignored
  one_in(leaf ? 6 : 40, 63);                                    // NX
  if (random_.one_in(8)) e |= random_.below(0x80) << 52;        // ignored
  if (leaf || random_.one_in(8)) e |= random_.below(16) << 59;  // key; ignored above the leaf
  if (leaf) {
    const unsigned shift = level == 1 ? 12 : level == 2 ? 21 : 30;
    e |= (random_.word() & (bit(settings_.pa_width) - 1)) >> shift << shift;
    if (large && random_.one_in(2)) e |= bit(12);                                                      // PAT
    if (large && random_.one_in(40)) e |= bit(static_cast<unsigned>(random_.between(13, shift - 1)));  // reserved
  } else {
    e |= random_.pick(levels_[level - 2]);
    if (random_.one_in(200))
      e |= bit(static_cast<unsigned>(
          random_.between(25, settings_.pa_width - 1u)));  // a table outside the memory: bus error
    if (level >= 4 && random_.one_in(100)) e |= bit(7);
    if (level >= 4 && settings_.amd && !random_.one_in(50)) e &= ~bit(8);
  }
  if (settings_.pa_width < 52 && random_.one_in(80)) {
    e |= bit(static_cast<unsigned>(random_.between(settings_.pa_width, 51)));  // above MAXPHYADDR
  }
  return e;
}

u64 RandomTables::alpha_entry(unsigned level) {
  u64 e = random_.below(bit(16)) & 0xcc80;  // bits that OSF does not define, enables of the VMS layout
  const auto one_in = [&](u64 n, unsigned place) { e |= u64{random_.one_in(n)} << place; };
  e |= u64{!random_.one_in(20)};                             // V
  for (unsigned n = 1; n <= 3; ++n) one_in(10, n);           // FOR FOW FOE
  one_in(6, 4);                                              // ASM
  const unsigned enables = settings_.vms ? 0xff00 : 0x3300;  // OSF has KRE URE KWE UWE only
  e &= ~u64{enables};
  for (unsigned n = 8; n < 16; ++n) {
    if (enables >> n & 1) e |= u64{!random_.one_in(6)} << n;
  }
  e |= random_.below(bit(16)) << 16;  // software
  if (level == 1) {
    const u64 hint = random_.one_in(3) ? random_.between(1, 3) : 0;
    e |= hint << 5 | (random_.word() & 0xffffffff) << 32;
  } else {
    e |= random_.below(4) << 5;  // ignored above the last level
    u64 frame = random_.pick(levels_[level - 2]) >> info_.page_shift;
    if (random_.one_in(200)) frame |= bit(25);  // a table outside the memory: bus error
    e |= frame << 32;
  }
  return e;
}

u64 RandomTables::entry(unsigned level) { return info_.hardware_ad ? x86_entry(level) : alpha_entry(level); }

RandomTables::Edit RandomTables::change(u64 pa, unsigned level) {
  u64 value = memory_.load64(pa);
  if (random_.one_in(2)) {
    value = entry(level);
  } else {
    value ^= bit(static_cast<unsigned>(random_.below(16)));  // one of the bits that decide
    if (random_.one_in(8)) value ^= bit(63);
  }
  memory_.store64(pa, value);
  return {pa, value};
}

RandomTables::Edit RandomTables::edit() {
  const auto level = static_cast<unsigned>(random_.between(1, info_.levels));
  return change(random_.pick(levels_[level - 1]) + 8 * small_index(), level);
}

RandomTables::Edit RandomTables::edit_at(u64 pa) {
  const u64 frame = pa >> info_.page_shift << info_.page_shift;
  for (unsigned level = 1; level <= info_.levels; ++level) {
    const auto& frames = levels_[level - 1];
    if (std::find(frames.begin(), frames.end(), frame) != frames.end()) return change(pa, level);
  }
  return edit();
}

arch::Outcome RandomTables::walk(const arch::Context& context, const arch::Request& request) const {
  return arch::walk(base_.format, settings_, context, request, [&](u64 pa) -> std::optional<u64> {
    if (pa + 8 > kMemoryBytes) return std::nullopt;
    return memory_.load64(pa);
  });
}

}  // namespace kilburn::tb
