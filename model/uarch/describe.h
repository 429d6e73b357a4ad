// SPDX-License-Identifier: Apache-2.0
//
// The twin's registers in words, for failure reports.
#pragma once

#include <cstdio>
#include <string>

#include "model/arch/layout.h"
#include "model/arch/types.h"
#include "model/uarch/event_counters.h"
#include "model/uarch/invalidate.h"
#include "model/uarch/ptw.h"
#include "model/uarch/slot.h"

namespace kilburn::uarch {

inline std::string hex(u64 value) {
  char text[2 + 16 + 1];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

inline std::string describe_request(const HeldRequest& held) {
  std::string text = "id " + std::to_string(held.id) + " " + std::string(arch::name(held.request.op)) + " " +
                     hex(held.request.va) + " " + std::string(arch::name(held.request.mode));
  if (held.request.ac) text += " AC";
  if (held.request.implicit) text += " implicit";
  text += " (root " + hex(held.context.root) + ", ASID " + std::to_string(held.context.asid) + ", controls " +
          hex(held.context.controls);
  if (held.context.pkru != 0) text += ", PKRU " + hex(held.context.pkru);
  if (held.context.pkrs != 0) text += ", PKRS " + hex(held.context.pkrs);
  return text + ")";
}

inline std::string describe_slot(const Slot& slot) {
  switch (slot.state) {
    case Slot::State::idle:
      return "slot idle";
    case Slot::State::pending:
      return "slot waits for the walker: " + describe_request(slot.held);
    case Slot::State::walk:
      return "slot walks: " + describe_request(slot.held);
    case Slot::State::done:
      return "slot has a result (" + std::string(arch::name(static_cast<arch::Fault>(slot.result.rsp_fault))) +
             ") for: " + describe_request(slot.held);
  }
  return {};
}

template <class AnySide>
std::string describe_side(const char* name, const AnySide& side) {
  std::string text = std::string(name) + ": " + describe_slot(side.slot());
  if (side.waiting()) text += "; wait register: " + describe_request(side.waiting_request());
  return text + "; " + std::to_string(side.responses()) + " of 2 responses queued\n";
}

template <class AnyPtw>
std::string describe_walker(const AnyPtw& ptw) {
  if (ptw.state() == AnyPtw::State::idle) return "walker: idle\n";
  const bool requesting = ptw.state() == AnyPtw::State::req;
  return std::string("walker: ") + (ptw.side() == SideName::data ? "D" : "I") + " side, level " +
         std::to_string(ptw.level()) + (requesting ? ", requests " : ", waits for ") + "the " +
         (ptw.cas() ? "compare-and-swap of " : "read of ") + hex(ptw.address()) + "\n";
}

template <class AnyInvalidate>
std::string describe_invalidation(const AnyInvalidate& invalidate) {
  if (invalidate.state() == AnyInvalidate::State::idle) return "invalidation: idle\n";
  std::string text = std::string("invalidation: ") + (invalidate.busy() ? "busy" : "acknowledged") + ", operation " +
                     std::to_string(invalidate.op()) + " VA " + hex(invalidate.va()) + " ASID " +
                     std::to_string(invalidate.asid());
  if (invalidate.op() == inv::FILL_I || invalidate.op() == inv::FILL_D) text += " entry " + hex(invalidate.pte());
  return text + "\n";
}

}  // namespace kilburn::uarch
