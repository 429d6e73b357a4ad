// SPDX-License-Identifier: Apache-2.0
//
// What one decision takes and gives: settings, a fault, a decision from the address, a judged entry.
#pragma once

#include <optional>

#include "model/arch/rules.h"
#include "model/arch/types.h"

namespace kilburn::arch {

// Settings of an implementation that the architecture leaves open.
struct Settings {
  u8 pa_width = 40;     // x86-64 MAXPHYADDR, 32 to 52: entry bits 51:pa_width are reserved
  bool page_1g = true;  // x86-64: 1 GB pages; else PS in a PDPT entry is reserved
  bool amd = false;     // x86-64: bit 8 of PML5 and PML4 entries is reserved, as AMD's processors have it
  bool vms = false;     // Alpha: four-mode VMS layout of the enable bits; else OSF
  // Alpha: whose superpages, and whose rule for a fill over an entry that matches (trap T98). nullopt: the
  // format's own, EV5 for `alpha`, EV6 for `alpha-x64`.
  std::optional<Chip> chip = std::nullopt;
  u8 page_shift = 0;  // `alpha`: log2 bytes of a page, 13 to 16; 0: 13

  bool operator==(const Settings&) const = default;
};

constexpr Chip own_chip(Format format) { return format == Format::alpha_x64 ? Chip::ev6 : Chip::ev5; }
constexpr Chip chip_of(Format format, const Settings& settings) { return settings.chip.value_or(own_chip(format)); }

// The word for the pins cfg_i (layout.def Config), and back. The page size is not part of it.
u32 config_word(Format, const Settings&);
Settings settings_of(Format, u32 config);

// A fault as the processor sees it.
struct FaultReport {
  Fault code = Fault::none;
  u16 error = 0;  // x86-64 page-fault error code (SDM 4.7), else 0
  u8 level = 0;   // level of the entry that decided; 0: decided from the address
  Rule rule = Rule::none;
};

// What is decided before the TLB.
struct Direct {
  enum class Kind : u8 { none, fault, translated } kind = Kind::none;
  FaultReport fault;        // kind fault
  Translation translation;  // kind translated: the superpage's region (pa of its first byte, log2 size)
  u64 pa = 0;               // kind translated: physical address of the byte asked for
};

// x86-64 rights accumulated over the levels above (SDM 4.6); the Alpha formats ignore it.
struct Accumulated {
  bool w = true;
  bool u = true;
  bool nx = false;
};
struct Judgement {
  enum class Kind : u8 {
    fault,       // `fault` says which
    update,      // compare-and-swap the entry to `desired`, then judge what memory holds again
    table,       // go to the next level: table at `next`, rights `accumulated`
    translated,  // `translation` is complete
  } kind = Kind::fault;
  FaultReport fault;
  u64 desired = 0;
  u64 next = 0;
  Accumulated accumulated;
  Translation translation;
};

}  // namespace kilburn::arch
