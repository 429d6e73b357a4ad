// SPDX-License-Identifier: Apache-2.0
//
// What the TLM tests run on: an initiator, an Mmu and a memory, and page tables laid out by hand.
#pragma once

#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "model/tlm/memory.h"
#include "model/tlm/mmu.h"
#include "tests/catch.h"

namespace kilburn::tlm::test {

using arch::Fault;
using arch::Format;
using arch::Mode;
using arch::Op;

// Bits written down from SDM tables 4-15 to 4-20 and the Alpha entry of EV5 5-2, not from layout.def.
inline constexpr u64 kP = 1, kRW = 2, kUS = 4, kA = 0x20, kD = 0x40, kPS = 0x80, kG = 0x100;
inline constexpr u64 kNX = u64{1} << 63;
inline constexpr u64 kUsed = kP | kRW | kUS | kA;
inline constexpr u64 kV = 1, kFOR = 2, kFOW = 4, kFOE = 8, kASM = 0x10, kGH1 = 0x20;
inline constexpr u64 kKRE = 0x100, kURE = 0x200, kKWE = 0x1000, kUWE = 0x2000;
inline constexpr u64 kAlphaAll = kV | kKRE | kURE | kKWE | kUWE;
inline constexpr u32 kWP = 1, kNXE = 2, kSMEP = 4, kSMAP = 8, kPKE = 16, kPKS = 32, kPGE = 64, kLA57 = 128;
inline constexpr u32 kRefill = 0x800, kPhys = 0x1000;
inline constexpr u32 kUsual = kWP | kNXE | kPGE;
constexpr u64 key(u64 number) { return number << 59; }  // protection key of a leaf

// Counts what the kernel and the modules report as a warning or worse.
class KernelReports {
 public:
  KernelReports() {
    seen() = 0;
    sc_core::sc_report_handler::set_handler(&KernelReports::take);
  }
  ~KernelReports() { CHECK(seen() == expected_); }
  KernelReports(const KernelReports&) = delete;
  KernelReports& operator=(const KernelReports&) = delete;
  void expect(unsigned count) { expected_ = count; }

 private:
  static unsigned& seen() {
    static unsigned count = 0;
    return count;
  }
  static void take(const sc_core::sc_report& report, const sc_core::sc_actions& actions) {
    if (report.get_severity() == sc_core::SC_INFO) return;
    ++seen();
    UNSCOPED_INFO("report: " << report.what());
    if ((actions & sc_core::SC_ABORT) != 0) std::abort();
  }
  unsigned expected_ = 0;
};

struct Reply {
  ::tlm::tlm_response_status status = ::tlm::TLM_INCOMPLETE_RESPONSE;
  arch::FaultReport fault;
  u64 fault_va = 0;
  sc_core::sc_time delay;
  bool direct_hint = false;
  bool ok() const { return status == ::tlm::TLM_OK_RESPONSE; }
};

// Who asks; the default is what a payload without extension means.
struct Who {
  Op op = Op::read;
  Mode mode = Mode::kernel;
  bool ac = false;
  bool implicit = false;
};

class Initiator : public sc_core::sc_module, public ::tlm::tlm_bw_transport_if<> {
 public:
  ::tlm::tlm_initiator_socket<64> socket{"socket"};
  std::vector<std::pair<u64, u64>> invalidated;  // ranges in the order in which they were taken back
  std::function<::tlm::tlm_sync_enum(Payload&, ::tlm::tlm_phase&, sc_core::sc_time&)> on_backward;

  explicit Initiator(const sc_core::sc_module_name& name) : sc_module(name) { socket.bind(*this); }

  Reply access(::tlm::tlm_command command, u64 va, void* data, unsigned length, const Who& who) {
    Payload payload;
    PayloadPool::aim(payload, command, va, static_cast<unsigned char*>(data), length);
    return send(payload, who);
  }
  Reply send(Payload& payload, const Who& who) {
    AccessExtension asks;
    asks.op = who.op;
    asks.mode = who.mode;
    asks.ac = who.ac;
    asks.implicit = who.implicit;
    FaultExtension fault;
    payload.set_extension(&asks);
    payload.set_extension(&fault);
    Reply reply;
    socket->b_transport(payload, reply.delay);
    payload.clear_extension<AccessExtension>();
    payload.clear_extension<FaultExtension>();
    reply.status = payload.get_response_status();
    reply.fault = fault.fault;
    reply.fault_va = fault.va;
    reply.direct_hint = payload.is_dmi_allowed();
    return reply;
  }
  bool direct(::tlm::tlm_command command, u64 va, ::tlm::tlm_dmi& dmi, const Who& who = {}) {
    Payload payload;
    PayloadPool::aim(payload, command, va, nullptr, 0);
    AccessExtension asks;
    asks.op = who.op;
    asks.mode = who.mode;
    asks.ac = who.ac;
    asks.implicit = who.implicit;
    payload.set_extension(&asks);
    const bool granted = socket->get_direct_mem_ptr(payload, dmi);
    payload.clear_extension<AccessExtension>();
    return granted;
  }

  ::tlm::tlm_sync_enum nb_transport_bw(Payload& trans, ::tlm::tlm_phase& phase, sc_core::sc_time& delay) override {
    return on_backward ? on_backward(trans, phase, delay) : ::tlm::TLM_ACCEPTED;
  }
  void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) override {
    invalidated.emplace_back(first, last);
  }
};

// Page tables in a Memory, entry by entry.
class Tables {
 public:
  // `page_shift` 0: the format's usual one; five levels only in x86-64.
  Tables(Memory& memory, Format format, unsigned page_shift = 0, bool five_levels = false)
      : memory_(memory), alpha_(format != Format::x86_64) {
    page_shift_ = page_shift != 0 ? page_shift : format == Format::alpha ? 13 : 12;
    index_bits_ = page_shift_ - 3;
    levels_ = format == Format::alpha ? 3 : five_levels ? 5 : 4;
    root_ = page();
  }

  u64 root() const { return root_; }
  unsigned levels() const { return levels_; }
  u64 page_bytes() const { return u64{1} << page_shift_; }
  // A fresh zeroed page.
  u64 page() { return std::exchange(next_, next_ + page_bytes()); }

  u64 leaf(u64 pa, u64 bits) const { return alpha_ ? (pa >> page_shift_) << 32 | bits : pa | bits; }
  // Address of the entry for `va` at `level` (1 = last); tables on the way are made.
  u64 entry(u64 va, unsigned level = 1) {
    u64 table = root_;
    for (unsigned at = levels_; at > level; --at) {
      const u64 slot = table + 8 * index(va, at);
      if (memory_.load64(slot) == 0) memory_.store64(slot, leaf(page(), alpha_ ? kV | kKRE : kUsed));
      const u64 word = memory_.load64(slot);
      table = alpha_ ? word >> 32 << page_shift_ : word & 0x000F'FFFF'FFFF'F000;
    }
    return table + 8 * index(va, level);
  }
  // Writes a leaf; `bits` as in the format's entry. Returns its address.
  u64 map(u64 va, u64 pa, u64 bits, unsigned level = 1) {
    const u64 slot = entry(va, level);
    memory_.store64(slot, leaf(pa, bits));
    return slot;
  }
  u64 index(u64 va, unsigned level) const {
    return va >> (page_shift_ + index_bits_ * (level - 1)) & ((u64{1} << index_bits_) - 1);
  }

 private:
  Memory& memory_;
  bool alpha_;
  unsigned page_shift_;
  unsigned index_bits_;
  unsigned levels_;
  u64 root_ = 0;
  u64 next_ = 0x100000;
};

inline MmuConfig for_format(Format format, const arch::Settings& settings = {}) {
  MmuConfig config;
  config.format = format;
  config.settings = settings;
  return config;
}

template <class MmuModule = Mmu>
struct PlatformOf {
  explicit PlatformOf(const MmuConfig& config = {},
                      const MemoryConfig& ram = {u64{1} << 26, ns(10), ns(20), true, true}, bool five_levels = false)
      : mmu("mmu", config),
        memory("memory", ram),
        tables(memory, config.format, config.settings.page_shift, five_levels) {
    cpu.socket.bind(mmu.virtual_side);
    mmu.physical_side.bind(memory.socket);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    use(0);
  }
  static sc_core::sc_time ns(double n) { return {n, sc_core::SC_NS}; }
  void use(u16 asid, u32 controls = kUsual, u32 pkru = 0, u32 pkrs = 0) {
    mmu.set_context({tables.root(), asid, controls, pkru, pkrs});
  }

  Reply read(u64 va, u64& word, Who who = {}) { return cpu.access(::tlm::TLM_READ_COMMAND, va, &word, 8, who); }
  Reply write(u64 va, u64 word, Who who = {}) { return cpu.access(::tlm::TLM_WRITE_COMMAND, va, &word, 8, who); }
  u64 get(u64 va, Who who = {}) {
    u64 word = 0;
    const Reply reply = read(va, word, who);
    INFO("va " << std::hex << va << " " << arch::id(reply.fault.rule));
    CHECK(reply.ok());
    return word;
  }

  KernelReports reports;
  Initiator cpu{"cpu"};
  MmuModule mmu;
  Memory memory;
  Tables tables;
};
using Platform = PlatformOf<>;

}  // namespace kilburn::tlm::test
