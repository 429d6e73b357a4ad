// SPDX-License-Identifier: Apache-2.0
//
// What a run is to stop at: `fault && va == 0x7fff0000`, judged for every transfer on the DUT's ports.
//
//   condition   either of `a || b`, both of `a && b`, `!a`, `(a)`, a kind of transfer, or a field compared with a value
//   kinds       request, response, read, swap, answer, operation, acknowledge, edit (by software)
//   fields      cycle, side, id, va, pa, write, fetch, mode, asid, root, controls, fault, error, level, size, op, data;
//               alone, a field asks whether it is there and not 0
//   values      decimal, 0x hexadecimal, and by field the names of sides (i, d), modes, faults and operations
//   compared    == != < <= > >=; false for a transfer without that field
#pragma once

#include <functional>
#include <string>

#include "tb/lockstep/history.h"

namespace kilburn::tb {

class Breakpoint {
 public:
  using Condition = std::function<bool(const Transfer&)>;

  // Throws UserError with the place in the text and the reason.
  explicit Breakpoint(const std::string& text);
  bool operator()(const Transfer& transfer) const { return condition_(transfer); }

 private:
  Condition condition_;
};

}  // namespace kilburn::tb
