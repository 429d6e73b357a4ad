// SPDX-License-Identifier: Apache-2.0
//
// Uses of contexts.
#include "tb/admissible/address_spaces.h"

#include <algorithm>

#include "model/arch/layout.h"

namespace kilburn::admissible {

namespace ctl = arch::layout::Controls;

namespace {

Root* find(AddressSpace& space, const arch::Context& context) {
  const bool la57 = ctl::LA57.test(context.controls);
  for (Root& root : space.roots) {
    if (root.table == context.root && root.la57 == la57) return &root;
  }
  return nullptr;
}

}  // namespace

std::optional<u64> AddressSpaces::accept(AddressSpace& space, Time time, const arch::Context& context) {
  Root* root = find(space, context);
  std::optional<u64> before;
  if (root == nullptr) {
    if (!space.roots.empty()) before = space.roots.back().table;
    space.roots.push_back({context.root, ctl::LA57.test(context.controls), time, time, 0, false});
    root = &space.roots.back();
  }
  ++root->waiting;
  root->current = true;
  space.nxe = static_cast<u8>(space.nxe | (ctl::NXE.test(context.controls) ? 2 : 1));
  space.pge = static_cast<u8>(space.pge | (ctl::PGE.test(context.controls) ? 2 : 1));
  if (!ctl::REFILL.test(context.controls)) ++space.walkable;
  return before;
}

bool AddressSpaces::answer(AddressSpace& space, Time time, const arch::Context& context) {
  bool ended = false;
  if (Root* root = find(space, context)) {
    --root->waiting;
    root->last = time;
    ended = root->until() != kForever;
  }
  if (!ctl::REFILL.test(context.controls)) {
    --space.walkable;
    space.walked = time;
  }
  return ended;
}

// The top table in use so far gives way to another.
void AddressSpaces::leave(Time time) {
  ++changes_;
  const auto end = [&](AddressSpace& space) {
    if (Root* root = find(space, current_)) root->current = false, root->last = time;
  };
  const auto space = spaces_.find(current_.asid);
  if (space != spaces_.end()) end(space->second);
  end(all_);
}

std::optional<u64> AddressSpaces::accepted_other(Time time, const arch::Context& context) {
  constexpr u32 kLa57 = static_cast<u32>(ctl::LA57.mask());
  const bool same = any_ && context.root == current_.root && context.asid == current_.asid &&
                    ((context.controls ^ current_.controls) & kLa57) == 0;
  if (!same) {
    if (any_ && !latched_) leave(time);
    any_ = true;
    ++changes_;
  }
  current_ = context;
  AddressSpace& space = spaces_[context.asid];
  accept(all_, time, context);
  const std::optional<u64> before = accept(space, time, context);
  latest_ = {find(space, context), find(all_, context), &space, ctl::REFILL.test(context.controls) ? 0u : 1u};
  return before;
}

void AddressSpaces::answered_other(Time time, const arch::Context& context) {
  const auto space = spaces_.find(context.asid);
  bool ended = space != spaces_.end() && answer(space->second, time, context);
  ended = answer(all_, time, context) || ended;
  if (ended) ++changes_;
}

void AddressSpaces::collect(Time oldest) {
  latest_ = {};
  ++changes_;
  const auto shrink = [&](AddressSpace& space) {
    auto& roots = space.roots;
    roots.erase(std::remove_if(roots.begin(), roots.end(), [&](const Root& r) { return r.until() < oldest; }),
                roots.end());
  };
  shrink(all_);
  for (auto space = spaces_.begin(); space != spaces_.end();) {
    shrink(space->second);
    if (space->second.roots.empty()) {
      spaces_.erase(space++);
    } else {
      ++space;
    }
  }
}

}  // namespace kilburn::admissible
