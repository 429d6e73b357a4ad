// SPDX-License-Identifier: Apache-2.0
//
// A failure told to an engineer: what differed, the request it belongs to, both sides' walk.
#pragma once

#include <string>
#include <vector>

#include "tb/lockstep/lockstep.h"

namespace kilburn::tb {

struct Failure {
  std::string check;    // "exact", "protocol", "end-to-end", or the id of an OS audit
  std::string message;  // one line
  arch::u64 cycle = 0;
  std::string signal;  // empty if the failure is not about one
  arch::u64 expected = 0;
  arch::u64 found = 0;
  std::string request;                      // the request it belongs to, in words; empty if unknown
  std::vector<std::string> reference_walk;  // one line a step
  std::vector<std::string> dut_walk;        // one line a beat on the DUT's memory port
  std::vector<std::string> details;         // what the check itself has to say, one line each; may be empty
  std::vector<std::string> history;         // last transactions, oldest first
  std::string twin;                         // the twin's state in words
  std::string waves;                        // file, empty if none
};

// The failure of a lockstep run, told from the state the run stopped in.
Failure tell(const DutWrong&, Lockstep&);

}  // namespace kilburn::tb
