// SPDX-License-Identifier: Apache-2.0
//
// What requests, responses and changes of entries say: CP1 to CP9, CP16 to CP18, CP20 and their crosses. Works on any
// DUT; where the answer came from is known only beside a twin (tb/coverage/twin_watch.h).
#pragma once

#include <boost/container/static_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <optional>

#include "sw/hw/ports.h"
#include "tb/coverage/classify.h"
#include "tb/coverage/counts.h"
#include "tb/lockstep/history.h"

namespace kilburn::coverage {

class Responses {
 public:
  // `memory`: every word as it is now; only read.
  Responses(arch::Format format, os::PhysMem& memory, Counts& counts)
      : format_(format), x86_(format == arch::Format::x86_64), memory_(memory), counts_(counts) {}

  void reset(const arch::Settings& settings);
  void request(tb::Side side, unsigned id, const arch::Request& request, const arch::Context& context, bool told);
  // The request was answered otherwise than by its L1 TLB, or was by it.
  void from(tb::Side side, unsigned id, Source source) { open_[place(side, id)].source = source; }
  void response(tb::Side side, unsigned id, const Answered& answered);
  // Software changed a word; an operation was completed.
  void written(u64 pa, u64 before, u64 after);
  void invalidated(Invalidation op, u64 va, u16 asid);

 private:
  struct Open {
    bool open = false;
    arch::Request request;
    arch::Context context;
    std::optional<Source> source;  // nothing: not known
  };
  struct Done {
    Invalidation op;
    u64 va;
    u16 asid;
  };
  // An entry that changed and has not been used since.
  struct Change {
    u64 pa;
    u64 before;  // when it was used last
    u8 level;
    boost::container::static_vector<Done, 6> since;
  };
  static constexpr std::size_t kMostChanges = 16;
  static unsigned place(tb::Side side, unsigned id) { return static_cast<unsigned>(side) * 16 + (id & 15); }

  arch::Outcome walk(const Open& open) const;
  void controls(const Open& open);
  void x86(const Open& open, const Answered& answered, const arch::Outcome& now);
  void alpha(const Open& open, const Answered& answered, const arch::Outcome& now);
  void alpha_entries(const Open& open, const arch::Outcome& now);
  void used(const Open& open, const Answered& answered, const arch::Outcome& now);
  bool covers(const Done& operation, const Open& open) const;

  arch::Format format_;
  bool x86_;
  os::PhysMem& memory_;
  Counts& counts_;
  arch::Settings settings_;
  Open open_[32];
  boost::unordered_flat_map<u64, u8> entries_;  // words that walks came to, with their level
  boost::container::static_vector<Change, kMostChanges> changes_;
};

}  // namespace kilburn::coverage
