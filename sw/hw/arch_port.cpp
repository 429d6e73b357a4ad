// SPDX-License-Identifier: Apache-2.0
//
// One access: walk, write the A and D bits that are due, move the data.
#include "sw/hw/arch_port.h"

#include "sw/core/bytes.h"

namespace kilburn::os {

AccessResult ArchMmuPort::access(const Access& a) {
  ++counts_.accesses;
  const arch::Request request{a.va, a.op, a.mode, false};
  const auto read_word = [this](u64 pa) -> std::optional<u64> {
    if (!memory_.contains(pa, 8)) return std::nullopt;
    return memory_.load64(pa);
  };
  const auto move_data = [&](u64 pa) {
    std::byte* at = memory_.data() + pa;
    if (a.data.empty()) return;
    if (a.op == arch::Op::write) {
      copy_few(at, a.data.data(), a.data.size());
    } else {
      copy_few(a.data.data(), at, a.data.size());
    }
  };
  // Most accesses neither fault nor have an update due: the same walk, without a record of it.
  u64 reads = 0;
  const auto count_word = [&](u64 pa) {
    ++reads;
    return read_word(pa);
  };
  const arch::Verdict verdict = arch::translate(format_, settings_, context_, request, count_word);
  if (verdict.fault.code == arch::Fault::none && !verdict.updates_due && memory_.contains(verdict.pa, a.data.size())) {
    counts_.entry_reads += reads;
    move_data(verdict.pa);
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
    move_data(outcome.pa);
    return Done{outcome.pa};
  }
}

}  // namespace kilburn::os
