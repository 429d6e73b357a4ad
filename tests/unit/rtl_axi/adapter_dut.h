// SPDX-License-Identifier: Apache-2.0
//
// A Verilated axi_adapter.sv: its memory port and its bus, one cycle at a time.
#pragma once

#include <memory>
#include <string>

#include "tests/unit/rtl_axi/axi_pins.h"

namespace kilburn::axi_test {

struct MemRequest {
  bool valid = false;
  bool cas = false;
  u8 id = 0;
  u64 addr = 0, compare = 0, desired = 0;
};
struct MemResponse {
  bool valid = false, match = false, err = false;
  u8 id = 0;
  u64 data = 0;
};

class AdapterDut {
 public:
  virtual ~AdapterDut() = default;
  // Drives the pins for one cycle; the outputs of the next are then in the members.
  virtual void clock(const MemRequest&, const AxiIn&, bool in_reset = false) = 0;
  virtual void select_bug(const std::string& id) = 0;

  bool ready = false;
  MemResponse response;
  AxiOut axi;
};

std::unique_ptr<AdapterDut> make_adapter(u64 seed);              // 8 ids, 4 tries
std::unique_ptr<AdapterDut> make_one_monitor_adapter(u64 seed);  // one exclusive sequence at a time
std::unique_ptr<AdapterDut> make_buggy_adapter(u64 seed);        // every bug of bugs/, one of them selected
constexpr unsigned kIds = 8, kTries = 4;

}  // namespace kilburn::axi_test
