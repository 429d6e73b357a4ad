// SPDX-License-Identifier: Apache-2.0
//
// Adapter of rtl/bus_mmu.v to the contract of Kilburn's tb/dut/dut.h.
//
// The MMU has one command port without ids and a Wishbone master; SerialPorts and SerialBus make two request ports with
// ids, a maintenance port and a tagged memory port of them. What is left here: pins, codes, and what the MMU can do.

#include "model/arch/layout.h"
#include "tb/dut/adapter_api.h"
#include "tb/dut/serial_ports.h"
#include "tb/dut/verilated_dut.h"

namespace {

namespace layout = kilburn::arch::layout;
using kilburn::tb::SerialBus;
using kilburn::tb::SerialJob;
using kilburn::tb::SerialPorts;

using Rtl = kilburn::tb::VerilatedDut<KILBURN_DUT_MODEL, kilburn::tb::Edges::rising_only>;

// Commands and fault codes of bus_mmu.v
enum Command : std::uint8_t { kNone, kRead, kWrite, kFetch, kFillD, kFillI, kTbis, kTbia };
constexpr std::uint8_t kFaults[] = {layout::Fault::NONE, layout::Fault::ACV, layout::Fault::TNV,  layout::Fault::FOR,
                                    layout::Fault::FOW,  layout::Fault::FOE, layout::Fault::MISS, layout::Fault::BUS};
// log2 bytes: pages of 8 KB in blocks of 1, 8, 64, 512; superpages
constexpr std::uint8_t kRegions[] = {13, 16, 19, 22, 30, 40};

#ifdef EXAMPLE_PULSE
constexpr bool kPulse = true;  // an adapter's classic mistake: a response stands for one cycle, taken or not
#else
constexpr bool kPulse = false;
#endif

// Where the MMU has no such operation, one that drops more: that is always allowed.
Command maintenance(std::uint8_t op) {
  switch (op) {
    case layout::Inv::FILL_I:
      return kFillI;
    case layout::Inv::FILL_D:
      return kFillD;
    case layout::Inv::PAGE:
    case layout::Inv::PAGE_NONGLOBAL:
    case layout::Inv::PAGE_I:
    case layout::Inv::PAGE_D:
      return kTbis;
    default:
      return kTbia;
  }
}

class Adapter {
 public:
  explicit Adapter(std::uint64_t seed) : rtl_(seed) {}

  void reset(std::uint32_t, kilburn_dut_out& out) {
    drive(kilburn_dut_in{});
    rtl_.reset();
    ports_.reset();
    bus_.reset();
    show(out);
  }

  void clock(const kilburn_dut_in& in, kilburn_dut_out& out) {
    drive(in);
    rtl_.clock();
    // Registers of the adapter, at the same edge and with the inputs of the same cycle.
    kilburn_dut_in seen = in;
    if (kPulse) seen.i.rsp_ready = seen.d.rsp_ready = 1;
    ports_.clock(seen);
    bus_.clock(in);
    // The outputs that the MMU has from this edge on.
    const auto& pins = rtl_.pins();
    if (pins.done) {
      if (ports_.job().kind == SerialJob::Kind::maintain)
        ports_.acknowledge();
      else
        ports_.answer(response());
    }
    if (pins.cyc) bus_.want(pins.adr);
    ports_.choose();
    show(out);
  }

  bool waves_open(const char* path) { return rtl_.waves_open(path); }
  void waves_close() { rtl_.waves_close(); }

 private:
  void drive(const kilburn_dut_in& in) {
    auto& pins = rtl_.pins();
    const SerialJob& job = ports_.job();
    const kilburn_dut_in& asked = job.pins;
    const bool maintain = job.kind == SerialJob::Kind::maintain;
    pins.cmd = job.kind == SerialJob::Kind::none ? kNone
               : maintain                        ? maintenance(asked.inv_op)
               : job.fetch                       ? kFetch
               : asked.d.write                   ? kWrite
                                                 : kRead;
    pins.addr = maintain ? asked.inv_va : job.request().va;
    pins.pte = asked.inv_pte;
    pins.asn = static_cast<std::uint16_t>(maintain ? asked.inv_asid : asked.ctx_asid);
    pins.kernel = job.request().mode == layout::Mode::KERNEL;
    pins.refill = layout::Controls::REFILL.test(asked.ctx_ctl);
    pins.spe = static_cast<std::uint8_t>(layout::Controls::SPE.get(asked.ctx_ctl) & 3);
    pins.ptbr = static_cast<std::uint32_t>(asked.ctx_root >> 13);
    pins.ack = SerialBus::answered(in) && !in.mem_rsp_err;
    pins.err = SerialBus::answered(in) && in.mem_rsp_err;
    pins.dat = in.mem_rsp_data;
  }

  kilburn_req_out response() {
    const auto& pins = rtl_.pins();
    kilburn_req_out out = {};
    out.rsp_fault = kFaults[pins.fault];
    if (pins.fault != 0) {
      out.rsp_level = pins.level;
      return out;
    }
    out.rsp_pa = pins.paddr;
    out.rsp_size = kRegions[pins.region];
    out.rsp_global = pins.asm_bit;
    return out;
  }

  void show(kilburn_dut_out& out) const {
    out = {};  // what is not driven is 0, evt_count among it
    ports_.show(out);
    bus_.show(out);
  }

  Rtl rtl_;
  SerialPorts ports_;
  SerialBus bus_;
};

constexpr kilburn_dut_api make_api() {
  kilburn_dut_api api = kilburn::tb::adapter_api<Adapter>();
  api.name = "bus";
  api.description = "bus_mmu.v, one command port, Wishbone";
  api.config.format = layout::Format::ALPHA;
  api.config.cfg = static_cast<std::uint32_t>(layout::Config::CHIP.make(layout::Chip::EV5));
  api.config.cfg_pins = 0;  // OSF layout and EV5 superpages are built in
  api.config.features = static_cast<std::uint32_t>(layout::Feature::REFILL.mask());
  return api;
}

constexpr kilburn_dut_api kApi = make_api();

}  // namespace

extern "C" __attribute__((visibility("default"))) const kilburn_dut_api* kilburn_dut(void) { return &kApi; }
