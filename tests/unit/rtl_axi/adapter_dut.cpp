// SPDX-License-Identifier: Apache-2.0
//
// AdapterDut over one Verilated model; compiled once for each (KILBURN_AXI_MAKE names its maker).

#include "tests/unit/rtl_axi/adapter_dut.h"

#include <stdexcept>

#include "tb/dut/verilated_dut.h"

#ifdef KILBURN_DUT_BUGS
#include KILBURN_DUT_BUGS  // kBugs: what each seeded bug is; the n-th has number n in the RTL
#endif

namespace kilburn::axi_test {
namespace {

class VerilatedAdapter final : public AdapterDut {
 public:
  explicit VerilatedAdapter(u64 seed) : dut_(seed) {
    for (int i = 0; i < 4; ++i) VerilatedAdapter::clock({}, {}, true);
  }

  void clock(const MemRequest& request, const AxiIn& in, bool in_reset) override {
    auto& pins = dut_.pins();
    pins.rst_ni = !in_reset;
    pins.mem_req_valid_i = request.valid;
    pins.mem_req_op_i = request.cas;
    pins.mem_req_id_i = request.id;
    pins.mem_req_addr_i = request.addr;
    pins.mem_req_cmp_i = request.compare;
    pins.mem_req_data_i = request.desired;
    drive(pins, in);
    dut_.clock();
    ready = pins.mem_req_ready_o != 0;
    response = {pins.mem_rsp_valid_o != 0, pins.mem_rsp_match_o != 0, pins.mem_rsp_err_o != 0, pins.mem_rsp_id_o,
                pins.mem_rsp_data_o};
    sample(pins, axi);
  }

  void select_bug(const std::string& id) override {
#ifdef KILBURN_DUT_BUGS
    for (IData number = 1; kBugs[number - 1] != nullptr; ++number) {
      if (std::string(kBugs[number - 1]).rfind(id + "\t", 0) == 0) {
        dut_.pins().__PVT__mmu_bug_pkg->selected = number;
        return;
      }
    }
#endif
    throw std::runtime_error("no seeded bug " + id);
  }

 private:
  tb::VerilatedDut<KILBURN_DUT_MODEL> dut_;
};

}  // namespace

std::unique_ptr<AdapterDut> KILBURN_AXI_MAKE(u64 seed) { return std::make_unique<VerilatedAdapter>(seed); }

}  // namespace kilburn::axi_test
