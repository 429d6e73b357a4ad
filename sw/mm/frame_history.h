// SPDX-License-Identifier: Apache-2.0
//
// What happened to frames lately: allocated, freed, moved, refused. An error in freeing is told together
// with the life of its frame, which is what finds the second owner.
#pragma once

#include <boost/circular_buffer.hpp>
#include <string>

#include "sw/core/types.h"

namespace kilburn::os {

class FrameHistory {
 public:
  static constexpr size_t kEventsOfFrame = 64;  // told at most
  enum class Kind : u8 { allocated, freed, taken, moved_from, moved_to, refused };

  explicit FrameHistory(size_t keep = 4096) : events_(keep) {}
  void add(Kind kind, Pfn pfn, unsigned order) { events_.push_back({number_++, pfn, kind, static_cast<u8>(order)}); }
  // The last events whose block holds the frame, one a line, oldest first.
  std::string text(Pfn pfn) const;

 private:
  struct Event {
    u64 number;
    Pfn pfn;
    Kind kind;
    u8 order;
  };
  boost::circular_buffer<Event> events_;
  u64 number_ = 0;
};

}  // namespace kilburn::os
