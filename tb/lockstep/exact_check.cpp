// SPDX-License-Identifier: Apache-2.0
//
// Naming of differences between DUT and twin.
#include "tb/lockstep/exact_check.h"

#include "tb/errors.h"

namespace kilburn::tb {

ExactCheck ExactCheck::for_dut(const kilburn_dut_api& api, const arch::Settings& settings) {
  if (!api.config.exact) {
    throw UserError("DUT " + std::string(api.name) +
                    " does not claim the cycle-exact behaviour of rtl/README.md, so --check exact does not apply");
  }
  uarch::Config config;
  config.format = static_cast<arch::Format>(api.config.format);
  config.settings = settings;
  config.i_entries = api.config.i_entries;
  config.d_entries = api.config.d_entries;
  return ExactCheck(uarch::make_mmu(config), api.config.i_entries, api.config.d_entries);
}

kilburn_dut_out ExactCheck::expected() const { return std::bit_cast<kilburn_dut_out>(twin_->outputs()); }

Difference ExactCheck::first_difference(const kilburn_dut_out& found) const {
  const kilburn_dut_out want = expected();
#define KILBURN_PIN(name, field) \
  if (want.field != found.field) return {name, want.field, found.field};
#include "tb/lockstep/pins.def"
#undef KILBURN_PIN
  return {"padding of kilburn_dut_out", 0, 1};
}

arch::u64 ExactCheck::pin_comparisons() const {
  arch::u64 pins = 0;
#define KILBURN_PIN(name, field) ++pins;
#include "tb/lockstep/pins.def"
#undef KILBURN_PIN
  return pins * cycles_;
}

Difference ExactCheck::compare_contents(const Dut& dut) {
  if (!dut.can_probe()) return {};
  for (int side = 0; side < 2; ++side) {
    for (unsigned index = 0; index < entries_[side]; ++index) {
      kilburn_tlb_entry found{};
      if (!dut.probe(side, index, found)) return {"TLB probe refused an entry", 0, index};
      const auto want = twin_->entry(static_cast<uarch::SideName>(side), index);
      ++entries_compared_;
      if (std::memcmp(&want, &found, sizeof found) == 0) continue;
      const std::string name = std::string(side ? "dtlb[" : "itlb[") + std::to_string(index) + "].";
      if (want.valid != found.valid) return {name + "valid", want.valid, found.valid};
      if (want.va != found.va) return {name + "va", want.va, found.va};
      if (want.pa != found.pa) return {name + "pa", want.pa, found.pa};
      if (want.asid != found.asid) return {name + "asid", want.asid, found.asid};
      if (want.rights != found.rights) return {name + "rights", want.rights, found.rights};
      if (want.size != found.size) return {name + "size", want.size, found.size};
      if (want.global != found.global) return {name + "global", want.global, found.global};
      return {name + "mt", want.mt, found.mt};
    }
  }
  return {};
}

}  // namespace kilburn::tb
