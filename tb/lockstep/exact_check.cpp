// SPDX-License-Identifier: Apache-2.0
//
// Naming of differences between DUT and twin.
#include "tb/lockstep/exact_check.h"

#include <stdexcept>

#include "tb/errors.h"

namespace kilburn::tb {

namespace {

// In a probe's order of structures (tb/dut/dut.h).
const char* name_of(uarch::Structure structure) {
  switch (structure) {
    case uarch::Structure::i_tlb:
      return "itlb";
    case uarch::Structure::d_tlb:
      return "dtlb";
    case uarch::Structure::l2:
      return "l2";
    case uarch::Structure::psc:
      return "psc";
  }
  return "";
}

uarch::Config parameters_of(const kilburn_dut_config& built, const arch::Settings& settings) {
  uarch::Config config;
  config.format = static_cast<arch::Format>(built.format);
  config.settings = settings;
  config.i_entries = built.i_entries;
  config.d_entries = built.d_entries;
  config.i_misses = built.i_misses;
  config.d_misses = built.d_misses;
  config.l2_sets = built.l2_sets;
  // "What the DUT does not have is 0": without an L2 TLB its other sizes mean nothing.
  if (built.l2_sets != 0) {
    config.l2_large_sets = built.l2_large_sets;
    config.l2_ways = built.l2_ways;
  }
  for (unsigned n = 0; n < config.psc_entries.size(); ++n) config.psc_entries[n] = built.psc_entries[n];
  config.walkers = built.walkers;
  if (built.policy > static_cast<unsigned>(uarch::Policy::random)) throw std::invalid_argument("no such policy");
  config.policy = static_cast<uarch::Policy>(built.policy);
  config.rewalk = built.rewalk != 0;
  config.prefetch = built.prefetch != 0;
  return config;
}

}  // namespace

ExactCheck ExactCheck::for_dut(const kilburn_dut_api& api, const arch::Settings& settings) {
  if (!api.config.exact) {
    throw UserError("DUT " + std::string(api.name) +
                    " does not claim the cycle-exact behaviour of rtl/README.md, so --check exact does not apply");
  }
  try {
    return ExactCheck(uarch::make_mmu(parameters_of(api.config, settings)));
  } catch (const std::invalid_argument& wrong) {
    throw UserError("DUT " + std::string(api.name) +
                    " has parameters outside the ranges of rtl/README.md: " + wrong.what());
  }
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
  for (const uarch::Structure structure : uarch::kStructures) {
    for (unsigned index = 0; index < twin_->entries(structure); ++index) {
      const auto name_entry = [&] { return std::string(name_of(structure)) + "[" + std::to_string(index) + "]"; };
      kilburn_tlb_entry found{};
      if (!dut.probe(static_cast<int>(structure), index, found)) return {"no probe of " + name_entry(), 0, index};
      const uarch::TlbEntry want = twin_->entry(structure, index);
      ++entries_compared_;
      if (std::memcmp(&want, &found, sizeof found) == 0) continue;
      const std::string name = name_entry() + ".";
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
