// SPDX-License-Identifier: Apache-2.0
//
// The checker counts its verdicts by class; which class one response was of is the count that it raised. Two responses
// of one cycle are therefore shown to it one after the other.
#include "tb/against/judged_monitor.h"

#include <algorithm>

namespace kilburn::against {

void JudgedMonitor::reset(const arch::Settings& settings) {
  monitor_.reset(settings);
  standing_[0] = standing_[1] = false;
}

void JudgedMonitor::measure(unsigned side, const kilburn_req_in& in, const kilburn_req_out& out) {
  if (out.rsp_valid) {
    if (!standing_[side]) offered_[side] = now_;
    standing_[side] = in.rsp_ready == 0;
    if (in.rsp_ready) {
      const u64 waited = offered_[side] - accepted_[side][out.rsp_id & 15];
      ++traffic_.responses;
      traffic_.waited += waited;
      traffic_.quickest = std::min(traffic_.quickest, waited);
    }
  }
  if (in.valid & out.req_ready) {
    ++traffic_.requests;
    accepted_[side][in.id & 15] = now_;
  }
}

bool JudgedMonitor::judge(unsigned side, const kilburn_dut_in& in, const kilburn_dut_out& out) {
  const auto before = checker_.counts().by_legality;
  if (!monitor_.cycle(in, out)) return false;
  const auto after = checker_.counts().by_legality;
  const auto raised = std::mismatch(before.begin(), before.end(), after.begin()).first;
  if (raised != before.end()) legality_[side] = static_cast<Legality>(raised - before.begin());
  return true;
}

bool JudgedMonitor::cycle(const kilburn_dut_in& in, const kilburn_dut_out& out) {
  measure(0, in.i, out.i);
  measure(1, in.d, out.d);
  const bool i = (out.i.rsp_valid & in.i.rsp_ready) != 0, d = (out.d.rsp_valid & in.d.rsp_ready) != 0;
  if (!i && !d) return monitor_.cycle(in, out);
  if (!i || !d) return judge(d ? 1 : 0, in, out);
  // First the acknowledge and the instruction side's response, while everything else stands untaken; then the rest.
  kilburn_dut_in first = in;
  first.i.valid = first.d.valid = first.inv_valid = 0;
  first.d.rsp_ready = 0;
  first.mem_req_ready = first.mem_rsp_valid = 0;
  if (!judge(0, first, out)) return false;
  kilburn_dut_out rest = out;
  rest.i = {};
  rest.i.req_ready = out.i.req_ready;
  rest.inv_ack = 0;
  return judge(1, in, rest);
}

}  // namespace kilburn::against
