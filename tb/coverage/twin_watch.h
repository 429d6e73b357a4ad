// SPDX-License-Identifier: Apache-2.0
//
// What the twin's registers say beside a DUT that behaves as it: where answers come from, what walkers read and write,
// what fills replace, what invalidations meet. CP6, CP9 to CP15 and their crosses.
#pragma once

#include <array>
#include <boost/container/static_vector.hpp>

#include "model/uarch/mmu.h"
#include "tb/coverage/counts.h"
#include "tb/coverage/responses.h"
#include "tb/dut/dut.h"

namespace kilburn::coverage {

class TwinWatch {
 public:
  TwinWatch(const uarch::Mmu& twin, const kilburn_dut_config& built, Counts& counts, Responses& responses);

  void reset(const arch::Settings& settings);
  // The walker's read is done in memory; its response is still to come.
  void read(unsigned walker, u64 value);
  // The pins of a cycle, before the edge that ends it.
  void cycle(const kilburn_dut_in& in, const kilburn_dut_out& out) {
    if (filled_.due) [[unlikely]]
      look_at_fill();
    if (!twin_.misses().empty() || !quiet_) follow();
    if (in.mem_rsp_valid) [[unlikely]]
      answer(in);
    if (in.inv_valid & out.inv_ready) [[unlikely]]
      invalidation(in);
  }

 private:
  using State = uarch::MissFile::State;
  using Walk = uarch::Mmu::Walk;
  static constexpr unsigned kOwners = uarch::Mmu::kPrefetch + 1u;

  // Of the walk for a place, or of the prefetch's.
  struct Walked {
    u16 actions = 0;  // a bit each of AdAction
    u8 lost = 0;      // compare-and-swaps
    u8 cached = 0;    // level of the structure cache that it began from; 0: from the root
    u8 start = 0;     // level of its first read
    bool again = false;
    bool dirty_miss = false;
    u64 address = 0;  // of the last entry
  };
  struct Pending {  // read in memory, not answered
    bool done = false;
    u64 value = 0;
  };
  // A fill at the coming edge, and what the structures held before it.
  struct Filled {
    bool due = false, l1 = false, data = false, l2 = false;
    u64 va = 0;
    u16 asid = 0;
    u8 size = 0;
    std::array<uarch::TlbEntry, 64> before;
    std::array<uarch::TlbEntry, 8> set;
    unsigned set_first = 0;
  };

  void follow();
  void moved(unsigned place, State from, State to);
  void missed(unsigned place, const uarch::MissFile::Entry& entry);
  void ended(unsigned place, const uarch::MissFile::Entry& entry);
  void answer(const kilburn_dut_in& in);
  void entry_bits(unsigned level, u64 entry);
  void expect_fill(bool l1, bool data, bool l2, u64 va, u16 asid, u8 size);
  void look_at_fill();
  void replaced(uarch::Structure structure, const uarch::TlbEntry* before, unsigned first, unsigned count, bool mixes);
  void invalidation(const kilburn_dut_in& in);
  void target(Invalidation op, u64 va, u16 asid);
  Timing timing(unsigned walker, const Walk& walk, const kilburn_dut_in& in) const;
  bool concerns(Invalidation op, u64 va, u16 asid, const uarch::HeldRequest& held) const;
  const uarch::HeldRequest& held(const Walk& walk) const {
    return walk.owner == uarch::Mmu::kPrefetch ? twin_.prefetch_request() : twin_.misses().entry(walk.owner).held;
  }
  void beside(boost::container::static_vector<Concurrency, 8>& found, unsigned place, const Walked& ended) const;
  tb::Side side_of(unsigned place) const {
    return twin_.misses().side(place) == uarch::SideName::data ? tb::Side::data : tb::Side::instruction;
  }
  bool same_page(u64 a, u64 b) const { return ((a ^ b) & page_bits_) == 0; }

  const uarch::Mmu& twin_;
  arch::Format format_;
  bool x86_, rewalk_;
  u64 page_bits_;
  std::array<unsigned, 4> bank_first_{};
  std::array<unsigned, 4> bank_sets_{};
  unsigned ways_;
  Counts& counts_;
  Responses& responses_;
  arch::Settings settings_;
  bool quiet_ = true;
  std::array<State, uarch::MissFile::kMaxPlaces> states_{};
  std::array<Walked, kOwners> walked_{};
  std::array<Pending, 16> pending_{};
  Filled filled_;
  std::array<u64, 64> prefetched_{};  // pages; a ring
  unsigned next_prefetched_ = 0;
  unsigned faults_ = 0;
};

}  // namespace kilburn::coverage
