// SPDX-License-Identifier: Apache-2.0
//
// The walk for the page after one that was walked for (rtl/README.md, "Walkers", Prefetch).
#pragma once

#include "model/arch/format.h"
#include "model/uarch/miss_file.h"

namespace kilburn::uarch {

template <arch::Format F>
class Prefetch {
 public:
  enum class State : u8 { none, ready, walk };

  // `enabled`: the parameter Prefetch, and there is an L2 TLB to fill.
  Prefetch(bool enabled, const arch::Settings& settings) : enabled_(enabled), settings_(settings) {}

  void reset() { state_ = State::none; }

  State state() const { return state_; }
  const HeldRequest& held() const { return held_; }

  // A miss was answered by a walk that ended with this translation.
  void follow(const HeldRequest& first, const arch::Translation& t) {
    constexpr unsigned kPageShift = arch::widest_info(F).page_shift;
    if (!enabled_ || state_ != State::none || t.page_log2 != kPageShift) return;
    const u64 next = ((first.request.va >> kPageShift) + 1) << kPageShift;
    if (!arch::sign_ok(arch::info(F, settings_, first.context.controls), next)) return;
    held_ = first;
    held_.request.va = next;
    // Never a write: it would set D before anybody writes.
    if (held_.request.op == arch::Op::write) held_.request.op = arch::Op::read;
    state_ = State::ready;
  }
  void start() { state_ = State::walk; }
  void end() { state_ = State::none; }
  // The maintenance is busy: what has not begun never will.
  void maintained() {
    if (state_ == State::ready) state_ = State::none;
  }

 private:
  bool enabled_;
  const arch::Settings& settings_;
  State state_ = State::none;
  HeldRequest held_;
};

}  // namespace kilburn::uarch
