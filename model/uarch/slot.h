// SPDX-License-Identifier: Apache-2.0
//
// A request as a side holds it, and the slot in which a missed one waits for its walk.
#pragma once

#include "model/arch/types.h"
#include "model/uarch/pins.h"

namespace kilburn::uarch {

// The context is the one of the cycle that accepted the request (rule R4, trap T104).
struct HeldRequest {
  arch::Request request;
  arch::Context context;
  u8 id = 0;
};

struct Slot {
  enum class State : u8 { idle, pending, walk, done };

  State state = State::idle;
  HeldRequest held;
  ReqOut result;  // in `done`: the response to push
};

}  // namespace kilburn::uarch
