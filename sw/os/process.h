// SPDX-License-Identifier: Apache-2.0
//
// One process: its address space, its trace, where it runs, how it ended.
#pragma once

#include <memory>

#include "sw/check/oracle.h"
#include "sw/mm/address_space.h"
#include "sw/trace/event.h"

namespace kilburn::os {

enum class Signal : u8 { none, segv, bus, kill };

struct Process {
  // A reference that waits for a page: it goes on where it was.
  struct Pending {
    bool waiting = false;
    u64 until = 0;  // when the page is there
    TraceEvent::Kind kind = TraceEvent::Kind::read;
    u64 address = 0;
    u16 size = 0;
    u16 done = 0;        // bytes of the half
    bool begun = false;  // the half
    bool read = false;   // the load of a modify is done
    u8 waits = 0;        // so far
  };

  u32 id = 0;
  std::unique_ptr<AddressSpace> space;  // null once it has ended
  OracleSpace oracle;
  std::unique_ptr<TraceReader> own_reader;
  TraceReader* reader = nullptr;    // null: driven by calls, or waiting for the end
  Process* silent_child = nullptr;  // last child, if it has no reader
  unsigned cpu = 0;                 // where it runs next
  Pending pending;
  u64 sequence = 0;  // its references, part of every stored value
  u64 digest = 0;
  Signal killed_by = Signal::none;
  u64 killed_at = 0;    // address
  bool doomed = false;  // chosen by the OOM killer; ends when its fault or call is done
  bool alive() const { return space != nullptr; }
};

}  // namespace kilburn::os
