// SPDX-License-Identifier: Apache-2.0
//
// The decision core. Pure functions, no state: the same ones serve the reference walk, the
// cycle-exact twin, the TLM model, the checkers and the OS shim's audits.
//
//   before_tlb()   what is decided from the address alone (sign check, superpages)
//   judge_entry()  one page-table entry at one level, in the manual's order
//   grants()       the rights of a finished translation under live controls
//   walk()         all of it, over a memory
#pragma once

#include <boost/container/static_vector.hpp>

#include "model/arch/format.h"
#include "model/arch/types.h"

namespace kilburn::arch {

// Settings of an implementation that the architecture leaves open.
struct Settings {
  u8 pa_width = 40;  // x86-64 MAXPHYADDR, 32 to 52: entry bits 51:pa_width are reserved
};

// A fault as the processor sees it.
struct FaultReport {
  Fault code = Fault::none;
  u16 error = 0;  // x86-64 page-fault error code (SDM 4.7), else 0
  u8 level = 0;   // level of the entry that decided; 0: decided from the address
  const char* rule = "";  // rule id of model/README.md
};

// --- before the TLB -------------------------------------------------------------------------------
struct Direct {
  enum class Kind : u8 { none, fault, translated } kind = Kind::none;
  FaultReport fault;        // kind fault
  Translation translation;  // kind translated: the superpage's region (pa of its first byte, log2 size)
  u64 pa = 0;               // kind translated: physical address of the byte asked for
};
Direct before_tlb(Format, const Request&, u32 controls);

// --- one entry ------------------------------------------------------------------------------------
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
Judgement judge_entry(Format, const Settings&, unsigned level, u64 entry, const Accumulated& above, const Request&,
                      u32 controls);

// --- rights ---------------------------------------------------------------------------------------
// The fault that `rights` cause for this access under these controls, or code none. P is 1.
FaultReport check_rights(Format, u16 rights, const Request&, u32 controls);
inline bool grants(Format format, u16 rights, const Request& request, u32 controls) {
  return check_rights(format, rights, request, controls).code == Fault::none;
}
// x86-64: a write through a clean translation must go to the walker to set D (trap T41).
bool needs_dirty_walk(Format, u16 rights, const Request&);

// Physical address of `va` inside a translation.
constexpr u64 address_in(const Translation& t, u64 va) {
  const u64 offset = (u64{1} << t.page_log2) - 1;
  return (t.pa & ~offset) | (va & offset);
}

// --- the whole walk -------------------------------------------------------------------------------
struct Step {
  u64 pa = 0;     // of the entry
  u64 entry = 0;  // as read
  u8 level = 0;
};
struct Outcome {
  FaultReport fault;        // code none: translated
  u64 pa = 0;               // of the byte asked for
  Translation translation;  // valid if translated (page_log2 of the region for superpages)
  boost::container::static_vector<Step, 5> steps;         // entries read, root first
  boost::container::static_vector<EntryWrite, 5> writes;  // A/D updates due, in order; kept on a later fault
};

// Memory: callable as std::optional<u64>(u64 pa), 8-byte aligned; nullopt is a bus error (fault code bus).
// Pure: the walk reads, and reports the writes that the hardware would do (each entry's update is taken
// as successful for the judgement of the levels below).
template <class ReadWord>
Outcome walk(Format, const Settings&, const Context&, const Request&, ReadWord&& read_word);

}  // namespace kilburn::arch

#include "model/arch/walk_inl.h"
