// SPDX-License-Identifier: Apache-2.0
//
// The bench's clock: pins, page tables and expectations.
#include "tests/directed/bench.h"

#include <algorithm>

#include "model/arch/layout.h"
#include "tb/text.h"
#include "tests/directed/tlm_start.h"
#include "tests/duts.h"

namespace kilburn::directed {

namespace layout = arch::layout;

namespace {
constexpr u64 kRoot = 0x100000;
constexpr u64 kTables = 0x200000;
constexpr u64 kLimit = 20000;  // cycles; every timing of these tests stays far below

tb::DutLibrary library(const BenchConfig& config) {
  const bool model = config.dut == "arch" || config.dut == "tlm";
  if (config.dut == "tlm") start_tlm();
  return tb::DutLibrary::load(model ? config.dut : tb::dut_path(config.dut, config.format), config.format);
}
}  // namespace

unsigned Answer::reads() const {
  return static_cast<unsigned>(
      std::count_if(memory.begin(), memory.end(), [](const MemoryOperation& m) { return !m.cas; }));
}

Bench::Bench(const BenchConfig& config) : config_(config) {
  const auto found = library(config);
  dut_ = std::make_unique<tb::Dut>(found, 1);
  if (!config.bug.empty()) dut_->select_bug(config.bug);
  tb::LockstepConfig lockstep;
  lockstep.exact = config.exact && found.api().config.exact != 0;
  lockstep.contents_interval = 0;
  lockstep.answer_limit = kLimit;
  lockstep_ = std::make_unique<tb::Lockstep>(*dut_, memory_, lockstep);
  quiet();
}

void Bench::quiet() {
  memory_.clear();
  on_memory = nullptr;
  context = {};
  context.root = kRoot;
  context.asid = 1;
  // NX, G and the keys' enables are off where a test does not say otherwise, as after reset.
  next_table_ = kTables;
  lockstep_->in().i.rsp_ready = lockstep_->in().d.rsp_ready = 1;
}

void Bench::restart(const arch::Settings& settings) {
  set_timing({});
  lockstep_->restart(settings);
  quiet();
}

void Bench::take(Side side, const kilburn_req_out& out) {
  Open& o = open_[static_cast<unsigned>(side)][out.rsp_id & 15];
  if (!o.waiting) {
    mismatch("a response with id " + std::to_string(out.rsp_id) + " answers no request");
    return;
  }
  o.waiting = false;
  o.done = true;
  Answer& a = o.answer;
  a.fault = static_cast<Fault>(out.rsp_fault);
  a.err = out.rsp_err;
  a.level = out.rsp_level;
  a.pa = out.rsp_pa;
  a.size = out.rsp_size;
  a.mt = out.rsp_mt;
  a.global = out.rsp_global != 0;
  a.cycles = lockstep_->cycle() - o.cycle;
  a.memory.assign(operations_.begin() + static_cast<std::ptrdiff_t>(o.first_operation), operations_.end());
}

void Bench::clock() {
  auto& in = lockstep_->in();
  const kilburn_dut_out out = lockstep_->out();
  if (out.i.rsp_valid && in.i.rsp_ready) take(Side::instruction, out.i);
  if (out.d.rsp_valid && in.d.rsp_ready) take(Side::data, out.d);
  if (out.inv_ack) invalidating_ = false;
  in.ctx_root = context.root;
  in.ctx_asid = context.asid;
  in.ctx_ctl = context.controls;
  in.ctx_pkru = context.pkru;
  in.ctx_pkrs = context.pkrs;
  const MemoryOperation operation{out.mem_req_op != 0, out.mem_req_addr, out.mem_req_cmp, out.mem_req_data};
  if (out.mem_req_valid && on_memory) memory_.refuse(on_memory(operation));
  lockstep_->clock();
  memory_.refuse(false);
  if (out.mem_req_valid && in.mem_req_ready) operations_.push_back(operation);
}

Bench::Ticket Bench::issue(const Request& request) {
  const Side side = request.op == Op::fetch ? Side::instruction : Side::data;
  auto& next = next_id_[static_cast<unsigned>(side)];
  const Ticket ticket{side, next};
  next = (next + 1) & 15;
  auto& in = lockstep_->in();
  auto& pins = side == Side::data ? in.d : in.i;
  const auto& out = side == Side::data ? lockstep_->out().d : lockstep_->out().i;
  pins.va = request.va;
  pins.id = static_cast<u8>(ticket.id);
  pins.mode = static_cast<u8>(request.mode);
  pins.write = request.op == Op::write;
  pins.ac = side == Side::data && request.ac;
  pins.implicit = side == Side::data && request.implicit;
  pins.valid = 1;
  bool taken = false;
  for (u64 n = 0; !taken; ++n) {
    if (n > kLimit) throw tb::DutWrong("protocol", "R5: a request is never taken", lockstep_->cycle());
    taken = out.req_ready != 0;
    if (taken) {
      Open& o = open(ticket);
      o = {};
      o.waiting = true;
      o.cycle = lockstep_->cycle();
      o.first_operation = operations_.size();
    }
    clock();
  }
  pins.valid = 0;
  return ticket;
}

bool Bench::answered(Ticket ticket) const { return open_[static_cast<unsigned>(ticket.side)][ticket.id].done; }

Answer Bench::wait(Ticket ticket) {
  for (u64 n = 0; !open(ticket).done; ++n) {
    if (n > kLimit) throw tb::DutWrong("protocol", "R5: a request is never answered", lockstep_->cycle());
    clock();
  }
  return open(ticket).answer;
}

Answer Bench::access(const Request& request) { return wait(issue(request)); }

void Bench::begin_invalidation(unsigned op, u64 va, u16 asid, u64 pte) {
  auto& in = lockstep_->in();
  in.inv_op = static_cast<u8>(op);
  in.inv_va = va;
  in.inv_asid = asid;
  in.inv_pte = pte;
  in.inv_valid = 1;
  bool taken = false;
  for (u64 n = 0; !taken; ++n) {
    if (n > kLimit) throw tb::DutWrong("protocol", "R6: an invalidation is never taken", lockstep_->cycle());
    taken = lockstep_->out().inv_ready != 0;
    clock();
  }
  in.inv_valid = 0;
  invalidating_ = true;
}

void Bench::wait_invalidated() {
  for (u64 n = 0; invalidating_; ++n) {
    if (n > kLimit) throw tb::DutWrong("protocol", "R6: an invalidation is never acknowledged", lockstep_->cycle());
    clock();
  }
}

void Bench::invalidate(unsigned op, u64 va, u16 asid) {
  begin_invalidation(op, va, asid);
  wait_invalidated();
}

void Bench::fill(Side side, u64 va, u64 pte) {
  begin_invalidation(side == Side::data ? layout::Inv::FILL_D : layout::Inv::FILL_I, va, context.asid, pte);
  wait_invalidated();
}

void Bench::hold_responses(bool hold) { lockstep_->in().i.rsp_ready = lockstep_->in().d.rsp_ready = !hold; }

void Bench::idle(unsigned cycles) {
  for (unsigned n = 0; n < cycles; ++n) clock();
}

unsigned Bench::tlb_entries(Side side) const {
  const auto& config = dut_->api().config;
  return side == Side::data ? config.d_entries : config.i_entries;
}

// --- page tables ------------------------------------------------------------------------------------

unsigned Bench::levels() const {
  if (format() == Format::alpha) return 3;
  return x86() && layout::Controls::LA57.test(context.controls) ? 5 : 4;
}

u64 Bench::new_table() {
  const u64 table = next_table_;
  next_table_ += 0x2000;  // an Alpha page
  return table;
}

u64 Bench::slot(u64 va, unsigned level) {
  const unsigned index_bits = page_shift() - 3;
  const u64 frame_bits = x86() ? 0xF'FFFF'FFFF'F000 : ~u64{0};
  u64 table = context.root;
  for (unsigned at = levels();; --at) {
    const u64 index = va >> (page_shift() + index_bits * (at - 1)) & ((u64{1} << index_bits) - 1);
    const u64 address = table + 8 * index;
    if (at == level) return address;
    if (load(address) == 0) store(address, entry(new_table(), link()));
    table = x86() ? load(address) & frame_bits : load(address) >> 32 << page_shift();
  }
}

u64 Bench::set(u64 va, unsigned level, u64 value) {
  const u64 address = slot(va, level);
  store(address, value);
  return address;
}

// --- expectations -----------------------------------------------------------------------------------

void Bench::same(const std::string& what, u64 found, u64 expected, Where where) {
  ++comparisons_;
  if (found == expected) return;
  const std::string file = where.file_name();
  mismatch(file.substr(file.rfind('/') + 1) + ":" + std::to_string(where.line()) + ": " + what + " is " +
           tb::hex(found) + ", expected " + tb::hex(expected));
}

void Bench::fault(const Answer& a, Fault code, unsigned level, Where where) {
  same("fault", static_cast<u64>(a.fault), static_cast<u64>(code), where);
  same("level", a.level, level, where);
  if (code == Fault::none) return;
  same("pa of a fault", a.pa, 0, where);
  same("size of a fault", a.size, 0, where);
  if (code != Fault::page) same("error code", a.err, 0, where);
}

void Bench::page_fault(const Answer& a, u16 err, unsigned level, Where where) {
  fault(a, Fault::page, level, where);
  same("error code", a.err, err, where);
}

void Bench::ok(const Answer& a, u64 pa, Where where) {
  fault(a, Fault::none, 0, where);
  same("pa", a.pa, pa, where);
  same("error code", a.err, 0, where);
}

void Bench::ok(const Answer& a, u64 pa, unsigned size, Where where) {
  ok(a, pa, where);
  same("size", a.size, size, where);
}

void Bench::either(const Answer& a, u64 pa, u64 other_pa, Where where) {
  ok(a, a.pa == other_pa ? other_pa : pa, where);
}

void Bench::word(u64 pa, u64 expected, Where where) { same("word at " + tb::hex(pa), load(pa), expected, where); }

}  // namespace kilburn::directed
