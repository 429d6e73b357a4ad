// SPDX-License-Identifier: Apache-2.0
//
// Adapter of rtl/small/small_mmu.sv to the contract of dut.h; rtl/small/README.md walks through it.
//
// It offers what every DUT must and waves. It claims no exact behaviour and shows no contents.

#include <cstring>

#include "tb/dut/verilated_adapter.h"

#ifdef KILBURN_DUT_BUGS
#include KILBURN_DUT_BUGS  // kBugs: what each seeded bug is; the n-th has number n in the RTL
#endif

namespace {

using Dut = kilburn::tb::VerilatedAdapter<KILBURN_DUT_MODEL, kilburn::tb::Edges::rising_only>;

constexpr bool kX86 = KILBURN_DUT_PARAM_Format == 0;
// For a bench that drives no configuration pins (layout.def Config): MAXPHYADDR 40 and 1 GB pages, or the chip that
// the Alpha format is named after, EV5 or EV6.
constexpr std::uint32_t kConfig = kX86 ? 40u | 1u << 6 : (KILBURN_DUT_PARAM_Format == 1 ? 1u : 2u) << 9;
// layout.def Feature: LA57, PKU, PKS, IMPLICIT and PHYS; REFILL and PHYS.
constexpr std::uint32_t kFeatures = kX86 ? 0b101111u : 0b110000u;

#ifdef KILBURN_DUT_BUGS
int set_bug(void* self, const char* id) {
  auto& selected = static_cast<Dut*>(self)->pins().__PVT__mmu_bug_pkg->selected;
  const std::size_t length = std::strlen(id);
  selected = 0;
  for (IData n = 0; length != 0 && kBugs[n] != nullptr; ++n) {
    if (std::strncmp(kBugs[n], id, length) == 0 && kBugs[n][length] == '\t') selected = n + 1;
  }
  return length == 0 || selected != 0 ? 0 : -1;
}
#endif

constexpr kilburn_dut_api make_api() {
  kilburn_dut_api api = kilburn::tb::adapter_api<Dut>();
  api.name = KILBURN_DUT_NAME;
  api.description = KILBURN_DUT_DESCRIPTION;
  api.config.format = KILBURN_DUT_PARAM_Format;
  api.config.cfg = kConfig;
  api.config.cfg_pins = 1;
  api.config.features = kFeatures;
  api.config.exact = 0;
  api.config.i_entries = api.config.d_entries = 1;
  api.config.walkers = 1;
#ifdef KILBURN_DUT_BUGS
  api.bugs = kBugs;
  api.set_bug = set_bug;
#endif
  return api;
}

constexpr kilburn_dut_api kApi = make_api();

}  // namespace

extern "C" __attribute__((visibility("default"))) const kilburn_dut_api* kilburn_dut(void) { return &kApi; }
