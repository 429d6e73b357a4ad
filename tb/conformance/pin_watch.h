// SPDX-License-Identifier: Apache-2.0
//
// The protocol rules of rtl/README.md on the pins of a DUT, one cycle after the other; the first breach of each.
//
// What a translation has to be is only looked at as far as it shows whose it is: its offset in the page tells the
// request, its frame the context and what software wrote before the last invalidation.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "model/arch/types.h"
#include "tb/dut/dut.h"

namespace kilburn::tb {

enum class PinRule : arch::u8 { widths, r2, r3, r3_ids, r4, r5, r6, r7, r9, r10, count };

// What the answer to a request shows if it belongs to it.
struct Expectation {
  bool fault = false;   // nothing is mapped in its context
  bool edits = false;   // the tables of its context are those that software edits
  arch::u64 frame = 0;  // of its translation
  // The frame that the context had before the last edit of its tables; equal to `frame` once an invalidation since
  // then was acknowledged before the request was accepted (R7).
  arch::u64 old_frame = 0;
};

// How often each thing was there to be looked at.
struct PinEvidence {
  arch::u64 cycles = 0, accepted = 0, answered = 0, translated = 0, faults = 0;
  arch::u64 held_responses = 0, held_memory = 0;  // offers that stood a cycle longer
  arch::u64 both_ports = 0;                       // responses while the same id was open on the other port
  arch::u64 waited_in_other_context = 0;          // answers that came when the context pins had changed
  arch::u64 acknowledged = 0, fresh = 0;          // operations; translations accepted after one that followed an edit
  arch::u64 memory_requests = 0, memory_overlaps = 0;  // taken; taken while another id was in flight
  arch::u64 swaps = 0;
  void add(const PinEvidence&);
};

class PinWatch {
 public:
  PinWatch(arch::Format format, unsigned page_shift) : format_(format), page_shift_(page_shift) {}

  // The pins of a cycle, before the edge. `accepted` is what a request that is accepted in it, in the context of this
  // cycle, has to be answered with.
  void cycle(const kilburn_dut_in& in, const kilburn_dut_out& out, const Expectation& accepted);
  // The edited tables lead to another frame from now on: open requests may be answered either way. The next operation
  // drops what was there before.
  void edited(arch::u64 frame, arch::u64 old_frame);

  // First breach of a rule.
  const std::optional<std::string>& breach(PinRule rule) const { return breaches_[static_cast<unsigned>(rule)]; }
  const PinEvidence& evidence() const { return evidence_; }
  // Everything that was accepted has been answered or acknowledged.
  bool idle() const { return open_count_ == 0 && !operating_ && in_flight_ == 0; }
  bool operating() const { return operating_; }
  arch::u16 open_ids(unsigned side) const;
  // Silence for longer than this ends a run.
  static constexpr arch::u64 kAnswerLimit = 20000;
  bool silent() const { return breach(PinRule::r5).has_value(); }

 private:
  struct Open {
    bool open = false;
    arch::u64 cycle = 0;
    arch::u64 va = 0;
    arch::u64 root = 0;
    Expectation expected;
    bool fresh = false;
  };
  void report(PinRule rule, std::string text);
  void widths(const kilburn_dut_out&);
  void port_widths(const kilburn_req_out&, const char* port);
  void held(const kilburn_dut_out&);
  void answer(unsigned side, const kilburn_req_out&, const kilburn_dut_in&);
  void compare(unsigned side, const Open&, const kilburn_req_out&);
  void maintenance(const kilburn_dut_in&, const kilburn_dut_out&);
  void memory(const kilburn_dut_in&, const kilburn_dut_out&);
  void silence();

  const arch::Format format_;
  const unsigned page_shift_;
  std::array<std::optional<std::string>, static_cast<unsigned>(PinRule::count)> breaches_;
  PinEvidence evidence_;
  arch::u64 cycle_ = 0;
  std::array<std::array<Open, 16>, 2> open_;
  unsigned open_count_ = 0;
  arch::u64 edited_frame_ = 0, edited_old_ = 0;
  bool edit_done_ = false;  // an edit was made, and an operation acknowledged since
  kilburn_dut_out before_{};
  bool held_i_ = false, held_d_ = false, held_memory_ = false;
  bool operating_ = false;     // an operation was accepted and not yet acknowledged
  bool acked_before_ = false;  // in the cycle before
  arch::u64 operating_since_ = 0;
  arch::u16 in_flight_ = 0;  // memory ids, one bit each
};

}  // namespace kilburn::tb
