// SPDX-License-Identifier: Apache-2.0
//
// The exact check: every output pin against the cycle-exact twin in every cycle, and the contents of
// the TLBs and paging-structure caches at intervals and at the end.
#pragma once

#include <bit>
#include <cstring>
#include <memory>
#include <string>

#include "model/uarch/mmu.h"
#include "tb/dut/loader.h"

namespace kilburn::tb {

// What differed first. A mismatch ends the run.
struct Difference {
  std::string signal;  // pin of rtl/README.md, or "dtlb[3].pa", "l2[17].va", "psc[2].rights"
  arch::u64 expected = 0;
  arch::u64 found = 0;
};

class ExactCheck {
 public:
  explicit ExactCheck(std::unique_ptr<uarch::Mmu> twin) : twin_(std::move(twin)) {}

  // The twin of a DUT that claims cycle-exact behaviour; throws UserError if it does not.
  static ExactCheck for_dut(const kilburn_dut_api&, const arch::Settings&);

  void reset(const arch::Settings& settings) { twin_->reset(settings); }

  // True if every pin agrees. `in` are the inputs that led to `found`.
  bool clock(const kilburn_dut_in& in, const kilburn_dut_out& found) {
    twin_->clock(std::bit_cast<uarch::PinsIn>(in));
    ++cycles_;
    return std::memcmp(&twin_->outputs(), &found, sizeof found) == 0;
  }
  // The same without a clock, after reset.
  bool agrees(const kilburn_dut_out& found) const { return std::memcmp(&twin_->outputs(), &found, sizeof found) == 0; }
  // The first pin that differs.
  Difference first_difference(const kilburn_dut_out& found) const;
  // Compares the contents of all four structures; signal empty if they agree or cannot be seen.
  Difference compare_contents(const Dut&);

  kilburn_dut_out expected() const;
  std::string describe() const { return twin_->describe(); }
  const uarch::Mmu& twin() const { return *twin_; }
  arch::u64 cycles() const { return cycles_; }
  arch::u64 pin_comparisons() const;
  arch::u64 entry_comparisons() const { return entries_compared_; }

 private:
  std::unique_ptr<uarch::Mmu> twin_;
  arch::u64 cycles_ = 0;
  arch::u64 entries_compared_ = 0;
};

}  // namespace kilburn::tb
