// SPDX-License-Identifier: Apache-2.0
//
// layout.def read once more, for its codes; and the states of our RTL.
#include "tb/failure/pin_codes.h"

#include <map>
#include <string>

namespace kilburn::tb {
namespace {

std::map<std::string, PinCodes> all_codes() {
  std::map<std::string, PinCodes> all;
#define KILBURN_CODES(enumeration, prefix, bits, doc) all[#enumeration].title = #enumeration;
#define KILBURN_VALUE(enumeration, name, value, doc) all[#enumeration].codes.push_back({value, #name});
#include "model/arch/layout.def"
  return all;
}

struct Pin {
  std::string_view name, codes;
};
// The states of our own RTL (rtl/invalidate.sv, rtl/ptw.sv).
const PinCodes kInvalidation{"Invalidation", {{0, "IDLE"}, {1, "BUSY"}, {2, "ACK"}}};
const PinCodes kPrefetch{"Prefetch", {{0, "NONE"}, {1, "READY"}, {2, "WALK"}}};

constexpr Pin kPins[] = {{"i_req_mode_i", "Mode"},   {"d_req_mode_i", "Mode"}, {"i_rsp_fault_o", "Fault"},
                         {"d_rsp_fault_o", "Fault"}, {"inv_op_i", "Inv"},      {"mem_req_op_o", "MemOp"},
                         {"evt_sel_i", "Event"}};

}  // namespace

const PinCodes* codes_of_pin(std::string_view pin) {
  static const std::map<std::string, PinCodes> all = all_codes();
  for (const Pin& known : kPins) {
    if (known.name == pin) return &all.at(std::string(known.codes));
  }
  return pin == "inv_state_q" ? &kInvalidation : pin == "prefetch_state_q" ? &kPrefetch : nullptr;
}

}  // namespace kilburn::tb
