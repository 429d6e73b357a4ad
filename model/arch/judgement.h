// SPDX-License-Identifier: Apache-2.0
//
// What one decision takes and gives: settings, a fault, a decision from the address, a judged entry.
#pragma once

#include "model/arch/types.h"

namespace kilburn::arch {

// Settings of an implementation that the architecture leaves open.
struct Settings {
  u8 pa_width = 40;  // x86-64 MAXPHYADDR, 32 to 52: entry bits 51:pa_width are reserved
};

// A fault as the processor sees it.
struct FaultReport {
  Fault code = Fault::none;
  u16 error = 0;          // x86-64 page-fault error code (SDM 4.7), else 0
  u8 level = 0;           // level of the entry that decided; 0: decided from the address
  const char* rule = "";  // rule id of model/README.md
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
