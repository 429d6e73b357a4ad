// SPDX-License-Identifier: Apache-2.0
//
// Finding the request that a difference belongs to, and walking it through the reference.
#include "tb/failure/failure.h"

#include "model/arch/walk.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace {

// The side that a pin or TLB entry belongs to by its name; the youngest open request otherwise.
const OpenRequest* request_for(const std::string& signal, const Lockstep& lockstep, const History& history) {
  const auto& out = lockstep.out();
  if (signal.starts_with("i_")) return history.request_of(Side::instruction, out);
  if (signal.starts_with("d_")) return history.request_of(Side::data, out);
  const OpenRequest* i = history.request_of(Side::instruction, out);
  const OpenRequest* d = history.request_of(Side::data, out);
  if (!i || !d) return i ? i : d;
  return i->cycle > d->cycle ? i : d;
}

std::vector<std::string> reference_walk(const OpenRequest& open, arch::Format format, const arch::Settings& settings,
                                        os::PhysMem& memory) {
  const auto outcome =
      arch::walk(format, settings, open.context, open.request, [&](arch::u64 pa) -> std::optional<arch::u64> {
        if (pa + 8 > memory.size()) return std::nullopt;
        return memory.load64(pa);
      });
  std::vector<std::string> lines;
  for (const auto& step : outcome.steps) {
    lines.push_back("level " + std::to_string(step.level) + ": entry at " + hex(step.pa) + " is " + hex(step.entry));
  }
  for (const auto& write : outcome.writes) {
    lines.push_back("update of the entry at " + hex(write.pa) + ": " + hex(write.expect) + " to " + hex(write.desired));
  }
  if (outcome.fault.code == arch::Fault::none) {
    lines.push_back("translated to " + hex(outcome.pa) + ", page of 2^" +
                    std::to_string(outcome.translation.page_log2) + " bytes");
  } else {
    lines.push_back(std::string(arch::name(outcome.fault.code)) +
                    (outcome.fault.error ? ", error code " + hex(outcome.fault.error) : "") +
                    (outcome.fault.level ? ", decided at level " + std::to_string(outcome.fault.level) : "") +
                    ", rule " + std::string(arch::id(outcome.fault.rule)));
  }
  return lines;
}

}  // namespace

Failure tell(const DutWrong& wrong, Lockstep& lockstep) {
  Failure failure;
  failure.check = wrong.check;
  failure.message = wrong.what();
  failure.cycle = wrong.cycle;
  failure.signal = wrong.difference.signal;
  failure.expected = wrong.difference.expected;
  failure.found = wrong.difference.found;
  const History& history = lockstep.history();
  const OpenRequest* open = wrong.request ? &*wrong.request : request_for(failure.signal, lockstep, history);
  if (open != nullptr) {
    failure.request = text(open->request) + ", accepted in cycle " + std::to_string(open->cycle) + ", root " +
                      hex(open->context.root) + ", asid " + std::to_string(open->context.asid) + ", controls " +
                      hex(open->context.controls) +
                      (open->context.pkru | open->context.pkrs
                           ? ", PKRU " + hex(open->context.pkru) + ", PKRS " + hex(open->context.pkrs)
                           : "");
    failure.reference_walk = reference_walk(*open, static_cast<arch::Format>(lockstep.dut().api().config.format),
                                            lockstep.settings(), lockstep.memory());
    failure.dut_walk = history.memory_lines_since(open->cycle);
  }
  failure.history = history.lines();
  if (lockstep.check()) failure.twin = lockstep.check()->describe();
  return failure;
}

}  // namespace kilburn::tb
