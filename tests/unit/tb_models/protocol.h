// SPDX-License-Identifier: Apache-2.0
//
// The protocol rules R2, R3, R6, R9, R10 of rtl/README.md and "every payload is 0 while its valid is 0", watched
// at the pins cycle by cycle.
#pragma once

#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "model/arch/types.h"
#include "tb/dut/dut.h"

namespace kilburn::tb::test {

using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;

class Protocol {
 public:
  // One cycle: the outputs shown in it and the inputs applied in it.
  void cycle(const kilburn_dut_in& in, const kilburn_dut_out& out) {
    side("i", in.i, out.i, 0);
    side("d", in.d, out.d, 1);
    memory(in, out);
    maintenance(in, out);
    before_ = out;
    before_in_ = in;
    first_ = false;
  }
  void reset() { *this = Protocol(); }

  std::vector<std::string> broken;  // "R2 d response", in order

 private:
  void side(const std::string& name, const kilburn_req_in& in, const kilburn_req_out& out, unsigned n) {
    kilburn_req_out payload = out;
    payload.req_ready = 0;
    const kilburn_req_out none{};
    if (!out.rsp_valid && std::memcmp(&payload, &none, sizeof none) != 0) broken.push_back("zero " + name);
    if (out.rsp_fault != 0 && (out.rsp_pa | out.rsp_size | out.rsp_mt | out.rsp_global) != 0) {
      broken.push_back("fault with translation " + name);
    }
    if (out.rsp_fault != 1 && out.rsp_err != 0) broken.push_back("error code without PF " + name);
    const kilburn_req_out& was = n == 0 ? before_.i : before_.d;
    const kilburn_req_in& was_in = n == 0 ? before_in_.i : before_in_.d;
    if (!first_ && was.rsp_valid && !was_in.rsp_ready) {
      kilburn_req_out held = was;
      held.req_ready = out.req_ready;
      if (std::memcmp(&held, &out, sizeof held) != 0) broken.push_back("R2 " + name + " response");
    }
    // A response is to a request of an earlier cycle.
    if (out.rsp_valid && !open_[n].contains(out.rsp_id)) broken.push_back("R3 " + name);
    if (out.rsp_valid && in.rsp_ready) open_[n].erase(out.rsp_id);
    if (in.valid && out.req_ready) open_[n].insert(in.id);
  }

  void memory(const kilburn_dut_in& in, const kilburn_dut_out& out) {
    if (!out.mem_req_valid &&
        (out.mem_req_addr | out.mem_req_cmp | out.mem_req_data | out.mem_req_op | out.mem_req_id)) {
      broken.push_back("zero memory");
    }
    const auto request = [](const kilburn_dut_out& o) {
      return std::make_tuple(o.mem_req_valid, o.mem_req_addr, o.mem_req_cmp, o.mem_req_data, o.mem_req_op,
                             o.mem_req_id);
    };
    if (!first_ && before_.mem_req_valid && !before_in_.mem_req_ready && request(before_) != request(out)) {
      broken.push_back("R2 memory");
    }
    if (out.mem_req_valid && flying_.contains(out.mem_req_id)) broken.push_back("R9");
    if (out.mem_req_valid && out.mem_req_addr % 8 != 0) broken.push_back("alignment");
    if (out.mem_req_valid && out.mem_req_op == 0 && (out.mem_req_cmp | out.mem_req_data) != 0)
      broken.push_back("read data");
    if (out.mem_req_valid && out.mem_req_op == 1) {
      // x86-64: P is bit 0, A bit 5, D bit 6 (SDM table 4-20).
      const u64 change = out.mem_req_cmp ^ out.mem_req_data;
      if ((out.mem_req_cmp & 1) == 0 || change == 0 || (change & ~u64{0x60}) != 0 || (out.mem_req_cmp & change) != 0) {
        broken.push_back("R10");
      }
    }
    if (in.mem_rsp_valid) flying_.erase(in.mem_rsp_id);
    if (out.mem_req_valid && in.mem_req_ready) flying_.insert(out.mem_req_id);
  }

  void maintenance(const kilburn_dut_in& in, const kilburn_dut_out& out) {
    if (out.inv_ack && !maintained_) broken.push_back("R6 acknowledge of nothing");
    if (maintained_ && out.inv_ready) broken.push_back("R6 ready too early");
    // A walk that the last operation cut short may end before the next is taken (R5), so not with nothing to do.
    const bool busy = !open_[0].empty() || !open_[1].empty();
    if (!maintained_ && !out.inv_ready && !busy && !was_busy_) broken.push_back("R6 not ready");
    was_busy_ = busy;
    if (out.inv_ack) maintained_ = false;
    if (in.inv_valid && out.inv_ready) maintained_ = true;
  }

  bool first_ = true;
  kilburn_dut_out before_{};
  kilburn_dut_in before_in_{};
  std::set<unsigned> open_[2];
  std::set<unsigned> flying_;
  bool maintained_ = false;
  bool was_busy_ = false;  // in the cycle before
};

}  // namespace kilburn::tb::test
