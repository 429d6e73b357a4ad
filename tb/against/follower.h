// SPDX-License-Identifier: Apache-2.0
//
// The second DUT (B): gets what the first (A) accepted, in A's order, through pins, memory and checks of its own.
//
// B is clocked at least once for each cycle of A. What A accepted at one edge is offered to B at once, and B is clocked
// until it has taken all of it: so B never gets anything before what A got earlier, and what stands at A's ports, not
// yet taken, is no event at all. An id is offered again only when B has answered it. A's cycles are not B's: latencies
// are measured in each one's own.
#pragma once

#include <functional>
#include <string>

#include "tb/against/answers.h"
#include "tb/against/image.h"
#include "tb/lockstep/lockstep.h"

namespace kilburn::against {

struct FollowerConfig {
  std::string bug;  // seeded bug to plant, or none
  arch::u64 seed = 1;
  tb::LockstepConfig lockstep;  // of B; its monitor is the follower's own
  admissible::CheckerConfig checker;
};

class Follower {
 public:
  // `original`: A's memory, looked at without side effects. Throws UserError: no such bug.
  Follower(const tb::DutLibrary&, const FollowerConfig&, os::PhysMem& original, Answers&);

  // What A accepted in this cycle of its own.
  void accept(const kilburn_dut_in& in, bool i, bool d, bool operation);
  // A cycle without an event; the response ports as A's requester held them.
  void clock(bool take_i, bool take_d);

  // Clock until B is as far as software has seen A.
  void wait_answered(tb::Side side, unsigned id);
  void wait_acknowledged();
  void settle();  // everything is answered and acknowledged

  // The settings are other ones; B forgets everything, and its memory is A's again. Throws UserError if B is built
  // with others.
  void restart(const arch::Settings&);
  void finish();

  tb::Lockstep& lockstep() { return lockstep_; }
  const tb::Lockstep& lockstep() const { return lockstep_; }
  os::PhysMem& memory() { return lockstep_.memory(); }  // for software
  Image& image() { return image_; }
  const JudgedMonitor& judged() const { return judged_; }
  tb::Dut& dut() { return dut_; }

 private:
  void require(const kilburn_dut_in& in, bool d) const;
  template <class Done>
  void wait(Done&& done, const std::string& what);

  const kilburn_dut_api& api_;
  Answers& answers_;
  Image image_;
  JudgedMonitor judged_;
  tb::Dut dut_;
  tb::Lockstep lockstep_;
  arch::u64 limit_;             // cycles within which something must be taken, answered, acknowledged
  arch::u32 missing_controls_;  // controls of features that B does not have
  arch::u16 busy_[2] = {0, 0};  // one bit an id in flight, by side
  bool operating_ = false;      // an operation is taken, not yet acknowledged
};

}  // namespace kilburn::against
