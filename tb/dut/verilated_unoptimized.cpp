// SPDX-License-Identifier: Apache-2.0
//
// Adapter of any design with the ports of rtl/README.md, for tb/second_opinion/verilator.cpp: built with the model
// Vunoptimized while kilburn runs. Both edges of the clock are evaluated, nothing is assumed of the design.
#include <Vunoptimized.h>
#include <verilated.h>

#include <memory>

#include "tb/dut/adapter_api.h"
#include "tb/dut/verilated_pins.h"

double sc_time_stamp() { return 0; }

namespace {

struct Unoptimized {
  VerilatedContext context;
  std::unique_ptr<Vunoptimized> model;

  explicit Unoptimized(std::uint64_t seed) {
    const auto folded = static_cast<std::uint32_t>(seed ^ (seed >> 32)) & 0x7fffffffu;
    context.randSeed(static_cast<int>(folded == 0 ? 1 : folded));
    context.randReset(2);
    context.threads(1);
    model = std::make_unique<Vunoptimized>(&context, "top");
    model->clk_i = 0;
    model->eval();
  }
  ~Unoptimized() {
    Verilated::threadContextp(&context);
    model->final();
  }
  void clock() {
    model->clk_i = 0;
    model->eval();
    model->clk_i = 1;
    model->eval();
  }
  void reset(std::uint32_t cfg, kilburn_dut_out& out) {
    kilburn_dut_in quiet = {};
    quiet.cfg = cfg;
    kilburn::tb::drive(*model, quiet);
    model->rst_ni = 0;
    for (int n = 0; n < 4; ++n) clock();
    model->rst_ni = 1;
    kilburn::tb::sample(*model, out);
  }
  void clock(const kilburn_dut_in& in, kilburn_dut_out& out) {
    kilburn::tb::drive(*model, in);
    clock();
    kilburn::tb::sample(*model, out);
  }
};

kilburn_dut_api make_api() {
  kilburn_dut_api api = kilburn::tb::adapter_api<Unoptimized>();
  api.name = "unoptimized";
  api.description = "replay of a pin log";
  api.config.format = KILBURN_DUT_FORMAT;
  api.config.cfg_pins = 1;
  return api;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const kilburn_dut_api* kilburn_dut(void) {
  static const kilburn_dut_api api = make_api();
  return &api;
}
