// SPDX-License-Identifier: Apache-2.0
//
// The named profiles, and the draw of a nameless one.
#include "tb/dut/models/wild_config.h"

#include <algorithm>

namespace kilburn::tb::wild {
namespace {

enum Index : unsigned {
  kWild,
  kNoTlb,
  kOne,
  kHuge,
  kSector,
  kNoPsc,
  kPhysical,
  kPrefetching,
  kSpeculative,
  kSpurious,
  kEarlyA,
  kFracture,
};

constexpr Profile kProfiles[] = {
    {"wild", "a legal MMU drawn from the seed"},
    {"wild-notlb", "holds no translation, only table entries"},
    {"wild-one", "one TLB entry a side"},
    {"wild-huge", "4096 TLB entries a side that are kept as long as they may"},
    {"wild-sector", "eight neighbouring pages an entry"},
    {"wild-nopsc", "holds no table entries"},
    {"wild-pwc", "walk cache tagged by physical address"},
    {"wild-prefetch", "walks for pages nearby"},
    {"wild-speculative", "walks for addresses that nobody asked for"},
    {"wild-spurious", "faults from stale entries, within the law"},
    {"wild-early-a", "sets A before rights are looked at"},
    {"wild-fracture", "holds large pages as pieces"},
};

WildConfig draw(Random& random) {
  WildConfig c;
  static constexpr unsigned kSizes[] = {0, 1, 2, 4, 16, 64, 512, 2048};
  for (unsigned& n : c.entries) n = kSizes[random.below(8)];
  c.sector_log2 = random.one_in(3) ? static_cast<unsigned>(random.between(1, 3)) : 0;
  c.pieces = random.one_in(3);
  c.several = random.one_in(2);
  c.control_tags = random.one_in(2);
  static constexpr unsigned kTables[] = {0, 1, 4, 16, 64};
  c.psc_entries = kTables[random.below(5)];
  c.pwc_entries = random.one_in(2) ? kTables[random.below(5)] : 0;
  c.pwc_shared = random.one_in(2);
  c.misses = static_cast<unsigned>(random.between(1, 8));
  c.walkers = static_cast<unsigned>(random.between(1, 8));
  c.pause = random.one_in(2) ? static_cast<unsigned>(random.below(64)) : 0;
  c.delay = random.one_in(2) ? static_cast<unsigned>(random.below(16)) : 0;
  c.confirm = random.one_in(2);
  c.from_entry = random.one_in(2);
  c.early_a = random.one_in(2);
  const auto rate = [&](unsigned low, unsigned high) {
    return random.one_in(2) ? 0U : 1U << random.between(low, high);
  };
  c.prefetch_one_in = rate(0, 6);
  c.speculate_one_in = rate(4, 10);
  c.drop_one_in = rate(4, 12);
  c.rewalk_one_in = rate(1, 8);
  c.stall_one_in = rate(4, 10);
  c.acknowledge = random.one_in(2) ? static_cast<unsigned>(random.below(64)) : 0;
  c.excess_one_in = rate(0, 6);
  return c;
}

}  // namespace

std::span<const Profile> profiles() { return kProfiles; }

WildConfig make_config(unsigned index, Random& random) {
  if (index == kWild) return draw(random);
  WildConfig c;
  c.several = true;
  c.pause = 4;
  c.acknowledge = 12;
  switch (index) {
    case kNoTlb:
      c.entries[0] = c.entries[1] = 0;
      c.early_a = true;
      break;
    case kOne:
      c.entries[0] = c.entries[1] = 1;
      c.pause = 20;
      break;
    case kHuge:
      c.entries[0] = c.entries[1] = 4096;
      c.psc_entries = 64;
      c.misses = c.walkers = 8;
      c.pause = 0;
      break;
    case kSector:
      c.sector_log2 = 3;
      c.several = false;
      break;
    case kNoPsc:
      c.psc_entries = 0;
      c.rewalk_one_in = 16;
      break;
    case kPhysical:
      c.psc_entries = 0;
      c.pwc_entries = 32;
      c.pwc_shared = true;
      break;
    case kPrefetching:
      c.prefetch_one_in = 1;
      break;
    case kSpeculative:
      c.speculate_one_in = 16;
      c.entries[0] = c.entries[1] = 256;
      break;
    case kSpurious:
      c.from_entry = true;
      c.confirm = false;
      c.entries[0] = c.entries[1] = 512;
      c.psc_entries = 32;
      c.speculate_one_in = 64;
      break;
    case kEarlyA:
      c.early_a = true;
      c.speculate_one_in = 32;
      break;
    case kFracture:
      c.pieces = true;
      c.entries[0] = c.entries[1] = 512;
      c.drop_one_in = 64;
      break;
    default:
      break;
  }
  return c;
}

void add_needs(WildConfig& c, unsigned needs) {
  if ((needs & kTlb) != 0) {
    for (unsigned& n : c.entries) n = std::max(n, 64U);
  }
  if ((needs & kPsc) != 0) c.psc_entries = std::max(c.psc_entries, 16U);
  if ((needs & kPwc) != 0) c.pwc_entries = std::max(c.pwc_entries, 32U);
  if ((needs & kSectors) != 0) c.sector_log2 = std::max(c.sector_log2, 2U);
  if ((needs & kPieces) != 0) c.pieces = true;
  if ((needs & kSpeculation) != 0) c.prefetch_one_in = 1;
  if ((needs & kFromEntry) != 0) {
    c.from_entry = true;
    c.confirm = false;
  }
  if ((needs & kSeveral) != 0) c.several = true;
}

}  // namespace kilburn::tb::wild
