// SPDX-License-Identifier: Apache-2.0
//
// What the kernel does that the MMU can see, in order: entries written, invalidations, frames freed.
// The writers of the log are the only code that does these things, so that a checker of the order
// (check/order.h) needs to believe nothing else.
#pragma once

#include <boost/circular_buffer.hpp>
#include <string>

#include "sw/core/random.h"
#include "sw/hw/ports.h"
#include "sw/mm/asid.h"
#include "sw/mm/cost.h"

namespace kilburn::os {

struct MmEvent {
  enum class Kind : u8 {
    entry,        // leaf entry written: space, live, va, seen, old_word, new_word
    table,        // table entry written: space, live, va, span, old_word, new_word
    invalidate,   // cpu, op, va, asid
    acknowledge,  // cpu
    free,         // pfn
    access,       // space: the program runs on
    context,      // cpu, asid, space: the CPU goes on in this space
    fill,         // cpu, asid, space, va, new_word: into the TLB by software
    fault,        // cpu, space, va, cycles: handled
    // Reclaim; check/reclaim.h
    scan,     // begins
    scanned,  // new_word: frames freed
    sweep,    // space: the turn is its; seen: pages it owns
    evict,    // pfn, span 1: although it is not old
    evicted,  // pfn, new_word 1: the frame is free
    direct,   // an allocation reclaims by itself; asid: its highest zone, span: its order, seen: free frames
    wakes,    // kswapd; pfn: the zone's first, seen: its free frames
    runs,     // kswapd: one step
    sleeps,   // kswapd, for a zone; pfn, seen, new_word 1: it found nothing to free
    thrash,   // an alarm begins; seen: near refaults in 1 000 references
    oom,      // space: chosen to be killed
  };
  Kind kind = Kind::access;
  Invalidate op = Invalidate::all;
  u8 cpu = 0;
  u16 asid = 0;
  u32 space = 0;  // process number
  u32 pfn = 0;
  u64 va = 0;
  u64 span = 0;      // bytes from va that the entry translates
  u64 seen = 0;      // the word that the kernel's decision was based on
  u64 old_word = 0;  // the word that memory held
  u64 new_word = 0;
  u64 cycles = 0;  // the sum of the steps' costs
  AsidSet live{};  // the space's ASID on each CPU, 0 where its TLB can hold nothing of it
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
    mix_in(event);
    if (meter_ != nullptr) charge(event.kind);
    if (listener_ != nullptr) listener_->event(event);
  }
  void listen(MmListener* listener) { listener_ = listener; }
  void charge_to(Meter* meter) { meter_ = meter; }  // the costs of what is logged
  std::string text() const;                         // the last events, one a line
  u64 hash() const { return hash_; }                // over all events so far (P60)

 private:
  void charge(MmEvent::Kind kind) const;
  void mix_in(const MmEvent& e) {
    const u64 head = u64(e.kind) | u64(e.op) << 8 | u64{e.cpu} << 16 | u64{e.asid} << 24 | u64{e.space} << 40;
    hash_ = mix(hash_ ^ head) + mix(e.va ^ (u64{e.pfn} << 32)) + mix(e.old_word ^ hash_) + mix(e.new_word + e.cycles);
  }

  boost::circular_buffer<MmEvent> last_;
  MmListener* listener_ = nullptr;
  Meter* meter_ = nullptr;
  u64 hash_ = 0;
};

}  // namespace kilburn::os
