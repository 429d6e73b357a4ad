// SPDX-License-Identifier: Apache-2.0
//
// The decision core. Pure functions, no state: the same ones serve the reference walk, the
// cycle-exact twin, the TLM model, the checkers and the OS shim's audits.
//
//   before_tlb()   what is decided from the address alone (sign check, superpages)
//   judge_entry()  one page-table entry at one level, in the manual's order
//   grants()       the rights of a finished translation in the context of now
//   walk()         all of it, over a memory; translate() the same without a record of the way
#pragma once

#include <boost/container/static_vector.hpp>

#include "model/arch/format.h"
#include "model/arch/judgement.h"
#include "model/arch/types.h"

namespace kilburn::arch {

// --- before the TLB -------------------------------------------------------------------------------
Direct before_tlb(Format, const Settings&, const Request&, const Context&);

// --- one entry ------------------------------------------------------------------------------------
Judgement judge_entry(Format, const Settings&, unsigned level, u64 entry, const Accumulated& above, const Request&,
                      const Context&);

// --- rights ---------------------------------------------------------------------------------------
// The fault that `rights` cause for this access in this context, or code none. P is 1.
FaultReport check_rights(Format, const Settings&, u16 rights, const Request&, const Context&);
inline bool grants(Format format, const Settings& settings, u16 rights, const Request& request,
                   const Context& context) {
  return check_rights(format, settings, rights, request, context).code == Fault::none;
}
// x86-64: a write through a clean translation must go to the walker to set D (trap T41).
bool needs_dirty_walk(Format, u16 rights, const Request&);

// What a last-level Alpha entry maps to, whatever its rights and fault-on bits: what a fill by software writes.
Translation leaf_translation(Format, const Settings&, u64 entry);

// Physical address of `va` inside a translation.
constexpr u64 address_in(const Translation& t, u64 va) {
  const u64 offset = (u64{1} << t.page_log2) - 1;
  return (t.pa & ~offset) | (va & offset);
}

// --- the whole walk -------------------------------------------------------------------------------
struct Step {
  u64 pa;     // of the entry
  u64 entry;  // as read, after the walk's own updates
  u8 level;
};
struct Verdict {
  FaultReport fault;         // code none: translated
  u64 pa = 0;                // of the byte asked for
  Translation translation;   // valid if translated (page_log2 of the region for superpages)
  bool updates_due = false;  // A or D of some entry: walk() lists them
};
struct Outcome : Verdict {
  boost::container::static_vector<Step, 5> steps;         // entries read, root first
  boost::container::static_vector<EntryWrite, 5> writes;  // A/D updates due, in order; kept on a later fault
};

// Memory: callable as std::optional<u64>(u64 pa), 8-byte aligned; nullopt is a bus error (fault code bus).
// Pure: the walk reads, and reports the writes that the hardware would do (each entry's update is taken
// as successful for the judgement of the levels below). The control REFILL is not looked at: this is the walk that
// hardware does, or the handler of a miss.
template <class ReadWord>
Outcome walk(Format, const Settings&, const Context&, const Request&, ReadWord&& read_word);

// The same walk, reading the same entries in the same order, without the record of it.
template <class ReadWord>
Verdict translate(Format, const Settings&, const Context&, const Request&, ReadWord&& read_word);

}  // namespace kilburn::arch

#include "model/arch/walk_inl.h"
