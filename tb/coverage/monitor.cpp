// SPDX-License-Identifier: Apache-2.0
//
// Pins to observations.
#include "tb/coverage/monitor.h"

namespace kilburn::coverage {

namespace {
// A port that has been silent for so long has no walk whose result is still to be told.
constexpr u64 kSilence = 32;
}  // namespace

Monitor::Monitor(arch::Format format, const arch::Settings& settings, os::PhysMem& memory, os::PhysMem& seen,
                 Counts& counts, tb::PassiveMonitor* inner)
    : counts_(counts),
      inner_(inner),
      responses_(format, seen, counts),
      memory_(inner ? inner->software_memory() : memory, seen, responses_),
      format_(format),
      settings_(settings) {
  responses_.reset(settings);
}

void Monitor::beside(const uarch::Mmu& twin, const kilburn_dut_config& built) {
  twin_.emplace(twin, built, counts_, responses_);
  twin_->reset(settings_);
}

void Monitor::reset(const arch::Settings& settings) {
  settings_ = settings;
  responses_.reset(settings);
  if (twin_) twin_->reset(settings);
  in_flight_ = 0;
  operating_ = false;
  last_memory_ = now_;
  if (inner_) inner_->reset(settings);
}

void Monitor::read(unsigned id, u64 pa, u64 value) {
  if (twin_) twin_->read(id, value);
  if (inner_) inner_->walkers().read(id, pa, value);
}
void Monitor::swap(unsigned id, u64 pa, u64 expect, u64 desired, u64 found) {
  if (inner_) inner_->walkers().swap(id, pa, expect, desired, found);
}
void Monitor::bus_error(unsigned id, u64 pa) {
  if (inner_) inner_->walkers().bus_error(id, pa);
}

void Monitor::take(tb::Side side, const kilburn_req_in& pins, const kilburn_dut_in& in) {
  const bool data = side == tb::Side::data;
  arch::Request request;
  request.va = pins.va;
  request.op = !data ? arch::Op::fetch : pins.write ? arch::Op::write : arch::Op::read;
  request.mode = static_cast<arch::Mode>(pins.mode);
  request.ac = data && pins.ac != 0;
  request.implicit = data && pins.implicit != 0;
  responses_.request(side, pins.id, request,
                     {in.ctx_root, static_cast<u16>(in.ctx_asid), in.ctx_ctl, in.ctx_pkru, in.ctx_pkrs},
                     twin_.has_value());
  asked_[static_cast<unsigned>(side)][pins.id & 15] = {true, now_, in_flight_ == 0 && now_ - last_memory_ > kSilence};
}

void Monitor::answer(tb::Side side, const kilburn_req_out& pins) {
  Offered& asked = asked_[static_cast<unsigned>(side)][pins.rsp_id & 15];
  // Without a twin: an answer in the very next cycle, with no walk before, is a cached one.
  if (!twin_ && asked.accepted && asked.quiet && now_ == asked.cycle + 1 && pins.rsp_fault == 1) {
    responses_.from(side, pins.rsp_id, Source::l1);
  }
  asked.accepted = false;
  responses_.response(side, pins.rsp_id,
                      {static_cast<arch::Fault>(pins.rsp_fault), pins.rsp_err, pins.rsp_level, pins.rsp_size});
}

void Monitor::look_at_memory(const kilburn_dut_in& in, const kilburn_dut_out& out) {
  if (out.mem_req_valid && in.mem_req_ready) in_flight_ = static_cast<u16>(in_flight_ | 1u << (out.mem_req_id & 15));
  if (in.mem_rsp_valid) in_flight_ = static_cast<u16>(in_flight_ & ~(1u << (in.mem_rsp_id & 15)));
  if (in.mem_rsp_valid || out.mem_req_valid) last_memory_ = now_;
}

bool Monitor::cycle(const kilburn_dut_in& in, const kilburn_dut_out& out) {
  if (twin_) twin_->cycle(in, out);
  if (out.inv_ack && operating_) {
    operating_ = false;
    responses_.invalidated(invalidation_of(format_, taken_.inv_op), taken_.inv_va, static_cast<u16>(taken_.inv_asid));
  }
  if (out.i.rsp_valid & in.i.rsp_ready) answer(tb::Side::instruction, out.i);
  if (out.d.rsp_valid & in.d.rsp_ready) answer(tb::Side::data, out.d);
  look_at_memory(in, out);
  if (in.i.valid & out.i.req_ready) take(tb::Side::instruction, in.i, in);
  if (in.d.valid & out.d.req_ready) take(tb::Side::data, in.d, in);
  if (in.inv_valid & out.inv_ready) {
    taken_ = in;
    operating_ = true;
    counts_.hit<ItemId::invalidation>(invalidation_of(format_, in.inv_op));
  }
  if (counts_.illegal() != Counts::kNone) [[unlikely]]
    return false;
  return !inner_ || inner_->cycle(in, out);
}

tb::PassiveMonitor::Finding Monitor::finding() const {
  const u32 bin = counts_.illegal();
  if (bin == Counts::kNone) return inner_ ? inner_->finding() : Finding{};
  const Model& model = Model::get();
  const Item& item = model.item_of(bin);
  return {"illegal bin of " + item.id + " (" + item.says + "): " + item.bin_text(bin) + ": " + model.reason(bin), now_,
          "coverage"};
}

}  // namespace kilburn::coverage
