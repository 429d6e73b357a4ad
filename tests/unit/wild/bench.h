// SPDX-License-Identifier: Apache-2.0
//
// One `wild` at its pins, a memory whose manners a scenario chooses, tables laid out by hand, and a list of what was
// not as the manuals say. Nothing here asserts, so that a scenario can be run on an MMU that must fail it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tb/dut/models/wild_dut.h"
#include "tests/unit/tb_models/protocol.h"

namespace kilburn::tb::test {

using arch::Format;
using arch::Mode;

// SDM tables 4-15 to 4-20, EV5 5-2.
inline constexpr u64 kP = 1, kRW = 2, kUS = 4, kA = 0x20, kD = 0x40, kPS = 0x80, kG = 0x100;
inline constexpr u64 kNX = u64{1} << 63, kUsed = kP | kRW | kUS | kA, kRsvd = u64{1} << 45;
inline constexpr u64 kV = 1, kFOR = 2, kFOW = 4, kFOE = 8, kASM = 0x10, kGH1 = 0x20;
inline constexpr u64 kKRE = 0x100, kURE = 0x200, kKWE = 0x1000, kUWE = 0x2000;
inline constexpr u64 kAlphaAll = kV | kKRE | kURE | kKWE | kUWE;
// rtl/README.md, Ports: controls, faults, operations.
inline constexpr u32 kWP = 1, kNXE = 2, kSMEP = 4, kSMAP = 8, kPKE = 16, kPGE = 64, kLA57 = 128;
inline constexpr u32 kSpe1 = 0x200, kRefill = 0x800;
inline constexpr unsigned kPF = 1, kGP = 2, kBUS = 3, kMISS = 4, kTNV = 8, kACV = 9, kFaultOnExecute = 11,
                          kFaultOnWrite = 12;
inline constexpr u8 kAll = 0, kNonglobal = 1, kAsid = 2, kPage = 3, kPageD = 6, kFillI = 7, kFillD = 8;

enum Port : unsigned { kI = 0, kData = 1 };

struct Ask {
  u64 va = 0;
  bool write = false;
  Mode mode = Mode::kernel;
  bool ac = false;
  bool implicit = false;
};

class Bench {
 public:
  struct Operation {
    bool swap;
    u64 pa;
    bool matched;
  };
  const Format format;
  std::map<u64, u64> words;                       // what is not there reads as 0
  std::optional<u64> broken;                      // an address that answers with a bus error
  unsigned latency = 1;                           // cycles from the access, which is when it is taken, to the reply
  std::function<void(u64 pa, bool swap)> before;  // just before the access
  std::vector<Operation> done;
  std::vector<std::string> wrong;
  kilburn_dut_in in{};
  kilburn_dut_out out{};

  Bench(const std::string& name, Format f, u64 seed, const std::string& bug)
      : format(f), api_(*wild_dut(name, f)), self_(api_.create(seed)) {
    expect(api_.set_bug(self_, bug.c_str()) == 0, "set_bug");
    in.ctx_ctl = x86() ? kWP | kNXE | kPGE : 0;
    in.ctx_asid = 1;
    in.i.rsp_ready = in.d.rsp_ready = 1;
    in.ctx_root = roots[0] = page();
    reset(api_.config.cfg);
  }
  ~Bench() { api_.destroy(self_); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  bool x86() const { return format == Format::x86_64; }
  void reset(u32 cfg) {
    in.cfg = cfg;
    api_.reset(self_, cfg, &out);
  }
  void expect(bool fine, const std::string& what) {
    if (!fine) wrong.push_back(what);
  }

  void clock() {
    in.mem_req_ready = 1;
    in.mem_rsp_valid = in.mem_rsp_id = in.mem_rsp_match = in.mem_rsp_err = 0;
    in.mem_rsp_data = 0;
    if (!flying_.empty() && flying_.front().due <= cycle_) {
      const Flying f = flying_.front();
      flying_.pop_front();
      in.mem_rsp_valid = 1;
      in.mem_rsp_id = f.id;
      in.mem_rsp_data = f.data;
      in.mem_rsp_match = f.match;
      in.mem_rsp_err = f.error;
    }
    protocol_.cycle(in, out);
    for (const Port port : {kI, kData}) {
      const kilburn_req_out& r = shown(port);
      if (r.rsp_valid && pins(port).rsp_ready) answers_[port].push_back(r);
    }
    if (out.mem_req_valid) access(out);
    acked_ |= out.inv_ack != 0;
    const bool taken = in.inv_valid && out.inv_ready;
    const bool accepted[2] = {in.i.valid && out.i.req_ready, in.d.valid && out.d.req_ready};
    api_.clock(self_, &in, &out);
    if (taken) in.inv_valid = 0;
    if (accepted[0]) in.i.valid = 0;
    if (accepted[1]) in.d.valid = 0;
    ++cycle_;
  }
  void clock(unsigned cycles) {
    for (unsigned n = 0; n < cycles; ++n) clock();
  }
  // Until `what` holds; false if it never does.
  template <class What>
  bool until(What&& what) {
    for (unsigned n = 0; n < 4000; ++n) {
      if (what()) return true;
      clock();
    }
    return false;
  }

  kilburn_req_in& pins(Port port) { return port == kI ? in.i : in.d; }
  const kilburn_req_out& shown(Port port) const { return port == kI ? out.i : out.d; }

  // Presents a request until it is taken; its id.
  u8 ask(Port port, const Ask& a) {
    kilburn_req_in& p = pins(port);
    p.va = a.va;
    p.write = a.write;
    p.mode = static_cast<u8>(a.mode);
    p.ac = a.ac;
    p.implicit = a.implicit;
    p.id = next_id_++ & 15;
    p.valid = 1;
    expect(until([&] { return !p.valid; }), "a request is never taken");
    return p.id;
  }
  kilburn_req_out answer(Port port, u8 id) {
    kilburn_req_out found{};
    const bool there = until([&] {
      auto& all = answers_[port];
      for (auto r = all.begin(); r != all.end(); ++r) {
        if (r->rsp_id != id) continue;
        found = *r;
        all.erase(r);
        return true;
      }
      return false;
    });
    expect(there, "no response");
    return found;
  }
  kilburn_req_out translate(Port port, const Ask& a) { return answer(port, ask(port, a)); }
  kilburn_req_out read(u64 va, Mode mode = Mode::kernel) { return translate(kData, {va, false, mode}); }
  kilburn_req_out write(u64 va, Mode mode = Mode::kernel) { return translate(kData, {va, true, mode}); }
  kilburn_req_out fetch(u64 va, Mode mode = Mode::kernel) { return translate(kI, {va, false, mode}); }

  void gives(const kilburn_req_out& r, u64 pa, const std::string& what = "translation") {
    expect(r.rsp_valid && r.rsp_fault == 0 && r.rsp_pa == pa, what);
  }
  void faults(const kilburn_req_out& r, unsigned fault, unsigned error = 0) {
    expect(r.rsp_valid && r.rsp_fault == fault && r.rsp_err == error, "fault");
  }

  void start(u8 op, u64 va = 0, u32 asid = 1, u64 pte = 0) {
    in.inv_op = op;
    in.inv_va = va;
    in.inv_asid = asid;
    in.inv_pte = pte;
    in.inv_valid = 1;
    expect(until([&] { return !in.inv_valid; }), "an operation is never taken");
    acked_ = false;
  }
  void acknowledged() {
    expect(until([&] { return std::exchange(acked_, false); }), "no acknowledge");
  }
  void maintain(u8 op, u64 va = 0, u32 asid = 1, u64 pte = 0) {
    start(op, va, asid, pte);
    acknowledged();
  }
  unsigned swaps() const {
    unsigned n = 0;
    for (const Operation& o : done) n += o.swap;
    return n;
  }
  // What the protocol's rules have to say, added to what is wrong.
  void judge_protocol() {
    for (const std::string& rule : protocol_.broken) {
      // rtl/README.md lets inv_ready be low at other times too.
      if (rule != "R6 not ready") wrong.push_back("protocol " + rule);
    }
  }

  // --- tables ---
  u64 roots[2] = {};
  u64 page() { return std::exchange(next_page_, next_page_ + 0x2000); }
  unsigned shift() const { return format == Format::alpha ? 13 : 12; }
  u64 pages(u64 n) const { return n << shift(); }
  unsigned levels() const { return format == Format::alpha ? 3 : (in.ctx_ctl & kLA57) != 0 ? 5 : 4; }
  u64 all() const { return x86() ? kUsed | kD : kAlphaAll; }
  u64 global() const { return x86() ? kG : kASM; }
  u64 word(u64 pa, u64 bits) const { return x86() ? pa | bits : pa >> shift() << 32 | bits; }
  // Address of the entry at `level` (1 = last) under the root of now; tables on the way are made.
  u64 entry(u64 va, unsigned level = 1) {
    u64 table = in.ctx_root;
    for (unsigned at = levels();; --at) {
      const u64 slot = table + 8 * (va >> (shift() + (shift() - 3) * (at - 1)) & ((u64{1} << (shift() - 3)) - 1));
      if (at == level) return slot;
      if (words[slot] == 0) words[slot] = word(page(), x86() ? kUsed : kV | kKRE);
      table = x86() ? words[slot] & 0x000F'FFFF'FFFF'F000 : words[slot] >> 32 << shift();
    }
  }
  u64 map(u64 va, u64 pa, u64 bits, unsigned level = 1) {
    const u64 slot = entry(va, level);
    words[slot] = word(pa, bits);
    return slot;
  }
  // Another address space with tables of its own.
  void use_space(unsigned n) {
    in.ctx_asid = n + 1;
    if (roots[n] == 0) roots[n] = page();
    in.ctx_root = roots[n];
  }

 private:
  struct Flying {
    u64 due;
    u8 id, match, error;
    u64 data;
  };
  void access(const kilburn_dut_out& r) {
    const bool swap = r.mem_req_op == 1;
    if (before) before(r.mem_req_addr, swap);
    Flying f{cycle_ + latency, r.mem_req_id, 0, 0, 0};
    if (broken == r.mem_req_addr) {
      f.error = 1;
    } else {
      f.data = words.contains(r.mem_req_addr) ? words[r.mem_req_addr] : 0;
      f.match = swap && f.data == r.mem_req_cmp ? 1 : 0;
      if (f.match != 0) words[r.mem_req_addr] = r.mem_req_data;
      done.push_back({swap, r.mem_req_addr, f.match != 0});
    }
    flying_.push_back(f);
  }

  const kilburn_dut_api& api_;
  void* self_;
  Protocol protocol_;
  std::deque<Flying> flying_;
  std::vector<kilburn_req_out> answers_[2];
  u64 cycle_ = 0;
  u64 next_page_ = 0x100000;
  u8 next_id_ = 1;
  bool acked_ = false;
};

}  // namespace kilburn::tb::test
