// SPDX-License-Identifier: Apache-2.0
//
// The cycle-exact twin of the MMU: an independent reading of rtl/README.md, every pin in every cycle.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "model/arch/walk.h"
#include "model/uarch/miss_file.h"
#include "model/uarch/pins.h"
#include "model/uarch/replacement.h"

namespace kilburn::uarch {

// The parameters of rtl/README.md, their ranges and meanings.
struct Config {
  arch::Format format = arch::Format::x86_64;
  arch::Settings settings;
  unsigned i_entries = 16;
  unsigned d_entries = 32;
  unsigned i_misses = 2;
  unsigned d_misses = 4;
  unsigned l2_sets = 64;  // 0: no L2 TLB
  unsigned l2_large_sets = 8;
  unsigned l2_ways = 4;
  std::array<unsigned, 4> psc_entries = {16, 8, 4, 2};  // of levels 2 to 5; 0: none of that level
  unsigned walkers = 4;
  Policy policy = Policy::tree;
  bool rewalk = true;
  bool prefetch = false;
};

// What holds entries, by its number in tb/dut/dut.h.
enum class Structure : u8 { i_tlb, d_tlb, l2, psc };
inline constexpr std::array kStructures = {Structure::i_tlb, Structure::d_tlb, Structure::l2, Structure::psc};

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

  // An entry's contents; all 0 for an invalid entry or an index past the last. The L2 TLB's are numbered bank after
  // bank, set after set, way after way; the paging-structure caches' from level 2 up.
  virtual TlbEntry entry(Structure, unsigned index) const = 0;
  virtual unsigned entries(Structure) const = 0;
  // What each miss, FIFO, walker, the prefetch and the maintenance are doing, a line each.
  virtual std::string describe() const = 0;

  // The registers of misses and walks, for whoever looks on.
  struct Walk {
    enum class State : u8 { idle, requesting, sent } state = State::idle;
    u8 owner = 0;  // a place of misses(), or kPrefetch
    u8 level = 0;
    bool swaps = false;  // its memory access is a compare-and-swap
    bool mid = false;    // began below the root
    u64 address = 0, desired = 0;
    arch::Accumulated above;
  };
  static constexpr u8 kPrefetch = MissFile::kMaxPlaces;
  virtual const MissFile& misses() const = 0;
  virtual unsigned walkers() const = 0;
  virtual Walk walk(unsigned walker) const = 0;             // of a number below walkers()
  virtual const HeldRequest& prefetch_request() const = 0;  // while a walk is the prefetch's
  virtual bool maintaining() const = 0;                     // the maintenance state is BUSY

 protected:
  Mmu() = default;
  virtual void reset_registers() = 0;

  arch::Settings settings_;
  PinsOut pins_;
};

// Throws std::invalid_argument for a configuration outside the ranges of rtl/README.md.
std::unique_ptr<Mmu> make_mmu(const Config& config);

}  // namespace kilburn::uarch
