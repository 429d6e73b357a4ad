// SPDX-License-Identifier: Apache-2.0
//
// The walk and DUTs as machines.
#include "tests/exhaustive/machine.h"

#include <vector>

#include "sw/hw/ram.h"
#include "tb/lockstep/lockstep.h"
#include "tests/directed/tlm_start.h"
#include "tests/duts.h"

namespace kilburn::exhaustive {
namespace {

class WalkMachine final : public Machine {
 public:
  explicit WalkMachine(Format format) : format_(format), words_(kMemoryBytes / 8) {}

  void restart(const Settings& settings) override { settings_ = settings; }
  const Settings& settings() const override { return settings_; }
  Response access(const Request& request) override {
    const arch::Outcome o = arch::walk(format_, settings_, context, request, [&](u64 pa) -> std::optional<u64> {
      if (pa / 8 >= words_.size()) return std::nullopt;
      return words_[pa / 8];
    });
    for (const arch::EntryWrite& write : o.writes) {
      if (words_[write.pa / 8] == write.expect) words_[write.pa / 8] = write.desired;
    }
    ++accesses_;
    if (o.fault.code != Fault::none) return {o.fault.code, o.fault.error, o.fault.level, 0, 0, 0, false};
    const arch::Translation& t = o.translation;
    return {Fault::none, 0, 0, o.pa, t.page_log2, t.memory_type, t.global};
  }
  void invalidate(unsigned /*op*/, u64 /*va*/, u16 /*asid*/) override {}
  u64 load(u64 pa) override { return words_[pa / 8]; }
  void store(u64 pa, u64 value) override { words_[pa / 8] = value; }
  void finish() override {}
  u64 cycles() const override { return accesses_; }
  bool caches() const override { return false; }
  bool keeps() const override { return false; }

 private:
  Format format_;
  Settings settings_;
  std::vector<u64> words_;
  u64 accesses_ = 0;
};

class DutMachine final : public Machine {
 public:
  DutMachine(const std::string& name, const tb::DutLibrary& library, const std::string& bug, bool exact)
      : caches_(name != "arch"), keeps_(name != "arch" && name != "tlm"), memory_(kMemoryBytes), dut_(library, 1) {
    if (!bug.empty()) dut_.select_bug(bug);
    tb::LockstepConfig config;
    config.exact = exact && library.api().config.exact != 0;
    lockstep_ = std::make_unique<tb::Lockstep>(dut_, memory_, config);
  }

  void restart(const Settings& settings) override {
    lockstep_->restart(settings);
    lockstep_->in().i.rsp_ready = lockstep_->in().d.rsp_ready = 1;
  }
  const Settings& settings() const override { return lockstep_->settings(); }

  Response access(const Request& request) override {
    auto& in = lockstep_->in();
    in.ctx_root = context.root;
    in.ctx_asid = context.asid;
    in.ctx_ctl = context.controls;
    in.ctx_pkru = context.pkru;
    in.ctx_pkrs = context.pkrs;
    const bool fetch = request.op == Op::fetch;
    kilburn_req_in& pins = fetch ? in.i : in.d;
    const kilburn_req_out& out = fetch ? lockstep_->out().i : lockstep_->out().d;
    pins.va = request.va;
    pins.id = static_cast<u8>((pins.id + 1) & 15);
    pins.mode = static_cast<u8>(request.mode);
    pins.write = request.op == Op::write;
    pins.ac = !fetch && request.ac;
    pins.implicit = !fetch && request.implicit;
    pins.rsp_ready = 1;
    pins.valid = 1;
    wait_for([&] { return out.req_ready != 0; });
    lockstep_->clock();
    pins.valid = 0;
    wait_for([&] { return out.rsp_valid != 0; });
    const Response response{static_cast<Fault>(out.rsp_fault),
                            out.rsp_err,
                            out.rsp_level,
                            out.rsp_pa,
                            out.rsp_size,
                            out.rsp_mt,
                            out.rsp_global != 0};
    if (out.rsp_id != pins.id) throw tb::DutWrong("protocol", "R3: a response has another id", lockstep_->cycle());
    lockstep_->clock();
    return response;
  }

  void invalidate(unsigned op, u64 va, u16 asid) override {
    auto& in = lockstep_->in();
    in.inv_op = static_cast<u8>(op);
    in.inv_va = va;
    in.inv_asid = asid;
    in.inv_valid = 1;
    wait_for([&] { return lockstep_->out().inv_ready != 0; });
    lockstep_->clock();
    in.inv_valid = 0;
    wait_for([&] { return lockstep_->out().inv_ack != 0; });
    lockstep_->clock();
  }

  u64 load(u64 pa) override { return memory_.load64(pa); }
  void store(u64 pa, u64 value) override { memory_.store64(pa, value); }
  void finish() override { lockstep_->finish(); }
  u64 cycles() const override { return lockstep_->cycle(); }
  bool caches() const override { return caches_; }
  bool keeps() const override { return keeps_; }

 private:
  template <class Condition>
  void wait_for(Condition&& met) {
    for (unsigned n = 0; !met(); ++n) {
      if (n > 10000) throw tb::DutWrong("protocol", "R5, R6: the DUT is silent", lockstep_->cycle());
      lockstep_->clock();
    }
  }

  bool caches_, keeps_;
  os::RamMem memory_;
  tb::Dut dut_;
  std::unique_ptr<tb::Lockstep> lockstep_;
};

}  // namespace

std::unique_ptr<Machine> make_machine(const std::string& name, Format format, const std::string& bug, bool exact) {
  if (name == "walk") return std::make_unique<WalkMachine>(format);
  std::string library = name;
  if (name == "tlm") directed::start_tlm();
  if (name != "tlm" && name != "arch" && name.find('/') == std::string::npos) {
    library = tb::dut_path(name, format);
  }
  return std::make_unique<DutMachine>(name, tb::DutLibrary::load(library, format), bug, exact);
}

}  // namespace kilburn::exhaustive
