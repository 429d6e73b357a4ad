// SPDX-License-Identifier: Apache-2.0
//
// The twin's registers in words, for failure reports.
#pragma once

#include <bit>
#include <cstdio>
#include <string>
#include <type_traits>

#include "model/arch/layout.h"
#include "model/arch/types.h"
#include "model/uarch/event_counters.h"
#include "model/uarch/invalidate.h"
#include "model/uarch/miss_file.h"
#include "model/uarch/ptw.h"

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

inline std::string describe_miss(const MissFile& misses, unsigned place) {
  const MissFile::Entry& entry = misses.entry(place);
  const std::string request = describe_request(entry.held);
  switch (entry.state) {
    case MissFile::State::free:
      return "free";
    case MissFile::State::look:
      return "waits for the L2 TLB: " + request;
    case MissFile::State::looking:
      return "is looked up in the L2 TLB: " + request;
    case MissFile::State::ready:
      return std::string("waits for a walker") + (entry.top ? ", from the root: " : ": ") + request;
    case MissFile::State::walk:
      return std::string("walks") + (entry.top ? " from the root: " : ": ") + request;
    case MissFile::State::merged:
      return "waits for miss " + std::to_string(misses.number(entry.parent)) + ": " + request;
    case MissFile::State::retry:
      return "tries again: " + request;
    case MissFile::State::done:
      return "has a result (" + std::string(arch::name(static_cast<arch::Fault>(entry.result.rsp_fault))) +
             ") for: " + request;
  }
  return {};
}

inline std::string describe_side(const char* name, const MissFile& misses, SideName side, unsigned responses) {
  std::string text;
  for (u32 rest = misses.places(side) & ~misses.in(MissFile::State::free); rest != 0; rest &= rest - 1) {
    const auto place = static_cast<unsigned>(std::countr_zero(rest));
    text += std::string(name) + ": miss " + std::to_string(misses.number(place)) + " " + describe_miss(misses, place) +
            "\n";
  }
  if (text.empty()) text = std::string(name) + ": no miss\n";
  return text + name + ": " + std::to_string(responses) + " of 2 responses queued\n";
}

inline std::string describe_place(const MissFile& misses, unsigned place) {
  return std::string(misses.side(place) == SideName::data ? "D" : "I") + " miss " +
         std::to_string(misses.number(place));
}

template <class AnyLookup>
std::string describe_lookup(const AnyLookup& lookup, const MissFile& misses) {
  return lookup.valid() ? "L2 TLB: looks up " + describe_place(misses, lookup.last()) + "\n" : "";
}

template <class AnyPtw>
std::string describe_walkers(const AnyPtw& ptw, const MissFile& misses) {
  std::string text;
  for (unsigned number = 0; number < ptw.walkers(); ++number) {
    const auto& walker = ptw.walker(number);
    if (walker.state == AnyPtw::State::idle) continue;
    text += "walker " + std::to_string(number) + ": " +
            (walker.owner == AnyPtw::kPrefetch ? "prefetch" : describe_place(misses, walker.owner)) + ", level " +
            std::to_string(walker.level) +
            (walker.state == AnyPtw::State::req ? ", requests the " : ", waits for the ") +
            (walker.op == mem_op::CAS ? "compare-and-swap of " : "read of ") + hex(walker.address) + "\n";
  }
  if (text.empty()) text = "walkers: idle\n";
  using Prefetching = std::decay_t<decltype(ptw.prefetch().state())>;
  if (ptw.prefetch().state() == Prefetching::ready) {
    text += "prefetch: waits for a walker: " + describe_request(ptw.prefetch().held()) + "\n";
  }
  if (ptw.hold()) text += "maintenance is held until a walk ends\n";
  return text;
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
