// SPDX-License-Identifier: Apache-2.0
//
// The contexts that one MMU was given: which top tables were in use under which address-space number, and when (W1).
#pragma once

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <optional>

#include "model/arch/types.h"
#include "tb/admissible/time.h"

namespace kilburn::admissible {

// A top table in use. Controls that are judged at the access are the request's own; these are part of what is cached.
struct Root {
  u64 table;
  bool la57;
  Time first;
  Time last;         // end of its last use, if it is over
  unsigned waiting;  // requests not answered yet
  bool current;      // no request had another context since: the MMU may look ahead from it
  Time until() const { return waiting != 0 || current ? kForever : last; }
};

struct AddressSpace {
  boost::container::small_vector<Root, 4> roots;
  u8 nxe = 0, pge = 0;    // values that the controls had: bit 0 for 0, bit 1 for 1
  unsigned walkable = 0;  // requests not answered yet that may be walked for (without REFILL)
  Time walked = kAlways;  // the last of them was answered
  Time walked_until() const { return walkable != 0 ? kForever : walked; }
};

class AddressSpaces {
 public:
  // `latched`: what was current once may be walked from for ever.
  explicit AddressSpaces(bool latched = false) : latched_(latched) {}

  // Returns the top table that this one replaces in its address space, if there was another.
  std::optional<u64> accepted(Time time, const arch::Context& context) {
    if (!latest(context)) return accepted_other(time, context);
    ++latest_.own->waiting;
    ++latest_.any->waiting;
    latest_.space->walkable += latest_.walkable;
    all_.walkable += latest_.walkable;
    return std::nullopt;
  }
  void answered(Time time, const arch::Context& context) {
    if (!latest(context)) return answered_other(time, context);
    for (Root* const root : {latest_.own, latest_.any}) {
      --root->waiting;
      root->last = time;
    }
    if (latest_.walkable == 0) return;
    for (AddressSpace* const space : {latest_.space, &all_}) {
      --space->walkable;
      space->walked = time;
    }
  }

  const AddressSpace* space(u16 asid) const {
    const auto found = spaces_.find(asid);
    return found == spaces_.end() ? nullptr : &found->second;
  }
  template <class Use>
  bool any_space(Use&& use) const {
    for (const auto& [asid, space] : spaces_) {
      if (use(asid, space)) return true;
    }
    return false;
  }
  const AddressSpace& all() const { return all_; }  // every address space's contexts
  // As long as this stays the same, the same top tables are in use, and those that are not ended when they did.
  u64 changes() const { return changes_; }

  void collect(Time oldest);

 private:
  // The context of the last request, which the next one most often has too, and where it is counted. It is current,
  // so counting is all that a request or an answer changes.
  struct Latest {
    Root* own = nullptr;
    Root* any = nullptr;
    AddressSpace* space = nullptr;  // nullptr: not known
    unsigned walkable = 0;          // 1: without REFILL
  };
  bool latest(const arch::Context& context) const {
    return latest_.space != nullptr && context.root == current_.root && context.asid == current_.asid &&
           context.controls == current_.controls;
  }
  std::optional<u64> accepted_other(Time, const arch::Context&);
  void answered_other(Time, const arch::Context&);
  void leave(Time);
  static std::optional<u64> accept(AddressSpace&, Time, const arch::Context&);
  // Returns whether a top table's use has ended with this.
  static bool answer(AddressSpace&, Time, const arch::Context&);

  boost::unordered_flat_map<u16, AddressSpace> spaces_;
  AddressSpace all_;
  arch::Context current_;
  Latest latest_;
  u64 changes_ = 0;
  bool latched_;
  bool any_ = false;  // some request was accepted
};

}  // namespace kilburn::admissible
