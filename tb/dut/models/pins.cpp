// SPDX-License-Identifier: Apache-2.0
//
// One clock at the pins of a model.
#include "tb/dut/models/pins.h"

#include "model/arch/layout.h"
#include "tb/dut/adapter_api.h"

namespace kilburn::tb::models {
namespace {

namespace event = arch::layout::Event;
namespace feature = arch::layout::Feature;

constexpr u64 kRootBits = (u64{1} << 52) - 1;
constexpr u16 kAsidBits = 0xFFF;

PinModel& model(void* self) { return *static_cast<PinModel*>(self); }

u32 features_of(arch::Format format) {
  const u64 of_x86 = feature::LA57.mask() | feature::PKU.mask() | feature::PKS.mask() | feature::IMPLICIT.mask();
  const u64 own = format == arch::Format::x86_64 ? of_x86 : feature::REFILL.mask();
  return static_cast<u32>(own | feature::PHYS.mask());
}

}  // namespace

kilburn_dut_api make_api(arch::Format format, const char* name, const char* description) {
  kilburn_dut_api a = sized_api();
  a.name = name;
  a.description = description;
  a.config.format = static_cast<u32>(format);
  a.config.cfg = arch::config_word(format, {});
  a.config.cfg_pins = 1;
  a.config.features = features_of(format);
  a.destroy = [](void* self) { delete static_cast<PinModel*>(self); };
  a.reset = [](void* self, u32 cfg, kilburn_dut_out* out) { model(self).reset(cfg, *out); };
  a.clock = [](void* self, const kilburn_dut_in* in, kilburn_dut_out* out) { model(self).clock(*in, *out); };
  return a;
}

void PinModel::reset(u32 cfg, kilburn_dut_out& out) {
  engine_->reset(arch::settings_of(format_, cfg));
  sides_ = {};
  presented_.reset();
  last_presented_ = 0;
  maintenance_ = Maintenance::idle;
  hold_ = false;
  events_ = {};
  shown_event_ = 0;
  show(out);
}

void PinModel::clock(const kilburn_dut_in& in, kilburn_dut_out& out) {
  shown_event_ = events_[in.evt_sel % events_.size()];
  // What was ready in this cycle, before anything of it happens (R1).
  const bool ready[2] = {sides_[0].state == Side::State::idle, sides_[1].state == Side::State::idle};
  const bool operation = in.inv_valid != 0 && maintenance_ready();
  memory_port(in);
  maintenance(in, operation);
  for (unsigned n = 0; n < 2; ++n) {
    const kilburn_req_in& pins = n == 0 ? in.i : in.d;
    // A response that this very clock has made is not at the pins yet.
    Side& side = sides_[n];
    if (side.response.rsp_valid != 0 && pins.rsp_ready != 0) side = {};
    if (side.state == Side::State::answered) side.response.rsp_valid = 1;
    if (ready[n] && pins.valid != 0) accept(n, pins, in);
  }
  choose_presented();
  engine_->count(events_);
  show(out);
}

void PinModel::accept(unsigned side, const kilburn_req_in& pins, const kilburn_dut_in& in) {
  arch::Request request;
  request.va = pins.va;
  request.mode = static_cast<arch::Mode>(pins.mode);
  if (side == 0) {
    request.op = arch::Op::fetch;
  } else {
    request.op = pins.write != 0 ? arch::Op::write : arch::Op::read;
    request.ac = pins.ac != 0;
    request.implicit = pins.implicit != 0;
  }
  const arch::Context context{in.ctx_root & kRootBits, static_cast<u16>(in.ctx_asid & kAsidBits), in.ctx_ctl,
                              in.ctx_pkru, in.ctx_pkrs};
  Side& s = sides_[side];
  s.state = Side::State::working;
  s.response.rsp_id = pins.id;
  take(side, engine_->begin(side, request, context));
  if (s.state == Side::State::answered) s.response.rsp_valid = 1;
}

void PinModel::take(unsigned side, const Step& step) {
  Side& s = sides_[side];
  if (const auto* op = std::get_if<MemoryOp>(&step)) {
    s.op = *op;
    return;
  }
  const auto& answer = std::get<Answer>(step);
  kilburn_req_out& r = s.response;
  s.state = Side::State::answered;
  hold_ = false;
  r.rsp_fault = static_cast<u8>(answer.fault.code);
  if (answer.fault.code == arch::Fault::none) {
    r.rsp_pa = answer.pa;
    r.rsp_size = answer.translation.page_log2;
    r.rsp_mt = answer.translation.memory_type;
    r.rsp_global = answer.translation.global ? 1 : 0;
  } else {
    r.rsp_err = answer.fault.error;
    r.rsp_level = answer.fault.level;
  }
}

void PinModel::memory_port(const kilburn_dut_in& in) {
  if (in.mem_rsp_valid != 0 && in.mem_rsp_id < 2 && sides_[in.mem_rsp_id].in_flight) {
    Side& s = sides_[in.mem_rsp_id];
    s.in_flight = false;
    s.old = false;
    const MemoryReply reply{in.mem_rsp_data, in.mem_rsp_match != 0, in.mem_rsp_err != 0};
    if (s.op->swap && !reply.matched && !reply.error) ++events_[event::CAS_FAIL];
    s.op.reset();
    take(in.mem_rsp_id, engine_->resume(in.mem_rsp_id, reply));
  }
  if (presented_ && in.mem_req_ready != 0) {
    Side& s = sides_[*presented_];
    s.in_flight = true;
    ++events_[s.op->swap ? event::MEM_CAS : event::MEM_READ];
    presented_.reset();
  }
}

// R7: what the sides wanted before is let finish, and its outcome is the engine's to drop; what they want from then
// on waits until the acknowledge.
void PinModel::maintenance(const kilburn_dut_in& in, bool accepted) {
  switch (maintenance_) {
    case Maintenance::idle:
      if (!accepted) return;
      maintenance_ = Maintenance::busy;
      ++events_[event::INVALIDATE];
      for (Side& s : sides_) {
        s.old = s.op.has_value();
        hold_ = hold_ || s.state == Side::State::working;
      }
      engine_->maintain(in.inv_op, in.inv_va, static_cast<u16>(in.inv_asid & kAsidBits), in.inv_pte);
      return;
    case Maintenance::busy:
      if (!sides_[0].old && !sides_[1].old) maintenance_ = Maintenance::acknowledge;
      return;
    case Maintenance::acknowledge:
      maintenance_ = Maintenance::idle;
      return;
  }
}

// The sides take turns; what is at the port stays there until it is taken (R2).
void PinModel::choose_presented() {
  if (presented_) return;
  for (const unsigned n : {1 - last_presented_, last_presented_}) {
    const Side& s = sides_[n];
    if (!s.op || s.in_flight || (maintenance_ == Maintenance::busy && !s.old)) continue;
    presented_ = last_presented_ = n;
    return;
  }
}

void PinModel::show(kilburn_dut_out& out) const {
  out = {};
  for (unsigned n = 0; n < 2; ++n) {
    kilburn_req_out& pins = n == 0 ? out.i : out.d;
    const Side& s = sides_[n];
    if (s.state == Side::State::answered) pins = s.response;
    pins.req_ready = s.state == Side::State::idle ? 1 : 0;
  }
  if (presented_) {
    const MemoryOp& op = *sides_[*presented_].op;
    out.mem_req_valid = 1;
    out.mem_req_id = static_cast<u8>(*presented_);
    out.mem_req_addr = op.pa;
    if (op.swap) {
      out.mem_req_op = arch::layout::MemOp::CAS;
      out.mem_req_cmp = op.expect;
      out.mem_req_data = op.desired;
    }
  }
  out.inv_ready = maintenance_ready() ? 1 : 0;
  out.inv_ack = maintenance_ == Maintenance::acknowledge ? 1 : 0;
  out.evt_count = shown_event_;
}

}  // namespace kilburn::tb::models
