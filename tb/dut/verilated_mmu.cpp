// SPDX-License-Identifier: Apache-2.0
//
// Adapter of rtl/mmu.sv to the contract of dut.h: the view of its TLBs and its seeded bugs.
//
// One library a format and size: the parameters come as KILBURN_DUT_PARAM_* (tb/dut/KilburnDut.cmake).

#include <cstring>
#include <new>

#include "tb/dut/dut.h"
#include "tb/dut/verilated_dut.h"
#include "tb/dut/verilated_pins.h"

#ifdef KILBURN_DUT_BUGS
#include KILBURN_DUT_BUGS  // kBugs: what each seeded bug is; the n-th has number n in the RTL
#endif

namespace {

using Dut = kilburn::tb::VerilatedDut<KILBURN_DUT_MODEL>;

constexpr std::uint32_t kFormat = KILBURN_DUT_PARAM_Format;
constexpr bool kX86 = kFormat == 0;
constexpr bool kAlpha = kFormat == 1;
constexpr std::uint32_t kPageShift = kAlpha ? 13 : 12;

// The configuration where nobody drives the pins (layout.def Config): x86-64 with MAXPHYADDR 40 and 1 GB pages,
// or the chip that the Alpha format is named after.
constexpr std::uint32_t kChipEv5 = 1, kChipEv6 = 2;
constexpr std::uint32_t kConfig = kX86 ? 40u | 1u << 6 : (kAlpha ? kChipEv5 : kChipEv6) << 9;
// layout.def Feature: LA57, PKU, PKS, IMPLICIT and PHYS; REFILL and PHYS.
constexpr std::uint32_t kFeatures = kX86 ? 0b101111u : 0b110000u;

Dut& dut(void* self) { return *static_cast<Dut*>(self); }

void* create(std::uint64_t seed) { return new (std::nothrow) Dut(seed); }

void destroy(void* self) { delete static_cast<Dut*>(self); }

void reset(void* self, std::uint32_t cfg, kilburn_dut_out* out) {
  kilburn_dut_in quiet = {};
  quiet.cfg = cfg;
  kilburn::tb::drive(dut(self).pins(), quiet);
  dut(self).reset();
  kilburn::tb::sample(dut(self).pins(), *out);
}

void clock(void* self, const kilburn_dut_in* in, kilburn_dut_out* out) {
  Dut& d = dut(self);
  kilburn::tb::drive(d.pins(), *in);
  d.clock();
  kilburn::tb::sample(d.pins(), *out);
}

// The stored form of an entry: tlb_entry_pkg.sv.
constexpr unsigned kVpnBits = 45;

void translate_entry(std::uint64_t key, std::uint64_t mask, std::uint64_t data, kilburn_tlb_entry& entry) {
  const auto size_class = static_cast<std::uint32_t>(data >> 19) & 3u;
  entry.valid = 1;
  entry.va = (key & ((1ull << kVpnBits) - 1)) << kPageShift;
  entry.asid = static_cast<std::uint16_t>(key >> kVpnBits);
  entry.pa = (data >> 22 & 0xffffffffffull) << 12;
  entry.rights = static_cast<std::uint16_t>(data);
  entry.mt = static_cast<std::uint8_t>(data >> 16 & 7u);
  entry.size = static_cast<std::uint8_t>(kPageShift + (kX86 ? 9u : 3u) * size_class);
  entry.global = static_cast<std::uint8_t>((mask >> kVpnBits & 1u) ^ 1u);
}

int probe(void* self, int side, std::uint32_t index, kilburn_tlb_entry* entry) {
  auto* root = dut(self).pins().rootp;
  std::memset(entry, 0, sizeof *entry);
  if (side == 0 && index < KILBURN_DUT_PARAM_IEntries) {
    if (root->mmu__DOT__u_i_side__DOT__valid_q >> index & 1u) {
      translate_entry(root->mmu__DOT__u_i_side__DOT__key_q[index], root->mmu__DOT__u_i_side__DOT__mask_q[index],
                      root->mmu__DOT__u_i_side__DOT__data_q[index], *entry);
    }
    return 0;
  }
  if (side == 1 && index < KILBURN_DUT_PARAM_DEntries) {
    if (root->mmu__DOT__u_d_side__DOT__valid_q >> index & 1u) {
      translate_entry(root->mmu__DOT__u_d_side__DOT__key_q[index], root->mmu__DOT__u_d_side__DOT__mask_q[index],
                      root->mmu__DOT__u_d_side__DOT__data_q[index], *entry);
    }
    return 0;
  }
  return -1;
}

int waves_open(void* self, const char* path) { return dut(self).waves_open(path) ? 0 : -1; }

void waves_close(void* self) { dut(self).waves_close(); }

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

constexpr kilburn_dut_api kApi = {
    KILBURN_DUT_MAGIC,
    KILBURN_DUT_ABI,
    sizeof(kilburn_dut_api),
    sizeof(kilburn_dut_in),
    sizeof(kilburn_dut_out),
    sizeof(kilburn_tlb_entry),
    sizeof(kilburn_dut_config),
    0,
    KILBURN_DUT_NAME,
    KILBURN_DUT_DESCRIPTION,
    {kFormat, kConfig, 1, kFeatures, 1, KILBURN_DUT_PARAM_IEntries, KILBURN_DUT_PARAM_DEntries, {}},
    create,
    destroy,
    reset,
    clock,
    probe,
    waves_open,
    waves_close,
#ifdef KILBURN_DUT_BUGS
    kBugs,
    set_bug,
#else
    nullptr,
    nullptr,
#endif
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const kilburn_dut_api* kilburn_dut(void) { return &kApi; }
