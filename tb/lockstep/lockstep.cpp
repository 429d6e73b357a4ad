// SPDX-License-Identifier: Apache-2.0
//
// The slow paths of the lockstep loop.
#include "tb/lockstep/lockstep.h"

#include "tb/text.h"

namespace kilburn::tb {

using arch::u64;

Lockstep::Lockstep(Dut& dut, os::PhysMem& memory, const LockstepConfig& config)
    : dut_(dut),
      memory_(memory),
      config_(config),
      memory_port_(memory, config.seed),
      until_quantum_(config.quantum),
      next_contents_(config.contents_interval) {
  if (config.monitor) {
    memory_port_.set_observer(&config.monitor->walkers());
    config.monitor->attach(out_);
  }
  if (config.exact) check_.emplace(ExactCheck::for_dut(dut.api(), config.settings));
  reset();
  // A DUT that is wrong from its first cycle on is a verdict, and whoever builds this does not expect one yet.
  if (check_ && !check_->agrees(out_)) {
    wrong_at_reset_ = check_->first_difference(out_);
    until_quantum_ = 1;
  }
}

void Lockstep::reset() {
  in_.cfg = arch::config_word(static_cast<arch::Format>(dut_.api().config.format), config_.settings);
  if (observer_) observer_->reset();
  dut_.reset(in_.cfg, out_);
  invalidation_since_ = cycle_;
  memory_port_.reset(in_);
  history_.reset();
  if (check_) check_->reset(config_.settings);
}

void Lockstep::restart(const arch::Settings& settings) {
  read_counters();
  restart_counted(settings);
}

void Lockstep::restart_counted(const arch::Settings& settings) {
  compare_contents();
  config_.settings = settings;
  if (config_.monitor) config_.monitor->reset(settings);
  reset();
  if (check_ && !check_->agrees(out_)) fail_exact();
}

void Lockstep::fail_monitored() {
  const PassiveMonitor::Finding found = config_.monitor->finding();
  DutWrong wrong(found.check, found.message, found.cycle);
  wrong.request = found.request;
  throw wrong;
}

void Lockstep::fail_exact() {
  const bool at_reset = !wrong_at_reset_.signal.empty();
  const Difference d = at_reset ? wrong_at_reset_ : check_->first_difference(out_);
  const u64 cycle = at_reset ? 0 : cycle_;
  throw DutWrong("exact",
                 "pin " + d.signal + " is " + hex(d.found) + ", the reference expects " + hex(d.expected) +
                     " in cycle " + std::to_string(cycle),
                 cycle, d);
}

void Lockstep::compare_contents() {
  if (!check_) return;
  if (!wrong_at_reset_.signal.empty()) fail_exact();
  const Difference d = check_->compare_contents(dut_);
  if (d.signal.empty()) return;
  throw DutWrong("exact",
                 "TLB contents: " + d.signal + " is " + hex(d.found) + ", the reference expects " + hex(d.expected) +
                     " in cycle " + std::to_string(cycle_),
                 cycle_, d);
}

void Lockstep::look_for_silence() {
  if (!history_.protocol_error().empty()) throw DutWrong("protocol", history_.protocol_error(), cycle_);
  for (auto side : {Side::instruction, Side::data}) {
    for (unsigned id = 0; id < 16; ++id) {
      const OpenRequest& r = history_.open_request(side, id);
      if (r.open && cycle_ - r.cycle > config_.answer_limit) {
        DutWrong wrong("protocol",
                       "R5: " + text(r.request) + ", accepted in cycle " + std::to_string(r.cycle) +
                           ", has no response after " + std::to_string(cycle_ - r.cycle) + " cycles",
                       cycle_);
        wrong.request = r;
        throw wrong;
      }
    }
  }
  if (out_.inv_ready || out_.inv_ack) {
    invalidation_since_ = cycle_;
  } else if (cycle_ - invalidation_since_ > config_.answer_limit) {
    throw DutWrong(
        "protocol",
        "R6: an invalidation has not been acknowledged for " + std::to_string(cycle_ - invalidation_since_) + " cycles",
        cycle_);
  }
}

void Lockstep::end_quantum() {
  until_quantum_ = config_.quantum;
  if (!wrong_at_reset_.signal.empty()) fail_exact();
  look_for_silence();
  if (config_.monitor && !config_.monitor->quantum(cycle_)) fail_monitored();
  if (config_.contents_interval != 0 && cycle_ >= next_contents_) {
    next_contents_ = cycle_ + config_.contents_interval;
    compare_contents();
  }
  if (on_quantum) on_quantum();
}

void Lockstep::run_on(u64 cycles) {
  memory_port_.set_observer(nullptr);
  quiet_ports();
  for (u64 n = 0; n < cycles; ++n) {
    memory_port_.drive(out_, in_);
    if (observer_) observer_->cycle(*this, n == 0);
    dut_.clock(in_, out_);
  }
}

void Lockstep::quiet_ports() {
  in_.i.valid = in_.d.valid = in_.inv_valid = 0;
  in_.i.rsp_ready = in_.d.rsp_ready = 1;
}

// The counter chosen in one cycle is shown in the next; counters start from 0 at every reset.
void Lockstep::clock_and_count() {
  const auto shown = static_cast<unsigned>(cycle_ % kCounters);
  clock();
  counters_[shown] += out_.evt_count;
}

void Lockstep::read_counters() {
  quiet_ports();
  for (unsigned n = 0; n < kCounters; ++n) clock_and_count();
}

void Lockstep::finish() {
  look_for_silence();
  read_counters();
  finish_counted();
}

void Lockstep::finish_counted() {
  look_for_silence();
  compare_contents();
  if (config_.monitor && !config_.monitor->finish(cycle_)) fail_monitored();
}

}  // namespace kilburn::tb
