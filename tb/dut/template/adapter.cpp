// SPDX-License-Identifier: Apache-2.0
//
// Adapter of an MMU with the ports of Kilburn's rtl/README.md to the contract of tb/dut/dut.h. Lines to look at: YOURS.
//
// Verilator makes a C++ class of the top module; VerilatedDut clocks it (clk_i, and rst_ni, active low); drive() and
// sample() of verilated_pins.h copy the structs of the contract to its pins and back. A clock of VerilatedAdapter is:
// drive the inputs of this cycle, give the rising edge, sample what the next cycle's outputs are. All outputs come from
// registers (R1).
//
// Ports of other names, or registers in the adapter: a class of your own with the members that adapter_api.h lists, in
// place of VerilatedAdapter. Other handshakes, no ids, one thing at a time, another bus: share/kilburn/example shows
// an adapter with tb/dut/serial_ports.h.

#include <string_view>

#include "model/arch/layout.h"
#include "tb/dut/verilated_adapter.h"

namespace {

namespace layout = kilburn::arch::layout;

// YOURS: Edges::rising_only if nothing in the design but processes of the rising edge depends on the clock (a tenth
// faster), else Edges::both.
using Dut = kilburn::tb::VerilatedAdapter<KILBURN_DUT_MODEL, kilburn::tb::Edges::both>;

constexpr std::uint32_t format() {
  constexpr std::string_view name = MMU_FORMAT;
  static_assert(name == "x86-64" || name == "alpha" || name == "alpha-x64", "x86-64, alpha or alpha-x64");
  return name == "x86-64"  ? layout::Format::X86_64
         : name == "alpha" ? layout::Format::ALPHA
                           : layout::Format::ALPHA_X64;
}
constexpr bool kX86 = format() == layout::Format::X86_64;

// YOURS: what the MMU implements beyond the base of its format (layout.def Feature). Of what is not named here no test
// asks anything.
constexpr std::uint64_t kFeatures = kX86 ? layout::Feature::LA57.mask() | layout::Feature::PKU.mask() |
                                               layout::Feature::PKS.mask() | layout::Feature::IMPLICIT.mask() |
                                               layout::Feature::PHYS.mask()
                                         : layout::Feature::REFILL.mask() | layout::Feature::PHYS.mask();

// YOURS: the configuration (layout.def Config). With kFollowsPins 0, cfg_i is not looked at and these settings are
// built in; with 1 the tests choose others too.
constexpr std::uint32_t kFollowsPins = 1;
constexpr std::uint64_t kConfig =
    kX86 ? layout::Config::PA_WIDTH.make(40) | layout::Config::PAGE1G.make(1)
         : layout::Config::CHIP.make(format() == layout::Format::ALPHA ? layout::Chip::EV5 : layout::Chip::EV6);

constexpr kilburn_dut_api make_api() {
  kilburn_dut_api api = kilburn::tb::adapter_api<Dut>();
  api.name = MMU_NAME;
  api.description = MMU_NAME ", " MMU_FORMAT;
  api.config.format = format();
  api.config.cfg = static_cast<std::uint32_t>(kConfig);
  api.config.cfg_pins = kFollowsPins;
  api.config.features = static_cast<std::uint32_t>(kFeatures);
  api.config.exact = 0;  // 1 only for the cycles of rtl/README.md; every other check applies to any MMU
  // probe, bugs and set_bug stay NULL: only the exact check looks at contents, and only seeded bugs need a choice.
  return api;
}

constexpr kilburn_dut_api kApi = make_api();

}  // namespace

extern "C" __attribute__((visibility("default"))) const kilburn_dut_api* kilburn_dut(void) { return &kApi; }
