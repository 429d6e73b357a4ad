// SPDX-License-Identifier: Apache-2.0
//
// Equal is equal in every field of the response (rtl/README.md, Ports), the id apart.
#include "tb/against/answers.h"

#include "tb/text.h"

namespace kilburn::against {

namespace {

bool same(const kilburn_req_out& a, const kilburn_req_out& b) {
  return a.rsp_pa == b.rsp_pa && a.rsp_err == b.rsp_err && a.rsp_fault == b.rsp_fault && a.rsp_level == b.rsp_level &&
         a.rsp_size == b.rsp_size && a.rsp_mt == b.rsp_mt && a.rsp_global == b.rsp_global;
}

std::string text(const kilburn_req_out& answer) {
  const auto fault = static_cast<arch::Fault>(answer.rsp_fault);
  if (fault != arch::Fault::none) {
    return std::string(arch::name(fault)) + (answer.rsp_err != 0 ? ", error code " + tb::hex(answer.rsp_err) : "") +
           (answer.rsp_level != 0 ? ", level " + std::to_string(answer.rsp_level) : "");
  }
  return "pa " + tb::hex(answer.rsp_pa) + ", page of 2^" + std::to_string(answer.rsp_size) + " bytes" +
         (answer.rsp_mt != 0 ? ", memory type " + std::to_string(answer.rsp_mt) : "") +
         (answer.rsp_global != 0 ? ", global" : "");
}

}  // namespace

void Answers::asked(tb::Side side, unsigned id, const tb::OpenRequest& request) {
  Open& open = open_[index(side)][id & 15];
  open.missing = bit(Who::a) | bit(Who::b);
  open.request = request;
}

// A response that answers no request is not looked at here: the protocol checks name it (R3).
void Answers::answered(Who who, tb::Side side, const kilburn_req_out& answer, Legality legality) {
  const unsigned id = answer.rsp_id & 15;
  Open& open = open_[index(side)][id];
  if ((open.missing & bit(who)) == 0) return;
  const arch::u32 place = arch::u32{1} << (16 * index(side) + id);
  open.missing &= ~bit(who);
  if (open.missing != 0) {
    open.first = answer;
    open.legality = legality;
    if (who == Who::a) only_a_ |= place;
    return;
  }
  only_a_ &= ~place;
  if (who == Who::a)
    compare(side, open, answer, legality, open.first, open.legality);
  else
    compare(side, open, open.first, open.legality, answer, legality);
}

void Answers::compare(tb::Side side, const Open& open, const kilburn_req_out& a, Legality of_a,
                      const kilburn_req_out& b, Legality of_b) {
  ++compared_;
  if (same(a, b)) {
    ++equal_;
    return;
  }
  ++by_class_[{of_a, of_b}];
  if ((a.rsp_fault == 0) != (b.rsp_fault == 0)) ++outcomes_;
  if (examples_.size() == kExamples) return;
  examples_.push_back(std::string(side == tb::Side::data ? "data" : "instruction") + " port, cycle " +
                      std::to_string(open.request.cycle) + " of A, " + tb::text(open.request.request) + ": A " +
                      text(a) + " (" + std::string(admissible::name(of_a)) + "); B " + text(b) + " (" +
                      std::string(admissible::name(of_b)) + ")");
}

void Answers::clear() {
  for (auto& side : open_) {
    for (Open& open : side) open.missing = 0;
  }
  only_a_ = 0;
}

}  // namespace kilburn::against
