// SPDX-License-Identifier: Apache-2.0
//
// A model at the pins, a memory whose manners a test chooses, and page tables laid out by hand.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <systemc>
#include <utility>

#include "model/arch/walk.h"
#include "tb/dut/models/models.h"
#include "tests/catch.h"
#include "tests/unit/tb_models/protocol.h"

namespace kilburn::tb::test {

using arch::Fault;
using arch::Format;
using arch::Mode;

// SDM tables 4-15 to 4-20, EV5 5-2.
inline constexpr u64 kP = 1, kRW = 2, kUS = 4, kPWT = 8, kPCD = 0x10, kA = 0x20, kD = 0x40, kPS = 0x80, kG = 0x100;
inline constexpr u64 kNX = u64{1} << 63, kUsed = kP | kRW | kUS | kA;
inline constexpr u64 kV = 1, kFOR = 2, kFOW = 4, kFOE = 8, kASM = 0x10, kGH1 = 0x20;
inline constexpr u64 kKRE = 0x100, kURE = 0x200, kKWE = 0x1000, kUWE = 0x2000;
inline constexpr u64 kAlphaAll = kV | kKRE | kURE | kKWE | kUWE;
// rtl/README.md, Ports.
inline constexpr u32 kWP = 1, kNXE = 2, kSMEP = 4, kSMAP = 8, kPKE = 16, kPKS = 32, kPGE = 64, kLA57 = 128;
inline constexpr u32 kSpe1 = 0x200, kRefill = 0x800, kPhys = 0x1000;
inline constexpr u8 kInvAll = 0, kInvPage = 3, kInvFillI = 7, kInvFillD = 8;

enum Side { kI = 0, kDSide = 1 };

struct Ask {
  u64 va = 0;
  bool write = false;
  Mode mode = Mode::kernel;
  bool ac = false;
  bool implicit = false;
  u8 id = 0;
};

class Rig {
 public:
  struct Operation {
    bool swap;
    u64 pa;
    bool matched;
  };
  std::map<u64, u64> words;                       // memory; what is not there reads as 0
  std::optional<u64> broken;                      // an address that answers with a bus error
  unsigned latency = 1;                           // cycles from a request to its response
  bool takes = true;                              // mem_req_ready
  std::function<void(u64 pa, bool swap)> before;  // called just before an operation is carried out
  std::vector<Operation> done;
  kilburn_dut_in in{};
  kilburn_dut_out out{};
  Protocol protocol;
  unsigned most_in_flight = 0;

  Rig(const kilburn_dut_api& api, std::optional<u32> cfg = {}) : api_(api), self_(api.create(1)) {
    REQUIRE(self_ != nullptr);
    if (sc_core::sc_get_status() == sc_core::SC_ELABORATION) sc_core::sc_start(sc_core::SC_ZERO_TIME);
    in.ctx_ctl = kWP | kNXE | kPGE;
    in.i.rsp_ready = in.d.rsp_ready = 1;
    reset(cfg.value_or(api.config.cfg));
  }
  ~Rig() {
    for (const std::string& rule : protocol.broken) FAIL_CHECK("protocol: " << rule);
    api_.destroy(self_);
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  void reset(u32 cfg) {
    in.cfg = cfg;
    in.mem_rsp_valid = 0;
    flying_.clear();
    api_.reset(self_, cfg, &out);
    protocol.reset();
  }

  void clock() {
    in.mem_req_ready = takes ? 1 : 0;
    answer_memory();
    protocol.cycle(in, out);
    const kilburn_dut_out now = out;
    api_.clock(self_, &in, &out);
    if (now.mem_req_valid && takes) {
      flying_.push_back({cycle_ + latency, now});
      most_in_flight = std::max(most_in_flight, static_cast<unsigned>(flying_.size()));
    }
    ++cycle_;
  }
  void clock(unsigned cycles) {
    for (unsigned n = 0; n < cycles; ++n) clock();
  }
  u64 cycle() const { return cycle_; }

  kilburn_req_in& pins(Side side) { return side == kI ? in.i : in.d; }
  const kilburn_req_out& shown(Side side) const { return side == kI ? out.i : out.d; }

  // Presents a request until it is taken.
  void ask(Side side, const Ask& ask) {
    kilburn_req_in& p = pins(side);
    p.va = ask.va;
    p.write = ask.write ? 1 : 0;
    p.mode = static_cast<u8>(ask.mode);
    p.ac = ask.ac ? 1 : 0;
    p.implicit = ask.implicit ? 1 : 0;
    p.id = ask.id;
    p.valid = 1;
    unsigned waited = 0;
    while (!shown(side).req_ready) {
      REQUIRE(++waited < 1000);
      clock();
    }
    clock();
    p.valid = 0;
  }
  kilburn_req_out answer(Side side) {
    for (unsigned waited = 0; !shown(side).rsp_valid; ++waited) {
      REQUIRE(waited < 1000);
      clock();
    }
    const kilburn_req_out response = shown(side);
    clock();
    return response;
  }
  kilburn_req_out translate(Side side, const Ask& a) {
    ask(side, a);
    const kilburn_req_out response = answer(side);
    CHECK(response.rsp_id == a.id);
    return response;
  }
  kilburn_req_out read(u64 va, Mode mode = Mode::kernel) {
    return translate(kDSide, {va, false, mode, false, false, 5});
  }
  kilburn_req_out write(u64 va, Mode mode = Mode::kernel) {
    return translate(kDSide, {va, true, mode, false, false, 6});
  }
  kilburn_req_out fetch(u64 va, Mode mode = Mode::kernel) { return translate(kI, {va, false, mode, false, false, 7}); }

  void start_maintenance(u8 op, u64 va = 0, u32 asid = 0, u64 pte = 0) {
    in.inv_op = op;
    in.inv_va = va;
    in.inv_asid = asid;
    in.inv_pte = pte;
    in.inv_valid = 1;
    while (!out.inv_ready) clock();
    clock();
    in.inv_valid = 0;
  }
  void finish_maintenance() {
    for (unsigned waited = 0; !out.inv_ack; ++waited) {
      REQUIRE(waited < 1000);
      clock();
    }
  }
  void maintain(u8 op, u64 va = 0, u32 asid = 0, u64 pte = 0) {
    start_maintenance(op, va, asid, pte);
    finish_maintenance();
  }
  u32 events(u8 event) {
    in.evt_sel = event;
    clock();
    return out.evt_count;
  }
  unsigned swaps() const {
    unsigned n = 0;
    for (const Operation& o : done) n += o.swap ? 1 : 0;
    return n;
  }

 private:
  struct Flying {
    u64 due;
    kilburn_dut_out request;
  };
  void answer_memory() {
    in.mem_rsp_valid = in.mem_rsp_id = in.mem_rsp_match = in.mem_rsp_err = 0;
    in.mem_rsp_data = 0;
    for (auto f = flying_.begin(); f != flying_.end(); ++f) {
      if (f->due > cycle_) continue;
      const kilburn_dut_out r = f->request;
      flying_.erase(f);
      const bool swap = r.mem_req_op == 1;
      if (before) before(r.mem_req_addr, swap);
      in.mem_rsp_valid = 1;
      in.mem_rsp_id = r.mem_req_id;
      if (broken == r.mem_req_addr) {
        in.mem_rsp_err = 1;
        return;
      }
      in.mem_rsp_data = words[r.mem_req_addr];
      in.mem_rsp_match = swap && in.mem_rsp_data == r.mem_req_cmp ? 1 : 0;
      if (in.mem_rsp_match != 0) words[r.mem_req_addr] = r.mem_req_data;
      done.push_back({swap, r.mem_req_addr, in.mem_rsp_match != 0});
      return;
    }
  }

  const kilburn_dut_api& api_;
  void* self_;
  std::deque<Flying> flying_;
  u64 cycle_ = 0;
};

// Page tables in a rig's memory.
class Tables {
 public:
  Tables(Rig& rig, Format format, unsigned levels = 0)
      : rig_(rig),
        alpha_(format != Format::x86_64),
        shift_(format == Format::alpha ? 13 : 12),
        levels_(levels != 0               ? levels
                : format == Format::alpha ? 3
                                          : 4) {
    root = page();
    rig.in.ctx_root = root;
  }
  u64 root = 0;
  u64 page() { return std::exchange(next_, next_ + (u64{1} << shift_)); }
  u64 leaf(u64 pa, u64 bits) const { return alpha_ ? (pa >> shift_) << 32 | bits : pa | bits; }
  // Address of the entry at `level` (1 = last); tables on the way are made.
  u64 entry(u64 va, unsigned level = 1) {
    u64 table = root;
    for (unsigned at = levels_;; --at) {
      const u64 slot = table + 8 * (va >> (shift_ + (shift_ - 3) * (at - 1)) & ((u64{1} << (shift_ - 3)) - 1));
      if (at == level) return slot;
      if (rig_.words[slot] == 0) rig_.words[slot] = leaf(page(), alpha_ ? kV | kKRE : kUsed);
      table = alpha_ ? rig_.words[slot] >> 32 << shift_ : rig_.words[slot] & 0x000F'FFFF'FFFF'F000;
    }
  }
  u64 map(u64 va, u64 pa, u64 bits, unsigned level = 1) {
    const u64 slot = entry(va, level);
    rig_.words[slot] = leaf(pa, bits);
    return slot;
  }

 private:
  Rig& rig_;
  bool alpha_;
  unsigned shift_;
  unsigned levels_;
  u64 next_ = 0x100000;
};

inline void check_translated(const kilburn_req_out& r, u64 pa, unsigned size) {
  CHECK(r.rsp_fault == 0);
  CHECK(r.rsp_pa == pa);
  CHECK(r.rsp_size == size);
}
inline void check_fault(const kilburn_req_out& r, Fault fault, unsigned level, unsigned error = 0) {
  CHECK(r.rsp_fault == static_cast<u8>(fault));
  CHECK(r.rsp_level == level);
  CHECK(r.rsp_err == error);
}

inline const kilburn_dut_api& dut(const std::string& name, Format format) {
  return name == "arch" ? arch_dut(format) : tlm_dut(format);
}

}  // namespace kilburn::tb::test
