// SPDX-License-Identifier: Apache-2.0
//
// What the kernel does that the MMU can see, in order: entries written, invalidations, frames freed.
// The writers of the log are the only code that does these things, so that a checker of the order
// (check/order.h) needs to believe nothing else.
#pragma once

#include <boost/circular_buffer.hpp>
#include <string>

#include "sw/hw/ports.h"

namespace kilburn::os {

struct MmEvent {
  enum class Kind : u8 {
    entry,        // leaf entry written: space, asid, va, seen, old_word, new_word
    table,        // table entry written: space, asid, va, span, old_word, new_word
    invalidate,   // op, va, asid
    acknowledge,  //
    free,         // pfn
    access,       // space: the program runs on
  };
  Kind kind = Kind::access;
  Invalidate op = Invalidate::all;
  u16 asid = 0;   // the space's live ASID, 0 if no TLB can hold anything of it
  u32 space = 0;  // process number
  u32 pfn = 0;
  u64 va = 0;
  u64 span = 0;      // bytes from va that the entry translates
  u64 seen = 0;      // the word that the kernel's decision was based on
  u64 old_word = 0;  // the word that memory held
  u64 new_word = 0;
};

class MmListener {
 public:
  virtual ~MmListener() = default;
  virtual void event(const MmEvent&) = 0;
};

class EventLog {
 public:
  explicit EventLog(size_t keep = 64) : last_(keep) {}
  void add(const MmEvent& event) {
    last_.push_back(event);
    if (listener_ != nullptr) listener_->event(event);
  }
  void listen(MmListener* listener) { listener_ = listener; }
  std::string text() const;  // the last events, one a line

 private:
  boost::circular_buffer<MmEvent> last_;
  MmListener* listener_ = nullptr;
};

}  // namespace kilburn::os
