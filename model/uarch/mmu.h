// SPDX-License-Identifier: Apache-2.0
//
// The cycle-exact twin of the MMU: an independent reading of rtl/README.md, every pin in every cycle.
#pragma once

#include <memory>
#include <string>

#include "model/arch/walk.h"
#include "model/uarch/pins.h"
#include "model/uarch/side.h"

namespace kilburn::uarch {

struct Config {
  arch::Format format = arch::Format::x86_64;
  arch::Settings settings;
  unsigned i_entries = 16;  // 1, 2, 4 ... 64
  unsigned d_entries = 32;  // 1, 2, 4 ... 64
};

// One instance is in reset when made. All outputs are functions of registers (rule R1): outputs() are the
// pins of the current cycle, and clock() applies this cycle's inputs and the rising edge that ends it.
class Mmu {
 public:
  virtual ~Mmu() = default;
  Mmu(const Mmu&) = delete;
  Mmu& operator=(const Mmu&) = delete;

  const PinsOut& outputs() const { return pins_; }
  virtual void clock(const PinsIn& in) = 0;
  // With the configuration that it has, or another one, which holds from then on. The pin cfg is not looked at: it
  // is constant from reset on and says the same (arch::config_word).
  void reset() { reset(settings_); }
  // Throws std::invalid_argument for settings outside the ranges of rtl/README.md, and stays as it is.
  void reset(const arch::Settings& settings);
  const arch::Settings& settings() const { return settings_; }

  // A TLB entry's contents; all 0 for an invalid entry or an index past the last.
  virtual TlbEntry entry(SideName side, unsigned index) const = 0;
  // What each slot, wait register, FIFO, the walker and the invalidation are doing, a line each.
  virtual std::string describe() const = 0;

 protected:
  Mmu() = default;
  virtual void reset_registers() = 0;

  arch::Settings settings_;
  PinsOut pins_;
};

// Throws std::invalid_argument for a configuration outside the ranges of rtl/README.md.
std::unique_ptr<Mmu> make_mmu(const Config& config);

}  // namespace kilburn::uarch
