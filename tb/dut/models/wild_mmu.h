// SPDX-License-Identifier: Apache-2.0
//
// `wild` at the pins, cycle by cycle: an MMU that does whatever the law lets hardware do. Each instance draws
// its choices from its own seed and shares nothing, so any number may work on one memory.
//
//   accept ─► lookup ─► hit ──────────────────────────► response, in any order
//                └────► waiting ─► walk, one of several ─┘   fills, prefetches, drops on the way
//
// Rules it keeps (SDM 4.10, EV5 5.1.7, rtl/README.md R1 to R10):
//   - what an invalidation covers is gone, and every walk begins again, when it is acknowledged; until then, and for
//     requests accepted before, old entries serve;
//   - a request accepted before an acknowledge fills nothing after it, and no speculation follows from its context;
//   - a page fault drops what could make it recur (x86-64), when it is decided, shown and taken;
//   - entries that are not present, reserved or not accessed are never held.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <vector>

#include "tb/dut/dut.h"
#include "tb/dut/models/wild_judge.h"
#include "tb/dut/models/wild_tables.h"
#include "tb/dut/models/wild_tlb.h"

namespace kilburn::tb::wild {

class WildMmu {
 public:
  WildMmu(arch::Format, unsigned profile, u64 seed);
  // Between requests; what is held is dropped.
  void set_bug(Bug);
  void reset(u32 cfg, kilburn_dut_out&);
  void clock(const kilburn_dut_in&, kilburn_dut_out&);
  const WildConfig& config() const { return config_; }

 private:
  static constexpr unsigned kMostSlots = 8;
  static constexpr unsigned kMostWalks = 12;
  static constexpr unsigned kNobodys = 4;  // walks on nobody's behalf
  static constexpr int kNone = -1;

  // A request from its acceptance to the transfer of its response.
  struct Slot {
    enum class State : u8 { free, waiting, walking, done, shown, lost } state = State::free;
    bool old = false;  // accepted before the last acknowledge
    bool late_check = false;
    arch::Request request;
    arch::Context context;
    Tag tag;
    u64 serial = 0;
    u64 due = 0;  // cycle of the response, at the earliest
    kilburn_req_out response{};
  };
  struct Side {
    std::array<Slot, kMostSlots> slots;
    int shown = kNone;
    unsigned busy = 0;  // slots that are not free
    unsigned done = 0;  // ... with an answer that is not shown
    u64 stall_until = 0;
  };
  struct Walk {
    enum class State : u8 { idle, wanting, shown, in_flight } state = State::idle;
    unsigned side = 0;
    int slot = kNone;     // kNone: on nobody's behalf
    bool fills = true;    // may install what it finds
    bool top = false;     // must read every level
    bool cached = false;  // has used an entry that was held
    bool dead = false;    // its reply is dropped
    bool swap = false;
    bool ghost = false;      // GHOST: the read whose reply nobody needs
    bool rewritten = false;  // T50
    arch::Request request;
    arch::Context context;
    Tag tag;
    unsigned level = 0;
    u64 table = 0;
    u64 pa = 0;  // of the entry at `level`
    u64 parent = 0;
    arch::Accumulated above;
    u64 expect = 0, desired = 0;
    u64 at = 0;                             // cycle of the memory request, at the earliest
    std::optional<u64> believed;            // of illegal variants: the entry as it was thought to be
    std::optional<arch::FaultReport> kept;  // of T08 and GHOST
  };

  // wild_mmu.cpp: ports
  void respond(const kilburn_dut_in&);
  void accept(unsigned side, const kilburn_req_in&, const kilburn_dut_in&);
  void check_late(unsigned side, const kilburn_req_in&);
  void decide(unsigned side, Slot&);
  void look_up(unsigned side, Slot&);
  void answer(unsigned side, Slot&, const arch::FaultReport&);
  void answer(unsigned side, Slot&, const arch::Translation&, u64 pa);
  void answer_from(unsigned side, Slot&, const arch::Translation&);
  void finish(unsigned side, Slot&);
  void show_response(unsigned side);
  void show(kilburn_dut_out&);
  // wild_walk.cpp
  void memory_reply(const kilburn_dut_in&);
  void start_walks();
  void begin(Walk&);
  void enter(Walk&);
  void want(Walk&);
  void want_swap(Walk&, u64 expect, u64 desired);
  void judge(Walk&, u64 value);
  bool skips_update(const Walk&, u64& value, u64 desired, bool leaf) const;
  bool update_before_fault(Walk&, u64 value, const arch::FaultReport&);
  void swap_failed(Walk&, u64 now);
  void end_fault(Walk&, u64 value, arch::FaultReport);
  void end_translated(Walk&, const arch::Translation&);
  void install(const Walk&, const arch::Translation&);
  void free_walk(Walk&);
  void show_memory();
  Walk* nobodys_walk();
  void page_fault(u64 va, u16 asid);
  // wild_background.cpp: maintenance and what nobody asked for
  void maintenance(const kilburn_dut_in&);
  void perform();
  void perform_fill();
  void restart_walks();
  void background();
  void speculate(unsigned side, u64 va, const arch::Context&, Tag);
  void read_neighbours(const Walk&);
  u64 address_nearby(u64 va, u32 controls);

  bool bug(Bug which) const { return bug_ == which; }
  bool sometimes(unsigned one_in) { return one_in != 0 && random_.one_in(one_in); }
  u64 rest(unsigned most) { return most != 0 ? random_.below(most + 1) : 0; }
  Tag tag_of(const arch::Context&) const;
  void configure();

  const arch::Format format_;
  Random random_;
  const WildConfig profile_;
  WildConfig config_;
  Bug bug_ = Bug::none;
  Judge judge_;
  arch::FormatInfo widest_;

  std::array<Side, 2> sides_;
  std::array<WildTlb, 2> tlbs_;
  WildTables tables_;
  std::array<Walk, kMostWalks> walks_;
  unsigned active_walks_ = 0;
  int shown_walk_ = kNone;
  u64 now_ = 0;
  u64 serial_ = 0;
  unsigned waiting_ = 0;  // slots
  WildTlb::Matches matches_;

  enum class Maintenance : u8 { idle, busy, acknowledge } maintenance_ = Maintenance::idle;
  struct Operation {
    u8 op = 0;
    u16 asid = 0;
    u64 va = 0;
    u64 pte = 0;
  };
  Operation operation_, before_;  // before_: for CVA3307
  u64 perform_at_ = 0;
  bool draining_ = false;
  u64 hold_ = 0;             // serial of the request that must end before the next operation (R5)
  u64 perform_late_at_ = 0;  // for ACK-EARLY

  std::optional<arch::Context> recent_;  // of the last request since the last acknowledge
  std::array<u64, 16> addresses_{};      // asked for lately
  u64 next_drop_ = 0, next_speculation_ = 0, next_stall_ = 0;

  // Of illegal variants.
  struct Absent {
    u64 va;
    unsigned span;  // log2 bytes
    u16 asid;
    u8 level;
  };
  std::vector<Absent> absent_;  // T60, T74
  std::map<u16, u64> roots_;    // ROOT
  u64 pins_root_ = 0;           // T104
  u16 pins_asid_ = 0;
  u64 data_fault_at_ = 0;  // T76
  u16 last_asid_ = 0;      // T66

  std::array<u32, 32> events_{};
  u32 shown_event_ = 0;
  kilburn_dut_out out_{};
};

}  // namespace kilburn::tb::wild
