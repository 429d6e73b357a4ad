// SPDX-License-Identifier: Apache-2.0
//
// Bookkeeping of changes and of the invalidations that settle them.
#include "tb/admissible/obligations.h"

#include <algorithm>

#include "tb/admissible/report.h"
#include "tb/text.h"

namespace kilburn::admissible {

namespace x86 = arch::layout::X86Pte;
namespace alpha = arch::layout::AlphaPte;

// SDM 4.10.4.3 lists what needs none: P from 0, A from 0, R/W and U/S from 0, XD to 0; D from 0 is the walkers' way to
// set it. A to 0 is on the list too: the processor may then not set it again. D to 0 is not harmless: a store through a
// cached D = 1 leaves it 0.
bool Obligations::needs_invalidation(arch::Format format, u64 before, u64 after) {
  if (format != arch::Format::x86_64) {
    constexpr u64 kHardware = 0xffffffff0000ffff;  // software's bits 31:16 are not cached
    return alpha::V.test(before) && ((before ^ after) & kHardware) != 0;
  }
  if (!x86::P.test(before) || !x86::A.test(before)) return false;
  if (!x86::P.test(after)) return true;
  const u64 widening = x86::RW.mask() | x86::US.mask();
  const u64 ignored = 0x0000000000000e00 | 0x07f0000000000000 | x86::A.mask();
  const u64 change = (before ^ after) & ~ignored;
  const u64 harmless = (after & (widening | x86::D.mask())) | (before & x86::NX.mask());
  return (change & ~harmless) != 0;
}

void Obligations::changed(Time time, u64 pa, u64 before, u64 after, const std::vector<EntryUse>& uses) {
  if (uses.empty() || owed_.size() >= kOwedKept) return;
  // Changed again before the invalidation: the value that may be cached is the first.
  for (const Owed& owed : owed_) {
    if (!owed.context && owed.pa == pa && owed.before == before) return;
  }
  Owed owed{pa, before, after, time, false, 0, false, {uses.begin(), uses.end()}};
  const unsigned level = uses.front().level;
  if (format_ != arch::Format::x86_64) {
    if (level == 1) {
      const arch::Translation t = arch::leaf_translation(format_, settings_, before);
      owed.size = t.page_log2;
      owed.global = t.global;
    }
  } else {
    const auto every = static_cast<u32>(arch::layout::Controls::NXE.mask() | arch::layout::Controls::PGE.mask());
    const arch::Judgement judged = arch::judge_entry(format_, settings_, level, before, {}, {}, {.controls = every});
    if (judged.kind == arch::Judgement::Kind::fault) return;  // never cached
    if (judged.kind == arch::Judgement::Kind::translated) {
      owed.size = judged.translation.page_log2;
      owed.global = judged.translation.global;
    }
  }
  owed_.push_back(std::move(owed));
}

void Obligations::context_changed(Time time, unsigned mmu, u16 asid, u64 before, u64 after) {
  if (owed_.size() >= kOwedKept) return;
  for (const Owed& owed : owed_) {
    if (owed.context && owed.pa == before && owed.uses.front().asid == asid) return;
  }
  owed_.push_back({before, before, after, time, true, 0, false, {{mmu, 0, 0, asid}}});
}

// A table's change is settled by operations on whole address spaces; one page of what it maps is not all.
bool Obligations::settles(const Owed& owed, const EntryUse& use, u8 op, u64 va, u16 asid) const {
  namespace inv = arch::layout::Inv;
  switch (op) {
    case inv::ALL:
      return true;
    case inv::NONGLOBAL:
      return !owed.global;
    case inv::ASID:
      return !owed.global && asid == use.asid;
    case inv::PAGE:
    case inv::PAGE_I:
    case inv::PAGE_D:
      return owed.size != 0 && va >> owed.size == use.va >> owed.size && (owed.global || asid == use.asid);
    case inv::PAGE_NONGLOBAL:
      return owed.size != 0 && va >> owed.size == use.va >> owed.size && !owed.global && asid == use.asid;
    default:
      return false;
  }
}

void Obligations::invalidated(unsigned mmu, u8 op, u64 va, u16 asid) {
  if (op > arch::layout::Inv::PAGE_D) return;
  bool needed = false;
  std::erase_if(owed_, [&](Owed& owed) {
    auto& uses = owed.uses;
    const auto settled = std::remove_if(uses.begin(), uses.end(), [&](const EntryUse& use) {
      return use.mmu == mmu && settles(owed, use, op, va, asid);
    });
    needed = needed || settled != uses.end();
    uses.erase(settled, uses.end());
    return uses.empty();
  });
  if (!needed) ++needless_;
}

void Obligations::used(unsigned mmu, const Asked& asked, const Response& response, const WitnessPath& path,
                       const Response& now, const Versions& versions) {
  // The same answer, or a refusal that the tables no longer give (a spurious fault, which software must expect).
  if (response.fault != arch::Fault::none || same(response, now)) return;
  const WitnessStep* changed = nullptr;
  u64 value = 0;
  for (const WitnessStep& step : path) {
    const u64 after = versions.now(step.pa).value_or(0);
    if (step.version.to < asked.accepted && needs_invalidation(format_, step.version.value, after)) {
      changed = &step;
      value = after;
    }
  }
  if (changed == nullptr) return;
  ++hazards_;
  if (first_.size() == kKept) return;
  first_.push_back({cycle_of(asked.accepted), mmu, asked.request, asked.context, changed->pa, changed->version.value,
                    value, cycle_of(changed->version.to)});
}

std::vector<Owed> Obligations::owed(std::size_t count) const {
  return {owed_.begin(), owed_.begin() + static_cast<std::ptrdiff_t>(std::min(count, owed_.size()))};
}

void Obligations::clear() { owed_.clear(); }

std::string text(const Hazard& hazard) {
  return "cycle " + std::to_string(hazard.cycle) + ": " + std::string(arch::name(hazard.request.op)) + " of " +
         tb::hex(hazard.request.va) + ", asid " + std::to_string(hazard.context.asid) + ", uses entry " +
         tb::hex(hazard.entry) + " = " + tb::hex(hazard.used) + ", which software changed to " + tb::hex(hazard.now) +
         " in cycle " + std::to_string(hazard.changed) + " and has not invalidated";
}

std::string text(const Owed& owed) {
  std::string line =
      owed.context ? "the top table was " + tb::hex(owed.before) + " and is " + tb::hex(owed.after)
                   : "entry " + tb::hex(owed.pa) + " was " + tb::hex(owed.before) + " and is " + tb::hex(owed.after);
  line += " since " + text(owed.since) + ":";
  const char* separator = " ";
  for (const EntryUse& use : owed.uses) {
    line += separator;
    separator = ", ";
    if (owed.size != 0) line += "PAGE " + tb::hex(use.va) + (owed.global ? " (global)" : "") + " of ";
    line += "asid " + std::to_string(use.asid) + " on MMU " + std::to_string(use.mmu);
  }
  return line;
}

}  // namespace kilburn::admissible
