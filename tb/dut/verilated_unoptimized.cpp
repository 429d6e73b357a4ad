// SPDX-License-Identifier: Apache-2.0
//
// Adapter of any design with the ports of rtl/README.md, for tb/second_opinion/verilator.cpp: built with the model
// Vunoptimized while kilburn runs. Both edges of the clock are evaluated, nothing is assumed of the design.
#include <Vunoptimized.h>
#include <verilated.h>

#include <memory>
#include <new>

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
};

Unoptimized& dut(void* self) { return *static_cast<Unoptimized*>(self); }

void* create(std::uint64_t seed) { return new (std::nothrow) Unoptimized(seed); }

void destroy(void* self) { delete static_cast<Unoptimized*>(self); }

void reset(void* self, std::uint32_t cfg, kilburn_dut_out* out) {
  kilburn_dut_in quiet = {};
  quiet.cfg = cfg;
  kilburn::tb::drive(*dut(self).model, quiet);
  dut(self).model->rst_ni = 0;
  for (int n = 0; n < 4; ++n) dut(self).clock();
  dut(self).model->rst_ni = 1;
  kilburn::tb::sample(*dut(self).model, *out);
}

void clock(void* self, const kilburn_dut_in* in, kilburn_dut_out* out) {
  kilburn::tb::drive(*dut(self).model, *in);
  dut(self).clock();
  kilburn::tb::sample(*dut(self).model, *out);
}

kilburn_dut_api make_api() {
  kilburn_dut_api api = {};
  api.magic = KILBURN_DUT_MAGIC;
  api.abi = KILBURN_DUT_ABI;
  api.api_size = sizeof(kilburn_dut_api);
  api.in_size = sizeof(kilburn_dut_in);
  api.out_size = sizeof(kilburn_dut_out);
  api.entry_size = sizeof(kilburn_tlb_entry);
  api.config_size = sizeof(kilburn_dut_config);
  api.name = "unoptimized";
  api.description = "replay of a pin log";
  api.config.format = KILBURN_DUT_FORMAT;
  api.config.cfg_pins = 1;
  api.create = create;
  api.destroy = destroy;
  api.reset = reset;
  api.clock = clock;
  return api;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const kilburn_dut_api* kilburn_dut(void) {
  static const kilburn_dut_api api = make_api();
  return &api;
}
