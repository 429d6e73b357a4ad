// SPDX-License-Identifier: Apache-2.0
//
// One access: walk, write the A and D bits that are due, move the data.
#include "sw/hw/arch_port.h"

#include "sw/core/bytes.h"

namespace kilburn::os {

namespace {
constexpr u8 kOnce = 0xff;  // Walk::words: one such access was granted, its walk is not kept
}

// Whether memory still holds the words that the walk read.
inline bool ArchMmuPort::holds(const Walk& walk) const {
  for (unsigned n = 0; n < walk.words; ++n) {
    if (memory_.load64(walk.at[n]) != walk.word[n]) return false;
  }
  return true;
}

inline void ArchMmuPort::move_data(const Access& a, u64 pa) {
  std::byte* at = memory_.data() + pa;
  if (a.data.empty()) return;
  if (a.op == arch::Op::write) {
    copy_few(at, a.data.data(), a.data.size());
  } else {
    copy_few(a.data.data(), at, a.data.size());
  }
}

AccessResult ArchMmuPort::access(const Access& a) {
  ++counts_.accesses;
  const u64 page = a.va >> kPieceShift, offset = a.va & ((u64{1} << kPieceShift) - 1);
  const u8 by = access_of(a);
  Walk& known = walks_[(page ^ u64{by} << 3) % walks_.size()];
  bool seen = known.page == page && known.context == counts_.contexts && known.access == by && known.context != 0;
  if (seen && known.words != kOnce) {
    if (holds(known) && memory_.contains(known.pa + offset, a.data.size())) {
      counts_.entry_reads += known.words;
      move_data(a, known.pa + offset);
      return Done{known.pa + offset};
    }
    known.context = 0;
    seen = false;
  }

  const arch::Request request{a.va, a.op, a.mode, false};
  const auto read_word = [this](u64 pa) -> std::optional<u64> {
    if (!memory_.contains(pa, 8)) return std::nullopt;
    return memory_.load64(pa);
  };
  u64 reads = 0;
  // Most accesses neither fault nor have an update due: the same walk, without a record of its decisions. What it read
  // is kept when it is done for the second time.
  const auto granted = [&](const arch::Verdict& verdict) {
    return verdict.fault.code == arch::Fault::none && !verdict.updates_due &&
           memory_.contains(verdict.pa, a.data.size());
  };
  arch::Verdict verdict;
  if (seen) {
    const auto note_word = [&](u64 pa) {
      const std::optional<u64> word = read_word(pa);
      if (const unsigned n = static_cast<unsigned>(reads++); n < known.at.size()) {
        known.at[n] = pa;
        known.word[n] = word.value_or(0);
      }
      return word;
    };
    verdict = arch::translate(format_, settings_, context_, request, note_word);
    known.pa = verdict.pa - offset;
    known.words = static_cast<u8>(reads);
    if (!granted(verdict) || reads > known.at.size()) known.context = 0;
  } else {
    const auto count_word = [&](u64 pa) {
      ++reads;
      return read_word(pa);
    };
    verdict = arch::translate(format_, settings_, context_, request, count_word);
    if (granted(verdict)) {
      known.page = page;
      known.context = counts_.contexts;
      known.access = by;
      known.words = kOnce;
    }
  }
  if (granted(verdict)) {
    counts_.entry_reads += reads;
    move_data(a, verdict.pa);
    return Done{verdict.pa};
  }
  for (;;) {
    const arch::Outcome outcome = arch::walk(format_, settings_, context_, request, read_word);
    counts_.entry_reads += outcome.steps.size();
    // A write that finds another word than the walk read makes the walk void (SDM 4.8, trap T43).
    bool again = false;
    for (const arch::EntryWrite& write : outcome.writes) {
      ++counts_.entry_writes;
      if (memory_.cas64(write.pa, write.expect, write.desired) != write.expect) {
        again = true;
        break;
      }
    }
    if (again) continue;
    if (outcome.fault.code != arch::Fault::none) {
      ++counts_.faults;
      return FaultInfo{outcome.fault.code, a.va, outcome.fault.error, outcome.fault.level};
    }
    if (!memory_.contains(outcome.pa, a.data.size())) {
      ++counts_.faults;
      return FaultInfo{arch::Fault::bus, a.va, 0, 0};
    }
    move_data(a, outcome.pa);
    return Done{outcome.pa};
  }
}

}  // namespace kilburn::os
