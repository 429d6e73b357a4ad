// SPDX-License-Identifier: Apache-2.0
//
// The last events in words, for failure messages.
#include "sw/mm/event_log.h"

#include "sw/core/errors.h"

namespace kilburn::os {

std::string EventLog::text() const {
  std::string out;
  for (const MmEvent& e : last_) {
    switch (e.kind) {
      case MmEvent::Kind::entry:
      case MmEvent::Kind::table:
        out += e.kind == MmEvent::Kind::entry ? "entry " : "table entry ";
        out += "process " + std::to_string(e.space) + " va " + hex(e.va) + ": " + hex(e.old_word) + " -> " +
               hex(e.new_word);
        break;
      case MmEvent::Kind::invalidate:
        out += "CPU " + std::to_string(e.cpu) + " invalidate op " + std::to_string(static_cast<int>(e.op)) + " asid " +
               std::to_string(e.asid) + " va " + hex(e.va);
        break;
      case MmEvent::Kind::acknowledge:
        out += "CPU " + std::to_string(e.cpu) + " acknowledged";
        break;
      case MmEvent::Kind::free:
        out += "free frame " + hex(e.pfn);
        break;
      case MmEvent::Kind::access:
        out += "process " + std::to_string(e.space) + " runs";
        break;
      case MmEvent::Kind::context:
        out += "CPU " + std::to_string(e.cpu) + " in process " + std::to_string(e.space) + ", asid " +
               std::to_string(e.asid);
        break;
      case MmEvent::Kind::fill:
        out += "CPU " + std::to_string(e.cpu) + " fill asid " + std::to_string(e.asid) + " va " + hex(e.va) + ": " +
               hex(e.new_word);
        break;
      case MmEvent::Kind::fault:
        out += "CPU " + std::to_string(e.cpu) + " process " + std::to_string(e.space) + " fault at " + hex(e.va) +
               " took " + std::to_string(e.cycles) + " cycles";
        break;
      case MmEvent::Kind::scan:
        out += "reclaim";
        break;
      case MmEvent::Kind::scanned:
        out += "reclaimed " + std::to_string(e.new_word) + " frames";
        break;
      case MmEvent::Kind::sweep:
        out += "sweep of process " + std::to_string(e.space) + ", " + std::to_string(e.seen) + " pages";
        break;
      case MmEvent::Kind::evict:
      case MmEvent::Kind::evicted:
        out += (e.kind == MmEvent::Kind::evict ? "evict frame " : "end of the eviction of frame ") + hex(e.pfn);
        break;
      case MmEvent::Kind::direct:
        out += "direct reclaim, " + std::to_string(e.seen) + " frames free";
        break;
      case MmEvent::Kind::wakes:
      case MmEvent::Kind::runs:
      case MmEvent::Kind::sleeps:
        out += e.kind == MmEvent::Kind::wakes  ? "kswapd wakes, "
               : e.kind == MmEvent::Kind::runs ? "kswapd runs, "
                                               : "kswapd sleeps, ";
        out += std::to_string(e.seen) + " frames free";
        break;
      case MmEvent::Kind::thrash:
        out += "thrashing: " + std::to_string(e.seen) + " refaults in 1000 references";
        break;
      case MmEvent::Kind::oom:
        out += "out of memory: process " + std::to_string(e.space) + " is killed";
        break;
    }
    out += '\n';
  }
  return out;
}

void EventLog::charge(MmEvent::Kind kind) const {
  switch (kind) {
    case MmEvent::Kind::entry:
    case MmEvent::Kind::table:
      meter_->charge(Cost::entry_write);
      break;
    case MmEvent::Kind::invalidate:
      meter_->charge(Cost::invalidate);
      break;
    case MmEvent::Kind::acknowledge:
      meter_->charge(Cost::acknowledge);
      break;
    default:
      break;
  }
}

}  // namespace kilburn::os
