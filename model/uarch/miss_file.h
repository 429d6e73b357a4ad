// SPDX-License-Identifier: Apache-2.0
//
// The miss files of both sides, as the ring that the L2 TLB and the walkers choose from (rtl/README.md, "Side").
#pragma once

#include <array>
#include <bit>
#include <cassert>

#include "model/arch/types.h"
#include "model/uarch/pins.h"

namespace kilburn::uarch {

enum class SideName : u8 { instruction, data };

// The context is the one of the cycle that accepted the request (rule R4, trap T104).
struct HeldRequest {
  arch::Request request;
  arch::Context context;
  u8 id = 0;
};

// The first of `set`, a bit a place, in the cyclic order that begins after `last` and ends with it; `set` is not empty.
inline unsigned next_in_ring(u32 set, unsigned last) {
  assert(set != 0);
  const u32 after = set & ~((u32{2} << last) - 1);
  return static_cast<unsigned>(std::countr_zero(after != 0 ? after : set));
}

// A place is an entry of the D side's file, or past those of the I side's. The places in one state are the bits of a
// word, so a choice among them is a few instructions.
class MissFile {
 public:
  enum class State : u8 { free, look, looking, ready, walk, merged, retry, done };
  static constexpr unsigned kMaxEntries = 8;  // of a side
  static constexpr unsigned kMaxPlaces = 2 * kMaxEntries;

  struct Entry {
    HeldRequest held;
    ReqOut result;  // in DONE: the response to push
    bool top = false;
    u8 parent = 0;  // in MERGED: a place of the same side
    State state = State::free;
  };

  MissFile(unsigned i_entries, unsigned d_entries)
      : d_entries_(d_entries), places_{{((u32{1} << i_entries) - 1) << d_entries, (u32{1} << d_entries) - 1}} {
    reset();
  }

  void reset() {
    entry_.fill(Entry{});
    in_.fill(0);
    in_[index(State::free)] = places_[0] | places_[1];
  }

  u32 places(SideName side) const { return places_[static_cast<unsigned>(side)]; }
  u32 in(State state) const { return in_[index(state)]; }
  bool empty() const { return in(State::free) == (places_[0] | places_[1]); }
  SideName side(unsigned place) const { return place < d_entries_ ? SideName::data : SideName::instruction; }
  // As the specification numbers it.
  unsigned number(unsigned place) const { return place < d_entries_ ? place : place - d_entries_; }

  Entry& entry(unsigned place) { return entry_[place]; }
  const Entry& entry(unsigned place) const { return entry_[place]; }

  void move(unsigned place, State to) {
    State& state = entry_[place].state;
    in_[index(state)] &= ~(u32{1} << place);
    in_[index(to)] |= u32{1} << place;
    state = to;
  }

  // The request has its result. Those merged with it try again, one that merged at this very edge too: it cannot
  // have known.
  void finish(unsigned place, const ReqOut& result) {
    Entry& ended = entry_[place];
    ended.result = result;
    ended.result.rsp_valid = 1;
    ended.result.rsp_id = ended.held.id;
    move(place, State::done);
    for (u32 rest = in(State::merged)&places(side(place)); rest != 0; rest &= rest - 1) {
      const auto other = static_cast<unsigned>(std::countr_zero(rest));
      if (entry_[other].parent == place) move(other, State::retry);
    }
  }

 private:
  static constexpr std::size_t index(State state) { return static_cast<std::size_t>(state); }

  unsigned d_entries_;
  std::array<u32, 2> places_;  // by SideName
  std::array<u32, 8> in_{};    // by State
  std::array<Entry, kMaxPlaces> entry_{};
};

}  // namespace kilburn::uarch
