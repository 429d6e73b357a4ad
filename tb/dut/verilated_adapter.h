// SPDX-License-Identifier: Apache-2.0
//
// The class that adapter_api() asks for, of a Verilated design whose ports have the names of rtl/README.md.
#pragma once

#include "tb/dut/adapter_api.h"
#include "tb/dut/verilated_dut.h"
#include "tb/dut/verilated_pins.h"

namespace kilburn::tb {

template <class Model, Edges kEdges = Edges::both>
class VerilatedAdapter : public VerilatedDut<Model, kEdges> {
  using Clocked = VerilatedDut<Model, kEdges>;

 public:
  using Clocked::Clocked;

  void reset(std::uint32_t cfg, kilburn_dut_out& out) {
    kilburn_dut_in quiet = {};
    quiet.cfg = cfg;
    drive(this->pins(), quiet);
    Clocked::reset();
    sample(this->pins(), out);
  }

  // The inputs of this cycle, the rising edge, the outputs of the next.
  void clock(const kilburn_dut_in& in, kilburn_dut_out& out) {
    drive(this->pins(), in);
    Clocked::clock();
    sample(this->pins(), out);
  }
};

}  // namespace kilburn::tb
