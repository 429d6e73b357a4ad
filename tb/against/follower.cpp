// SPDX-License-Identifier: Apache-2.0
//
// Handshakes of the second DUT.
#include "tb/against/follower.h"

#include "model/arch/layout.h"
#include "tb/errors.h"
#include "tb/text.h"

namespace kilburn::against {

namespace ctl = arch::layout::Controls;
namespace feature = arch::layout::Feature;
using tb::Side;

namespace {

struct Needed {
  arch::layout::Field feature, control;
  const char* name;
};

// Controls that ask for a feature (layout.def Feature).
std::span<const Needed> needed(arch::Format format) {
  static constexpr Needed kX86[] = {{feature::LA57, ctl::LA57, "five levels"},
                                    {feature::PKU, ctl::PKE, "protection keys of user pages"},
                                    {feature::PKS, ctl::PKS, "protection keys of supervisor pages"},
                                    {feature::PHYS, ctl::PHYS, "physical addresses"}};
  static constexpr Needed kAlpha[] = {{feature::REFILL, ctl::REFILL, "refill by software"},
                                      {feature::PHYS, ctl::PHYS, "physical addresses"}};
  return format == arch::Format::x86_64 ? std::span<const Needed>(kX86) : std::span<const Needed>(kAlpha);
}

arch::u32 missing_controls(const kilburn_dut_config& config) {
  u64 missing = 0;
  for (const Needed& n : needed(static_cast<arch::Format>(config.format))) {
    if (!n.feature.test(config.features)) missing |= n.control.mask();
  }
  return static_cast<arch::u32>(missing);
}

tb::LockstepConfig with_monitor(tb::LockstepConfig config, JudgedMonitor& monitor) {
  config.monitor = &monitor;
  return config;
}

arch::Request request_of(const kilburn_req_in& pins, Side side) {
  const bool data = side == Side::data;
  return {pins.va,
          !data        ? arch::Op::fetch
          : pins.write ? arch::Op::write
                       : arch::Op::read,
          static_cast<arch::Mode>(pins.mode), data && pins.ac != 0, data && pins.implicit != 0};
}

}  // namespace

Follower::Follower(const tb::DutLibrary& library, const FollowerConfig& config, os::PhysMem& original, Answers& answers)
    : api_(library.api()),
      answers_(answers),
      image_(original),
      judged_(config.checker, image_, image_),
      dut_(library, config.seed),
      lockstep_((dut_.select_bug(config.bug), dut_), image_, with_monitor(config.lockstep, judged_)),
      limit_(config.lockstep.answer_limit),
      missing_controls_(missing_controls(library.api().config)) {}

void Follower::require(const kilburn_dut_in& in, bool d) const {
  const auto needs = [&](const char* what) {
    throw tb::UserError("the stimulus needs " + std::string(what) + ", which DUT " + api_.name + " does not have");
  };
  if ((in.ctx_ctl & missing_controls_) != 0) {
    for (const Needed& n : needed(static_cast<arch::Format>(api_.config.format))) {
      if (n.control.test(in.ctx_ctl & missing_controls_)) needs(n.name);
    }
  }
  if (d && in.d.implicit && !feature::IMPLICIT.test(api_.config.features)) needs("implicit supervisor accesses");
}

void Follower::clock(bool take_i, bool take_d) {
  kilburn_dut_in& in = lockstep_.in();
  const kilburn_dut_out out = lockstep_.out();
  in.i.rsp_ready = take_i;
  in.d.rsp_ready = take_d;
  const bool i_taken = in.i.valid && out.i.req_ready, d_taken = in.d.valid && out.d.req_ready;
  const bool operation_taken = in.inv_valid && out.inv_ready;
  lockstep_.clock();
  if (out.inv_ack) operating_ = false;
  if (out.i.rsp_valid && take_i) {
    busy_[0] &= static_cast<arch::u16>(~(1u << (out.i.rsp_id & 15)));
    answers_.answered(Who::b, Side::instruction, out.i, judged_.legality(0));
  }
  if (out.d.rsp_valid && take_d) {
    busy_[1] &= static_cast<arch::u16>(~(1u << (out.d.rsp_id & 15)));
    answers_.answered(Who::b, Side::data, out.d, judged_.legality(1));
  }
  if (i_taken) busy_[0] |= static_cast<arch::u16>(1u << in.i.id), in.i.valid = 0;
  if (d_taken) busy_[1] |= static_cast<arch::u16>(1u << in.d.id), in.d.valid = 0;
  if (operation_taken) in.inv_valid = 0, operating_ = true;
}

template <class Done>
void Follower::wait(Done&& done, const std::string& what) {
  const u64 since = lockstep_.cycle();
  while (!done()) {
    if (lockstep_.cycle() - since > limit_) {
      throw tb::DutWrong("protocol", what + " within " + std::to_string(limit_) + " cycles", lockstep_.cycle());
    }
    clock(true, true);
  }
}

void Follower::wait_answered(Side side, unsigned id) {
  const auto s = static_cast<unsigned>(side);
  if ((busy_[s] >> (id & 15) & 1) == 0) return;
  wait([&] { return (busy_[s] >> (id & 15) & 1) == 0; },
       "R5: " + tb::text(lockstep_.history().open_request(side, id).request) + " is not answered");
}

void Follower::wait_acknowledged() {
  if (!operating_) return;
  wait([&] { return !operating_; },
       "R6: operation " + std::string(tb::invalidation_name(lockstep_.in().inv_op)) + " is not acknowledged");
}

void Follower::settle() {
  wait([&] { return !busy_[0] && !busy_[1]; }, "R5: the requests in flight are not all answered");
  wait_acknowledged();
}

void Follower::accept(const kilburn_dut_in& from, bool i, bool d, bool operation) {
  require(from, d);
  if (i) wait_answered(Side::instruction, from.i.id);
  if (d) wait_answered(Side::data, from.d.id);
  if (operation) wait_acknowledged();
  kilburn_dut_in& in = lockstep_.in();
  in.ctx_root = from.ctx_root;
  in.ctx_ctl = from.ctx_ctl;
  in.ctx_asid = from.ctx_asid;
  in.ctx_pkru = from.ctx_pkru;
  in.ctx_pkrs = from.ctx_pkrs;
  const auto offer = [](kilburn_req_in& pins, const kilburn_req_in& request) {
    const auto ready = pins.rsp_ready;
    pins = request;
    pins.rsp_ready = ready;
  };
  if (i) offer(in.i, from.i);
  if (d) offer(in.d, from.d);
  if (operation) {
    in.inv_valid = 1;
    in.inv_op = from.inv_op;
    in.inv_va = from.inv_va;
    in.inv_asid = from.inv_asid;
    in.inv_pte = from.inv_pte;
  }
  clock(from.i.rsp_ready, from.d.rsp_ready);
  if (!(in.i.valid | in.d.valid | in.inv_valid)) return;
  const std::string what = in.i.valid ? "R5: " + tb::text(request_of(in.i, Side::instruction)) + " is not taken"
                           : in.d.valid
                               ? "R5: " + tb::text(request_of(in.d, Side::data)) + " is not taken"
                               : "R6: operation " + std::string(tb::invalidation_name(in.inv_op)) + " is not taken";
  wait([&] { return !(in.i.valid | in.d.valid | in.inv_valid); }, what);
}

void Follower::restart(const arch::Settings& settings) {
  settle();
  if (api_.config.cfg_pins == 0) {
    const auto format = static_cast<arch::Format>(api_.config.format);
    if (!(arch::settings_of(format, api_.config.cfg) == settings)) {
      throw tb::UserError("DUT " + std::string(api_.name) +
                          " has no configuration pins and is built with other settings than the stimulus needs");
    }
  }
  lockstep_.restart(settings);
  image_.clear();
}

void Follower::finish() {
  settle();
  lockstep_.finish();
}

}  // namespace kilburn::against
