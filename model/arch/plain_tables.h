// SPDX-License-Identifier: Apache-2.0
//
// x86-64 entries that lead to a table and need nothing but to be followed, picked out with one comparison. What is not
// picked out, judge_entry() decides; for what is, it says the same (tests/unit/arch).
#pragma once

#include "model/arch/walk.h"
#include "model/arch/x86_64.h"

namespace kilburn::arch {

class PlainTables {
 public:
  PlainTables() : plain_({}, {}, 0) {}
  PlainTables(const Settings& settings, u32 controls) : plain_(settings, {}, controls) {}

  // Of a level above the last: nothing if judge_entry() is to be asked. `above` becomes what the levels down to this
  // entry allow.
  bool follow(u64 entry, Accumulated& above, u64& next) const {
    if (!plain_.is_table(entry)) return false;
    Rules::Levels levels(above);
    levels.add(entry);
    above = levels.accumulated();
    next = Rules::next_table(entry);
    return true;
  }

 private:
  using Rules = rules::x86_64::Rules<4>;  // of any number of levels: where PS is reserved it is not picked out
  Rules::Plain plain_;
};

}  // namespace kilburn::arch
