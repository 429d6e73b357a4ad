// SPDX-License-Identifier: Apache-2.0
//
// Every decision about as often as every other: each round builds tables that grant everything but for one thing at one
// level, and makes one access. The random test meets rare decisions rarely; this one is for coverage of the rules.
#pragma once

#include <array>

#include "tb/lockstep/lockstep.h"
#include "tb/stimulus/random_test.h"
#include "tb/stimulus/single_access.h"

namespace kilburn::tb {

struct DecisionsResult {
  arch::u64 answered = 0;
  arch::u64 compared = 0;  // with the architecture's walk
  arch::u64 restarts = 0;
  arch::u64 faults[16] = {};
};

class DecisionsTest {
 public:
  static constexpr arch::u64 kMemoryBytes = arch::u64{1} << 22;

  // Of the configuration, format, count, seed, vary_settings and features count.
  DecisionsTest(Lockstep& lockstep, const RandomTestConfig& config);
  // Throws DutWrong.
  void run();
  const DecisionsResult& result() const { return result_; }

 private:
  // How the access of a round meets the structures that cache.
  enum class Way {
    empty,      // nothing is held
    neighbour,  // the upper levels are held, from an access beside it
    stale,      // so, and then they change
    same,       // the translation itself, by the same port or by the other
    ahead,      // an access to the page before it, which a prefetch may follow
  };
  struct Round {
    Way way = Way::empty;
    arch::Context context;
    arch::Request request;
    unsigned levels = 4, leaf = 1;
    unsigned apart = 1;  // level at which the neighbour's address differs
    bool maps_itself = false;
  };

  void round();
  void changed_round();
  void look_ahead(const Round& round);
  arch::u64 changed(const Round& round, unsigned level, arch::u64 entry);
  void held_answer(const Round& round, unsigned level, bool merged);
  void wait_for(const kilburn_req_out& out);
  void give(kilburn_req_in& pins, const kilburn_req_out& out);
  void new_settings();
  void draw_context(Round& round);
  void draw_request(Round& round);
  arch::u64 draw_address(const Round& round);
  void build(const Round& round);
  void neighbour(const Round& round);
  void spoil_x86(Round& round);
  void spoil_alpha(Round& round);
  void access(const Round& round);
  void answer_misses(const Round& round);
  DutAnswer translate(const arch::Context&, const arch::Request&);

  arch::FormatInfo info(const Round& round) const {
    return arch::info(config_.format, lockstep_.settings(), round.context.controls);
  }
  arch::u64 table(unsigned level) const { return arch::u64{0x10000} * level; }
  arch::u64 entry_at(const Round& round, unsigned level, arch::u64 va) const;
  arch::u64 granting(const Round& round, unsigned level);
  arch::u64 entry(arch::u64 pa) { return lockstep_.memory().load64(pa); }
  void set(arch::u64 pa, arch::u64 value);

  Lockstep& lockstep_;
  RandomTestConfig config_;
  Random random_;
  SingleAccess port_;
  DecisionsResult result_;
  bool x86_;
};

}  // namespace kilburn::tb
