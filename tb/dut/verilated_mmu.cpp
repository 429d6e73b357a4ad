// SPDX-License-Identifier: Apache-2.0
//
// Adapter of rtl/mmu.sv to the contract of dut.h: the view of its structures and its seeded bugs.
//
// One library a format and set of parameters: they come as KILBURN_DUT_PARAM_* (tb/dut/KilburnDut.cmake).

#include <cstring>

#include "tb/dut/verilated_adapter.h"

#ifdef KILBURN_DUT_BUGS
#include KILBURN_DUT_BUGS  // kBugs: what each seeded bug is; the n-th has number n in the RTL
#endif

namespace {

using Dut = kilburn::tb::VerilatedAdapter<KILBURN_DUT_MODEL, kilburn::tb::Edges::rising_only>;

constexpr std::uint32_t kFormat = KILBURN_DUT_PARAM_Format;
constexpr bool kX86 = kFormat == 0;
constexpr bool kAlpha = kFormat == 1;
constexpr std::uint32_t kPageShift = kAlpha ? 13 : 12;
[[maybe_unused]] constexpr bool kL2 = KILBURN_DUT_PARAM_L2Sets != 0;

// The configuration where nobody drives the pins (layout.def Config): x86-64 with MAXPHYADDR 40 and 1 GB pages,
// or the chip that the Alpha format is named after.
constexpr std::uint32_t kChipEv5 = 1, kChipEv6 = 2;
constexpr std::uint32_t kConfig = kX86 ? 40u | 1u << 6 : (kAlpha ? kChipEv5 : kChipEv6) << 9;
// layout.def Feature: LA57, PKU, PKS, IMPLICIT and PHYS; REFILL and PHYS.
constexpr std::uint32_t kFeatures = kX86 ? 0b101111u : 0b110000u;

Dut& dut(void* self) { return *static_cast<Dut*>(self); }

// The stored form of an entry: tlb_entry_pkg.sv.
constexpr unsigned kKeyBits = 57, kVpnBits = 45, kDataBits = 62, kClassBit = 19, kGlobalBit = 21;

void translate_entry(std::uint64_t key, std::uint64_t data, kilburn_tlb_entry& entry) {
  const auto size_class = static_cast<std::uint32_t>(data >> kClassBit) & 3u;
  entry.valid = 1;
  entry.va = (key & ((1ull << kVpnBits) - 1)) << kPageShift;
  entry.asid = static_cast<std::uint16_t>(key >> kVpnBits);
  entry.pa = (data >> 22 & 0xffffffffffull) << 12;
  entry.rights = static_cast<std::uint16_t>(data);
  entry.mt = static_cast<std::uint8_t>(data >> 16 & 7u);
  entry.size = static_cast<std::uint8_t>(kPageShift + (kX86 ? 9u : 3u) * size_class);
  entry.global = static_cast<std::uint8_t>(data >> kGlobalBit & 1u);
}

// Bits of a packed vector of any width.
template <std::size_t Words>
std::uint64_t bits(const VlWide<Words>& vector, std::size_t from, unsigned count) {
  std::uint64_t value = 0;
  for (unsigned n = 0; n < count; ++n) {
    value |= static_cast<std::uint64_t>(vector[(from + n) / 32] >> (from + n) % 32 & 1u) << n;
  }
  return value;
}
template <class Integer>
std::uint64_t bits(Integer vector, std::size_t from, unsigned count) {
  return static_cast<std::uint64_t>(vector) >> from & ((1ull << count) - 1);
}

// Entry `index` of a structure, or of a part of it: false if the part has fewer, which are taken off `index`.
template <class Valid, class Keys, class Data>
bool l1_entry(const Valid& valid, const Keys& keys, const Data& data, std::uint32_t index, kilburn_tlb_entry& entry) {
  if (bits(valid, index, 1) != 0) translate_entry(keys[index], data[index], entry);
  return true;
}

#if KILBURN_DUT_PARAM_L2Sets != 0
// l2_bank.sv: {key, data without the class} of each way.
template <class Valid, class Rows>
bool l2_entry(const Valid& valid, const Rows& rows, std::uint32_t size_class, std::uint32_t& index,
              kilburn_tlb_entry& entry) {
  constexpr std::uint32_t kWays = KILBURN_DUT_PARAM_L2Ways;
  constexpr unsigned kStored = kDataBits - 2;
  const std::uint32_t sets = size_class == 0 ? KILBURN_DUT_PARAM_L2Sets : KILBURN_DUT_PARAM_L2LargeSets;
  if (index >= sets * kWays) {
    index -= sets * kWays;
    return false;
  }
  if (bits(valid, index, 1) != 0) {
    const std::size_t way = std::size_t{index % kWays} * (kKeyBits + kStored);
    const std::uint64_t stored = bits(rows[index / kWays], way, kStored);
    const std::uint64_t low = stored & ((1ull << kClassBit) - 1);
    translate_entry(bits(rows[index / kWays], way + kStored, kKeyBits),
                    low | std::uint64_t{size_class} << kClassBit | (stored >> kClassBit) << kGlobalBit, entry);
  }
  return true;
}
#endif

// psc.sv: {ASID, prefix}, table, NX U W.
template <class Valid, class Keys, class Tables, class Rights>
[[maybe_unused]] bool psc_entry(const Valid& valid, const Keys& keys, const Tables& tables, const Rights& rights,
                                unsigned level, std::uint32_t entries, std::uint32_t& index, kilburn_tlb_entry& entry) {
  if (index >= entries) {
    index -= entries;
    return false;
  }
  constexpr unsigned kVaBits = kX86 ? 57 : kAlpha ? 43 : 48;
  const unsigned span = kPageShift + (kAlpha ? 10u : 9u) * (level - 1);
  if (bits(valid, index, 1) != 0) {
    const std::uint64_t key = keys[index];
    entry.valid = 1;
    entry.va = (key & ((1ull << (kVaBits - span)) - 1)) << span;
    entry.asid = static_cast<std::uint16_t>(key >> (kVaBits - span));
    entry.pa = static_cast<std::uint64_t>(tables[index]) << 12;
    entry.size = static_cast<std::uint8_t>(span);
    if (kX86) entry.rights = static_cast<std::uint16_t>(rights[index]);
  }
  return true;
}

// Names that Verilator gives to what is inside generate blocks
#define KILBURN_L1(side, member) root->mmu__DOT__u_##side##_side__DOT__##member
#define KILBURN_L2(bank, member) \
  root->mmu__DOT__gen_l2__DOT__u_l2_tlb__DOT__gen_bank__BRA__##bank##__KET____DOT__u_bank__DOT__##member
#define KILBURN_PSC(level, member) \
  root->mmu__DOT__u_ptw__DOT__gen_psc__BRA__##level##__KET____DOT__gen_there__DOT__u_psc__DOT__##member
#define KILBURN_PSC_ENTRY(level)                                                                 \
  psc_entry(KILBURN_PSC(level, valid_q), KILBURN_PSC(level, key_q), KILBURN_PSC(level, table_q), \
            KILBURN_PSC(level, rights_q), level, KILBURN_DUT_PARAM_Psc##level##Entries, index, *entry)

int probe(void* self, int structure, std::uint32_t index, kilburn_tlb_entry* entry) {
  auto* root = dut(self).pins().rootp;
  bool found = false;
  std::memset(entry, 0, sizeof *entry);
  switch (structure) {
    case 0:
      found = index < KILBURN_DUT_PARAM_IEntries &&
              l1_entry(KILBURN_L1(i, valid_q), KILBURN_L1(i, key), KILBURN_L1(i, data), index, *entry);
      break;
    case 1:
      found = index < KILBURN_DUT_PARAM_DEntries &&
              l1_entry(KILBURN_L1(d, valid_q), KILBURN_L1(d, key), KILBURN_L1(d, data), index, *entry);
      break;
    case 2:
#if KILBURN_DUT_PARAM_L2Sets != 0
      found = l2_entry(KILBURN_L2(0, valid_q), KILBURN_L2(0, mem), 0, index, *entry) ||
              l2_entry(KILBURN_L2(1, valid_q), KILBURN_L2(1, mem), 1, index, *entry) ||
              l2_entry(KILBURN_L2(2, valid_q), KILBURN_L2(2, mem), 2, index, *entry);
#if KILBURN_DUT_PARAM_Format != 0
      found = found || l2_entry(KILBURN_L2(3, valid_q), KILBURN_L2(3, mem), 3, index, *entry);
#endif
#endif
      break;
    case 3:
#if KILBURN_DUT_PARAM_Psc2Entries != 0
      found = KILBURN_PSC_ENTRY(2);
#endif
#if KILBURN_DUT_PARAM_Psc3Entries != 0
      found = found || KILBURN_PSC_ENTRY(3);
#endif
#if KILBURN_DUT_PARAM_Psc4Entries != 0 && KILBURN_DUT_PARAM_Format != 1
      found = found || KILBURN_PSC_ENTRY(4);
#endif
#if KILBURN_DUT_PARAM_Psc5Entries != 0 && KILBURN_DUT_PARAM_Format == 0
      found = found || KILBURN_PSC_ENTRY(5);
#endif
      break;
    default:
      break;
  }
  return found ? 0 : -1;
}

#ifdef KILBURN_DUT_BUGS
int set_bug(void* self, const char* id) {
  auto& selected = dut(self).pins().__PVT__mmu_bug_pkg->selected;
  if (*id == '\0') {
    selected = 0;
    return 0;
  }
  const std::size_t length = std::strlen(id);
  for (IData number = 1; kBugs[number - 1] != nullptr; ++number) {
    const char* bug = kBugs[number - 1];
    if (std::strncmp(bug, id, length) == 0 && bug[length] == '\t') {
      selected = number;
      return 0;
    }
  }
  return -1;
}
#endif

constexpr kilburn_dut_api make_api() {
  kilburn_dut_api api = kilburn::tb::adapter_api<Dut>();
  api.name = KILBURN_DUT_NAME;
  api.description = KILBURN_DUT_DESCRIPTION;
  api.config.format = kFormat;
  api.config.cfg = kConfig;
  api.config.cfg_pins = 1;
  api.config.features = kFeatures;
  api.config.exact = 1;
  api.config.i_entries = KILBURN_DUT_PARAM_IEntries;
  api.config.d_entries = KILBURN_DUT_PARAM_DEntries;
  api.config.i_misses = KILBURN_DUT_PARAM_IMisses;
  api.config.d_misses = KILBURN_DUT_PARAM_DMisses;
  api.config.l2_sets = KILBURN_DUT_PARAM_L2Sets;
  if (kL2) {
    api.config.l2_large_sets = KILBURN_DUT_PARAM_L2LargeSets;
    api.config.l2_ways = KILBURN_DUT_PARAM_L2Ways;
    api.config.prefetch = KILBURN_DUT_PARAM_Prefetch;
  }
  api.config.psc_entries[0] = KILBURN_DUT_PARAM_Psc2Entries;
  api.config.psc_entries[1] = KILBURN_DUT_PARAM_Psc3Entries;
  if (!kAlpha) api.config.psc_entries[2] = KILBURN_DUT_PARAM_Psc4Entries;
  if (kX86) api.config.psc_entries[3] = KILBURN_DUT_PARAM_Psc5Entries;
  api.config.walkers = KILBURN_DUT_PARAM_Walkers;
  api.config.policy = KILBURN_DUT_PARAM_Policy;
  api.config.rewalk = KILBURN_DUT_PARAM_Rewalk;
  api.probe = probe;
#ifdef KILBURN_DUT_BUGS
  api.bugs = kBugs;
  api.set_bug = set_bug;
#endif
  return api;
}

constexpr kilburn_dut_api kApi = make_api();

}  // namespace

extern "C" __attribute__((visibility("default"))) const kilburn_dut_api* kilburn_dut(void) { return &kApi; }
