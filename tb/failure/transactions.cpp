// SPDX-License-Identifier: Apache-2.0
//
// One look a cycle at the pins, the twin's registers and software's writes.
#include "tb/failure/transactions.h"

#include <bit>
#include <utility>

#include "model/arch/layout.h"
#include "tb/text.h"

namespace kilburn::tb {
using arch::u64;

namespace {

constexpr const char* kBefore = "began before the waves";

std::string numbered(const char* name, u64 n) { return std::string(name) + "_" + std::to_string(n); }

const kilburn_req_in& pins_in(const Lockstep& lockstep, Side side) {
  return side == Side::data ? lockstep.in().d : lockstep.in().i;
}
const kilburn_req_out& pins_out(const Lockstep& lockstep, Side side) {
  return side == Side::data ? lockstep.out().d : lockstep.out().i;
}
const char* name(Side side) { return side == Side::data ? "d" : "i"; }

}  // namespace

Transactions::Transactions(const Lockstep& lockstep, const std::filesystem::path& waves)
    : log_(waves), edits_(lockstep.history().edits()), from_reset_(lockstep.cycle() == 0) {
  for (const Side side : {Side::instruction, Side::data}) {
    port_streams_[static_cast<unsigned>(side)] = log_.add_stream(name(side));
  }
  if (lockstep.check()) {
    walks_ = log_.add_stream("walks");
    walkers_.resize(lockstep.check()->twin().walkers());
  }
  memory_ = log_.add_stream("memory");
  operations_ = log_.add_stream("operations");
  software_ = log_.add_stream("software");
  for (const Side side : {Side::instruction, Side::data}) {
    for (unsigned id = 0; id < kIds; ++id) {
      const OpenRequest& open = lockstep.history().open_request(side, id);
      if (open.open) log_.text(begin_request(side, open, id, Edge::begin), Moment::begin, "note", kBefore);
    }
  }
}

void Transactions::cycle(const Lockstep& lockstep, bool compared) {
  const uarch::Mmu* twin = compared && lockstep.check() ? &lockstep.check()->twin() : nullptr;
  if (twin != nullptr) {
    look_at_twin(*twin);
  } else {
    for (Walk& walk : walkers_) end_walk(walk, "the reference is known no further");
  }
  edit(lockstep);
  for (const Side side : {Side::instruction, Side::data}) {
    respond(lockstep, side, twin != nullptr);
    accept(lockstep, side);
  }
  answer_access(lockstep);
  begin_access(lockstep, twin);
  operate(lockstep);
  log_.clock();
  ++clock_;
}

void Transactions::reset() {
  log_.reset();
  ports_ = {};
  for (Walk& walk : walkers_) walk = {};
  accesses_ = {};
  operation_ = {};
  from_reset_ = true;
}

Transactions::Request& Transactions::held(const uarch::MissFile& misses, unsigned place) {
  const Side side = misses.side(place) == uarch::SideName::data ? Side::data : Side::instruction;
  return port(side).requests[misses.entry(place).held.id % kIds];
}

Transactions::Id Transactions::begin_request(Side side, const OpenRequest& open, unsigned id, Edge edge) {
  const Id made =
      log_.begin(log_.generator(port_streams_[static_cast<unsigned>(side)], numbered(name(side), id)), edge);
  const arch::Request& r = open.request;
  log_.number(made, Moment::begin, "number", open.number);
  log_.text(made, Moment::begin, "access",
            r.op == arch::Op::fetch   ? "fetch"
            : r.op == arch::Op::write ? "store"
                                      : "load");
  log_.address(made, Moment::begin, "va", r.va);
  log_.text(made, Moment::begin, "mode", arch::name(r.mode));
  log_.number(made, Moment::begin, "asid", open.context.asid);
  log_.address(made, Moment::begin, "root", open.context.root);
  log_.number(made, Moment::begin, "cycle", open.cycle);
  port(side).requests[id] = {made, open.number, {}, {}, "L1 TLB"};
  return made;
}

void Transactions::look_at_twin(const uarch::Mmu& twin) {
  using State = uarch::MissFile::State;
  const uarch::MissFile& misses = twin.misses();
  const arch::u32 places = misses.places(uarch::SideName::instruction) | misses.places(uarch::SideName::data);
  for (arch::u32 rest = places; rest != 0; rest &= rest - 1) {
    const auto place = static_cast<unsigned>(std::countr_zero(rest));
    const State state = misses.entry(place).state;
    if (state == State::free) continue;
    Request& request = held(misses, place);
    if (!request.id) continue;
    if (state == State::look || state == State::looking) request.from = "L2 TLB";
    if (state == State::ready || state == State::walk || state == State::merged) request.from = "walk";
    if (state == State::retry) request.walk = {};
    if (state != State::merged) continue;
    const Request& leader = held(misses, misses.entry(place).parent);
    if (!log_.is_open(leader.walk) || leader.walk == request.leader) continue;
    request.leader = leader.walk;
    log_.number(request.id, Moment::during, "waits for", leader.number);
  }
  for (unsigned n = 0; n < walkers_.size(); ++n) look_at_walker(twin, n);
}

void Transactions::look_at_walker(const uarch::Mmu& twin, unsigned walker) {
  const uarch::Mmu::Walk now = twin.walk(walker);
  Walk& walk = walkers_[walker];
  const bool idle = now.state == uarch::Mmu::Walk::State::idle;
  const bool prefetch = !idle && now.owner == uarch::Mmu::kPrefetch;
  Request* request = idle || prefetch ? nullptr : &held(twin.misses(), now.owner);
  const Id owner = request ? request->id : Id{};
  if (walk.id && (idle || prefetch != walk.prefetch || !(owner == walk.owner))) end_walk(walk, nullptr);
  if (idle) return;
  walk.level = now.level;
  if (walk.id) return;
  walk = {log_.begin(log_.generator(walks_, numbered("walker", walker))), owner, prefetch, 0, now.level};
  if (clock_ == 0 && !from_reset_) log_.text(walk.id, Moment::begin, "note", kBefore);
  log_.number(walk.id, Moment::begin, "first level", now.level);
  if (prefetch) {
    log_.text(walk.id, Moment::begin, "for", "prefetch");
    log_.address(walk.id, Moment::begin, "va", twin.prefetch_request().request.va);
  } else if (owner) {
    log_.number(walk.id, Moment::begin, "number", request->number);
    log_.relate("walk", owner, walk.id);
    request->walk = walk.id;
  }
}

// With the clock before this one.
void Transactions::end_walk(Walk& walk, const char* note) {
  if (!walk.id) return;
  log_.number(walk.id, Moment::end, "last level", walk.level);
  log_.number(walk.id, Moment::end, "accesses", walk.accesses);
  if (note != nullptr) log_.text(walk.id, Moment::end, "note", note);
  log_.end(walk.id, Edge::begin);
  walk = {};
}

void Transactions::respond(const Lockstep& lockstep, Side side, bool compared) {
  const kilburn_req_out& out = pins_out(lockstep, side);
  Port& of = port(side);
  // What was offered must stand until it is taken (R2); a DUT that does otherwise is shown as it is.
  if (of.response && (!out.rsp_valid || out.rsp_id != of.response_id)) {
    log_.text(of.response, Moment::end, "note", "withdrawn");
    log_.end(std::exchange(of.response, {}), Edge::begin);
  }
  if (!out.rsp_valid) return;
  Request& request = of.requests[out.rsp_id % kIds];
  const auto fault = static_cast<arch::Fault>(out.rsp_fault);
  const auto tell = [&](Id id, Moment moment) {
    if (fault == arch::Fault::none) {
      log_.address(id, moment, "pa", out.rsp_pa);
      log_.number(id, moment, "page size", u64{1} << (out.rsp_size & 63));
    } else {
      log_.text(id, moment, "fault", arch::name(fault));
      log_.address(id, moment, "error", out.rsp_err);
      log_.number(id, moment, "level", out.rsp_level);
    }
    if (compared && request.id) log_.text(id, moment, "from", request.from);
  };
  if (!of.response) {
    of.response =
        log_.begin(log_.generator(port_streams_[static_cast<unsigned>(side)], std::string(name(side)) + "_response"));
    of.response_id = out.rsp_id;
    log_.number(of.response, Moment::begin, "id", out.rsp_id);
    if (request.id)
      log_.number(of.response, Moment::begin, "number", request.number);
    else
      log_.text(of.response, Moment::begin, "note", "answers no request");
    tell(of.response, Moment::begin);
    if (request.id) log_.relate("response", request.id, of.response);
    const auto gave = [&](Id walk) { return compared && walk && !log_.is_open(walk); };
    if (gave(request.walk)) log_.relate("result", request.walk, of.response);
    if (gave(request.leader)) log_.relate("merged", request.leader, of.response);
  }
  if (!pins_in(lockstep, side).rsp_ready) return;
  log_.end(std::exchange(of.response, {}));
  tell(request.id, Moment::end);
  log_.end(request.id);
  request = {};
}

void Transactions::accept(const Lockstep& lockstep, Side side) {
  const kilburn_req_in& in = pins_in(lockstep, side);
  const kilburn_req_out& out = pins_out(lockstep, side);
  if (!in.valid || !out.req_ready) return;
  const unsigned id = in.id % kIds;
  const OpenRequest& open = lockstep.history().open_request(side, id);
  if (!open.open) return;  // after a failure nothing is taken down any more
  Request& before = port(side).requests[id];
  log_.end(before.id, Edge::begin);  // never answered
  const bool answered_now = out.rsp_valid && in.rsp_ready && out.rsp_id % kIds == id;
  begin_request(side, open, id, after(answered_now));
}

void Transactions::answer_access(const Lockstep& lockstep) {
  const kilburn_dut_in& in = lockstep.in();
  if (!in.mem_rsp_valid) return;
  Access& access = accesses_[in.mem_rsp_id % kIds];
  const u64 found = in.mem_rsp_data;
  if (!access.id) {
    access.id = log_.begin(log_.generator(memory_, numbered("memory", in.mem_rsp_id % kIds)));
    log_.text(access.id, Moment::begin, "note", from_reset_ ? "answers no access" : kBefore);
  } else if (!in.mem_rsp_err) {
    // A write that was over when the access began, and the last one: its value is what the access finds, or a later
    // write came in between, of whom nobody can say.
    const auto written = written_.find(access.address);
    const bool known = written != written_.end() && written->second.clock <= access.clock;
    if (known && written->second.value == found) log_.relate("value", written->second.by, access.id);
    if (access.swaps && in.mem_rsp_match) {
      if (written == written_.end() || known)
        written_[access.address] = {access.id, access.desired, clock_};
      else
        written_.erase(written);
    }
  }
  if (in.mem_rsp_err)
    log_.text(access.id, Moment::end, "note", "bus error");
  else
    log_.address(access.id, Moment::end, "value", found);
  if (access.swaps) log_.text(access.id, Moment::end, "swapped", in.mem_rsp_match ? "yes" : "no");
  log_.end(access.id);
  access = {};
}

void Transactions::begin_access(const Lockstep& lockstep, const uarch::Mmu* twin) {
  const kilburn_dut_out& out = lockstep.out();
  const kilburn_dut_in& in = lockstep.in();
  if (!out.mem_req_valid || !in.mem_req_ready) return;
  const unsigned id = out.mem_req_id % kIds;
  Access& access = accesses_[id];
  log_.end(access.id, Edge::begin);  // R9: a second one of this id, which the memory never answers
  const bool answered_now = in.mem_rsp_valid && in.mem_rsp_id % kIds == id;
  access = {log_.begin(log_.generator(memory_, numbered("memory", id)), after(answered_now)), out.mem_req_addr, clock_,
            out.mem_req_data, out.mem_req_op != arch::layout::MemOp::READ};
  log_.text(access.id, Moment::begin, "access", access.swaps ? "swap" : "read");
  log_.address(access.id, Moment::begin, "pa", access.address);
  if (access.swaps) {
    log_.address(access.id, Moment::begin, "expects", out.mem_req_cmp);
    log_.address(access.id, Moment::begin, "writes", out.mem_req_data);
  }
  if (twin == nullptr || id >= walkers_.size() || !walkers_[id].id) return;
  const uarch::Mmu::Walk walk = twin->walk(id);
  if (walk.state != uarch::Mmu::Walk::State::requesting || walk.address != access.address) return;
  log_.number(access.id, Moment::begin, "level", walk.level);
  log_.relate("access", walkers_[id].id, access.id);
  ++walkers_[id].accesses;
}

void Transactions::operate(const Lockstep& lockstep) {
  const kilburn_dut_in& in = lockstep.in();
  const kilburn_dut_out& out = lockstep.out();
  if (out.inv_ack) {
    if (!operation_) {
      operation_ = log_.begin(log_.generator(operations_, "operation"));
      log_.text(operation_, Moment::begin, "note", from_reset_ ? "acknowledges no operation" : kBefore);
    }
    log_.end(std::exchange(operation_, {}));
  }
  if (!in.inv_valid || !out.inv_ready) return;
  log_.end(operation_, Edge::begin);  // never acknowledged
  operation_ = log_.begin(log_.generator(operations_, "operation"), after(out.inv_ack != 0));
  log_.text(operation_, Moment::begin, "operation", invalidation_name(in.inv_op));
  log_.address(operation_, Moment::begin, "va", in.inv_va);
  log_.number(operation_, Moment::begin, "asid", in.inv_asid);
}

void Transactions::edit(const Lockstep& lockstep) {
  const History& history = lockstep.history();
  const u64 made = history.edits() - std::exchange(edits_, history.edits());
  if (made == 0) return;
  const auto edits = history.last_edits(std::min<u64>(made, kMostEdits));
  const unsigned generator = log_.generator(software_, "software");
  bool first = true;
  if (edits.size() < made) written_.clear();  // which words the others are is not known
  for (const History::Edit& edit : edits) {
    const Id id = log_.begin(generator);
    log_.address(id, Moment::begin, "pa", edit.pa);
    log_.address(id, Moment::begin, "value", edit.value);
    if (std::exchange(first, false) && edits.size() < made) {
      log_.number(id, Moment::begin, "earlier writes in this cycle", made - edits.size());
    }
    log_.end(id);
    written_[edit.pa] = {id, edit.value, clock_};
  }
}

}  // namespace kilburn::tb
