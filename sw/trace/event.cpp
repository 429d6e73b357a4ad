// SPDX-License-Identifier: Apache-2.0
//
// Equality of events, field by field as their kind has them.
#include "sw/trace/event.h"

namespace kilburn::os {

bool same_event(const TraceEvent& a, const TraceEvent& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case TraceEvent::Kind::fetch:
    case TraceEvent::Kind::read:
    case TraceEvent::Kind::write:
    case TraceEvent::Kind::modify:
      return a.address == b.address && a.size == b.size;
    case TraceEvent::Kind::map:
      return a.address == b.address && a.length == b.length && a.rights == b.rights && a.file == b.file &&
             a.offset == b.offset;
    case TraceEvent::Kind::unmap:
      return a.address == b.address && a.length == b.length;
    case TraceEvent::Kind::protect:
      return a.address == b.address && a.length == b.length && a.rights == b.rights;
    case TraceEvent::Kind::remap:
      return a.address == b.address && a.length == b.length && a.old_address == b.old_address &&
             a.old_length == b.old_length;
    case TraceEvent::Kind::brk:
      return a.address == b.address;
    case TraceEvent::Kind::fork:
      return a.pid == b.pid;
    case TraceEvent::Kind::exec:
    case TraceEvent::Kind::exit:
      return true;
  }
  return false;
}

}  // namespace kilburn::os
