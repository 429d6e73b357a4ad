// SPDX-License-Identifier: Apache-2.0
//
// The two-place response FIFO of a request port (rtl/README.md, "Response FIFO").
#pragma once

#include <cassert>

#include "model/uarch/pins.h"

namespace kilburn::uarch {

// The oldest place is the port's output pins themselves, so that showing a response costs nothing.
// A response is a ReqOut whose rsp_valid is 1. The pin req_ready in it is the side's business: it is not
// kept over an edge.
class RspFifo {
 public:
  explicit RspFifo(ReqOut& front) : front_(front) {}

  void reset() {
    count_ = 0;
    front_ = ReqOut{};
  }

  unsigned count() const { return count_; }

  // The edge of a cycle in which `rsp_ready` was at the pin and nothing is pushed.
  void clock(bool rsp_ready) {
    if (!rsp_ready || count_ == 0) return;
    front_ = --count_ == 0 ? ReqOut{} : second_;
  }

  // The edge of a cycle that pushes: the place that the caller has to write. Only with count 0 or 1 before
  // it, for a side looks nothing up when full.
  ReqOut& clock_and_push(bool rsp_ready) {
    assert(count_ < 2);
    if (count_ == 0 || rsp_ready) {
      count_ = 1;
      return front_;
    }
    count_ = 2;
    return second_;
  }

 private:
  ReqOut& front_;
  ReqOut second_;
  unsigned count_ = 0;
};

}  // namespace kilburn::uarch
