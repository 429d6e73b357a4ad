// SPDX-License-Identifier: Apache-2.0
//
// Recording and telling of transactions.
#include "tb/lockstep/history.h"

#include <algorithm>

#include "tb/text.h"

namespace kilburn::tb {

using arch::u64;
using arch::u8;

std::string text(const arch::Request& r) {
  return std::string(r.op == arch::Op::fetch   ? "fetch"
                     : r.op == arch::Op::write ? "store"
                                               : "load") +
         " " + hex(r.va) + " in mode " + std::string(arch::name(r.mode)) + (r.ac ? " with AC" : "") +
         (r.implicit ? ", implicit" : "");
}

void History::port(u64 cycle, Side side, const kilburn_dut_in& in, const kilburn_dut_out& out) {
  const bool data = side == Side::data;
  const kilburn_req_in& pin = data ? in.d : in.i;
  const kilburn_req_out& pout = data ? out.d : out.i;
  auto& open = open_[static_cast<unsigned>(side)];
  if (pout.rsp_valid && pin.rsp_ready) {
    OpenRequest& request = open[pout.rsp_id & 15];
    ++responses_;
    if (!request.open) {
      protocol(std::string("R3: a response on the ") + (data ? "data" : "instruction") +
               " port answers no request (id " + std::to_string(pout.rsp_id) + ") in cycle " + std::to_string(cycle));
    }
    request.open = false;
    note({cycle, Kind::response, side, pout.rsp_id, pout.rsp_fault, pout.rsp_level, pout.rsp_size, pout.rsp_err,
          pout.rsp_pa, 0, 0},
         &request.request);
  }
  if (pin.valid && pout.req_ready) {
    OpenRequest& request = open[pin.id & 15];
    request.open = true;
    request.cycle = cycle;
    request.number = ++requests_;
    request.request = {pin.va,
                       !data       ? arch::Op::fetch
                       : pin.write ? arch::Op::write
                                   : arch::Op::read,
                       static_cast<arch::Mode>(pin.mode), pin.ac != 0, pin.implicit != 0};
    request.context = {in.ctx_root, static_cast<arch::u16>(in.ctx_asid), in.ctx_ctl, in.ctx_pkru, in.ctx_pkrs};
    note({cycle, Kind::request, side, pin.id, pin.write, pin.mode, static_cast<u8>(pin.ac | pin.implicit << 1),
          static_cast<arch::u16>(in.ctx_asid), pin.va, in.ctx_root, in.ctx_ctl});
  }
}

void History::check_held(u64 cycle, const kilburn_dut_out& out) {
  const char* changed = nullptr;
  auto differs = [](const kilburn_req_out& a, const kilburn_req_out& b) {
    return a.rsp_valid != b.rsp_valid || a.rsp_pa != b.rsp_pa || a.rsp_err != b.rsp_err || a.rsp_id != b.rsp_id ||
           a.rsp_fault != b.rsp_fault || a.rsp_level != b.rsp_level || a.rsp_size != b.rsp_size ||
           a.rsp_mt != b.rsp_mt || a.rsp_global != b.rsp_global;
  };
  if ((held_ & kIResponse) && differs(out.i, held_out_.i)) changed = "i_rsp";
  if ((held_ & kDResponse) && differs(out.d, held_out_.d)) changed = "d_rsp";
  if ((held_ & kMemory) && (!out.mem_req_valid || out.mem_req_addr != held_out_.mem_req_addr ||
                            out.mem_req_op != held_out_.mem_req_op || out.mem_req_id != held_out_.mem_req_id ||
                            out.mem_req_cmp != held_out_.mem_req_cmp || out.mem_req_data != held_out_.mem_req_data)) {
    changed = "mem_req";
  }
  if (changed) {
    protocol(std::string("R2: ") + changed + " changes before it is taken, in cycle " + std::to_string(cycle));
  }
}

void History::memory(u64 cycle, const kilburn_dut_in& in, const kilburn_dut_out& out) {
  if (in.mem_rsp_valid) {
    note({cycle, Kind::mem_response, Side::data, in.mem_rsp_id, in.mem_rsp_match, in.mem_rsp_err, 0, 0, in.mem_rsp_data,
          0, 0});
  }
  if (in.mem_req_ready && out.mem_req_valid) {
    note({cycle, Kind::mem_request, Side::data, out.mem_req_id, out.mem_req_op, 0, 0, 0, out.mem_req_addr,
          out.mem_req_cmp, out.mem_req_data});
  }
}

void History::invalidation(u64 cycle, const kilburn_dut_in& in, const kilburn_dut_out& out) {
  if (out.inv_ack) {
    if (!invalidating_) protocol("R6: an acknowledge without an invalidation in cycle " + std::to_string(cycle));
    invalidating_ = false;
    note({cycle, Kind::inv_ack, Side::data, 0, 0, 0, 0, 0, 0, 0, 0});
  }
  if (in.inv_valid && out.inv_ready) {
    if (invalidating_) {
      protocol("R6: an invalidation is taken before the one before is acknowledged, in cycle " + std::to_string(cycle));
    }
    invalidating_ = true;
    note({cycle, Kind::inv_request, Side::data, 0, in.inv_op, 0, 0, static_cast<arch::u16>(in.inv_asid), in.inv_va, 0,
          0});
  }
}

void History::edit(u64 cycle, u64 pa, u64 value) {
  ++edits_;
  last_edit_ = {pa, value};
  note({cycle, Kind::edit, Side::data, 0, 0, 0, 0, 0, pa, value, 0});
}

std::vector<History::Edit> History::last_edits(std::size_t most) const {
  std::vector<Edit> found;
  for (auto e = events_.rbegin(); e != events_.rend() && found.size() < most; ++e) {
    if (e->kind == Kind::edit) found.push_back({e->x, e->y});
  }
  std::reverse(found.begin(), found.end());
  return found;
}

Transfer History::transfer(const Event& e, const arch::Request* answered) {
  Transfer t;
  t.line = text(e);
  t.set(Field::cycle, e.cycle);
  const auto on_port = [&](const arch::Request& r) {
    t.set(Field::side, e.side == Side::data);
    t.set(Field::id, e.id);
    t.set(Field::va, r.va);
    t.set(Field::write, r.op == arch::Op::write);
    t.set(Field::fetch, r.op == arch::Op::fetch);
    t.set(Field::mode, static_cast<u64>(r.mode));
  };
  switch (e.kind) {
    case Kind::request:
      t.kind = Transfer::Kind::request;
      on_port({e.x,
               e.side == Side::instruction ? arch::Op::fetch
               : e.op                      ? arch::Op::write
                                           : arch::Op::read,
               static_cast<arch::Mode>(e.a), false, false});
      t.set(Field::asid, e.c);
      t.set(Field::root, e.y);
      t.set(Field::controls, e.z);
      break;
    case Kind::response:
      t.kind = Transfer::Kind::response;
      on_port(*answered);
      t.set(Field::fault, e.op);
      t.set(Field::level, e.a);
      if (e.op == 0) {
        t.set(Field::pa, e.x);
        t.set(Field::size, e.b);
      } else {
        t.set(Field::error, e.c);
      }
      break;
    case Kind::mem_request:
      t.kind = e.op == 0 ? Transfer::Kind::read : Transfer::Kind::swap;
      t.set(Field::id, e.id);
      t.set(Field::pa, e.x);
      if (e.op != 0) t.set(Field::data, e.z);
      break;
    case Kind::mem_response:
      t.kind = Transfer::Kind::answer;
      t.set(Field::id, e.id);
      t.set(Field::error, e.a);
      if (!e.a) t.set(Field::data, e.x);
      break;
    case Kind::inv_request:
      t.kind = Transfer::Kind::operation;
      t.set(Field::op, e.op);
      t.set(Field::va, e.x);
      t.set(Field::asid, e.c);
      break;
    case Kind::inv_ack:
      t.kind = Transfer::Kind::acknowledge;
      break;
    case Kind::edit:
      t.kind = Transfer::Kind::edit;
      t.set(Field::pa, e.x);
      t.set(Field::data, e.y);
      break;
  }
  return t;
}

const OpenRequest* History::request_of(Side side, const kilburn_dut_out& out) const {
  const kilburn_req_out& pins = side == Side::data ? out.d : out.i;
  const auto& open = open_[static_cast<unsigned>(side)];
  if (pins.rsp_valid && open[pins.rsp_id & 15].open) return &open[pins.rsp_id & 15];
  const OpenRequest* youngest = nullptr;
  for (const auto& request : open) {
    if (request.open && (!youngest || request.cycle > youngest->cycle)) youngest = &request;
  }
  return youngest;
}

unsigned History::open_count(Side side) const {
  unsigned n = 0;
  for (const auto& request : open_[static_cast<unsigned>(side)]) n += request.open;
  return n;
}

std::string History::text(const Event& e) {
  const std::string port = e.side == Side::data ? "D" : "I";
  std::string line = "cycle " + std::to_string(e.cycle) + "  ";
  switch (e.kind) {
    case Kind::request: {
      const arch::Request r{e.x,
                            e.side == Side::instruction ? arch::Op::fetch
                            : e.op                      ? arch::Op::write
                                                        : arch::Op::read,
                            static_cast<arch::Mode>(e.a), (e.b & 1) != 0, (e.b & 2) != 0};
      return line + port + " request #" + std::to_string(e.id) + ": " + tb::text(r) + ", root " + hex(e.y) + ", asid " +
             std::to_string(e.c) + ", controls " + hex(e.z);
    }
    case Kind::response: {
      const auto fault = static_cast<arch::Fault>(e.op);
      line += port + " response #" + std::to_string(e.id) + ": ";
      if (fault == arch::Fault::none) return line + "pa " + hex(e.x) + ", page of 2^" + std::to_string(e.b) + " bytes";
      return line + std::string(arch::name(fault)) + (e.c ? ", error code " + hex(e.c) : "") +
             (e.a ? ", decided at level " + std::to_string(e.a) : "");
    }
    case Kind::mem_request:
      if (e.op == 0) return line + "walker reads " + hex(e.x);
      return line + "walker swaps " + hex(e.x) + ": " + hex(e.y) + " to " + hex(e.z);
    case Kind::mem_response:
      if (e.a) return line + "memory answers: bus error";
      return line + "memory answers " + hex(e.x) + (e.op ? ", swapped" : "");
    case Kind::inv_request:
      return line + "TLB operation " + std::string(invalidation_name(e.op)) + ", va " + hex(e.x) + ", asid " +
             std::to_string(e.c);
    case Kind::inv_ack:
      return line + "TLB operation acknowledged";
    case Kind::edit:
      break;
  }
  return line + "software writes " + hex(e.x) + " = " + hex(e.y);
}

std::vector<std::string> History::lines() const {
  std::vector<std::string> result;
  for (const auto& e : events_) result.push_back(text(e));
  return result;
}

std::vector<std::string> History::memory_lines_since(u64 cycle) const {
  std::vector<std::string> result;
  for (const auto& e : events_) {
    if (e.cycle >= cycle && (e.kind == Kind::mem_request || e.kind == Kind::mem_response)) result.push_back(text(e));
  }
  return result;
}

}  // namespace kilburn::tb
