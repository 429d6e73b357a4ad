// SPDX-License-Identifier: Apache-2.0
//
// The transactions of a recorded run and what connects them, for transactions.ftr:
//
//   i, d         i_3, d_3: requests by id, from acceptance to response; i_response, d_response
//   walks        walker_0 ...: the twin's walks
//   memory       memory_0 ...: reads and swaps by id
//   operations   operation: TLB operations
//   software     software: page-table words written
//
//   walk      a request and each walk for it         access   a walk and its memory accesses
//   result    a walk and the response it gave        response a request and its response
//   merged    a walk and the response to a request that waited for it, to the same page
//   value     whoever wrote a page-table word last, software or a swap, and an access that finds this value
//
// Walks, and what goes to and from them, are known while a twin agrees with the DUT; nothing is guessed without one.
#pragma once

#include <array>
#include <optional>

#include "model/uarch/mmu.h"
#include "tb/failure/transaction_log.h"
#include "tb/lockstep/lockstep.h"

namespace kilburn::tb {

class Transactions {
 public:
  // As of ReferenceWaves, which calls the others.
  Transactions(const Lockstep&, const std::filesystem::path& waves);

  void cycle(const Lockstep&, bool compared);
  void reset();
  void finish() { log_.write(); }

 private:
  using Id = TransactionLog::Id;
  using Moment = TransactionLog::Moment;
  using Edge = TransactionLog::Edge;
  static constexpr unsigned kIds = 16;
  static constexpr unsigned kMostEdits = 64;  // told of one cycle

  // A request that waits for its response.
  struct Request {
    Id id;
    arch::u64 number = 0;
    Id walk;    // its last, unless it has to try again
    Id leader;  // the walk of another that it waited for
    const char* from = "L1 TLB";
  };
  struct Port {
    std::array<Request, kIds> requests;
    Id response;  // offered
    unsigned response_id = 0;
  };
  struct Walk {
    Id id, owner;
    bool prefetch = false;
    arch::u64 accesses = 0;
    unsigned level = 0;
  };
  struct Access {
    Id id;
    arch::u64 address = 0, clock = 0, desired = 0;
    bool swaps = false;
  };
  // Who wrote a word last, and when that was over.
  struct Written {
    Id by;
    arch::u64 value, clock;
  };

  Port& port(Side side) { return ports_[static_cast<unsigned>(side)]; }
  Request& held(const uarch::MissFile&, unsigned place);
  Id begin_request(Side, const OpenRequest&, unsigned id, Edge);
  void look_at_twin(const uarch::Mmu&);
  void look_at_walker(const uarch::Mmu&, unsigned walker);
  void end_walk(Walk&, const char* note);
  void respond(const Lockstep&, Side, bool compared);
  void accept(const Lockstep&, Side);
  void answer_access(const Lockstep&);
  void begin_access(const Lockstep&, const uarch::Mmu* twin);
  void operate(const Lockstep&);
  void edit(const Lockstep&);
  // The clock after the one in which this generator's last transaction ended, if that is this one.
  static Edge after(bool ended_now) { return ended_now ? Edge::end : Edge::begin; }

  TransactionLog log_;
  std::array<unsigned, 2> port_streams_{};
  unsigned walks_ = 0, memory_ = 0, operations_ = 0, software_ = 0;  // streams
  std::array<Port, 2> ports_;
  std::vector<Walk> walkers_;
  std::array<Access, kIds> accesses_;
  Id operation_;
  std::unordered_map<arch::u64, Written> written_;  // by address
  arch::u64 edits_ = 0;
  arch::u64 clock_ = 0;
  bool from_reset_ = false;  // nothing is under way that began before the waves
};

}  // namespace kilburn::tb
