// SPDX-License-Identifier: Apache-2.0
//
// Phases of some thousand cycles, as in the random test of one hart; in half of them all harts use the same pages, so
// that their walkers meet in the same entries.
#include "tb/stimulus/harts_test.h"

#include "model/arch/layout.h"
#include "tb/stimulus/random_context.h"

namespace kilburn::tb {

using arch::u64;
using arch::u8;
namespace layout = arch::layout;
namespace ctl = arch::layout::Controls;
namespace feature = arch::layout::Feature;

namespace {
constexpr unsigned kSpaces = 3;
constexpr u64 kDrainLimit = 100000;  // cycles
constexpr u64 kHartStream = 0x9e3779b97f4a7c15;

arch::Context context_of(const kilburn_dut_in& in) {
  return {in.ctx_root, static_cast<arch::u16>(in.ctx_asid), in.ctx_ctl, in.ctx_pkru, in.ctx_pkrs};
}
}  // namespace

HartsTest::HartsTest(Harts& harts, const HartsTestConfig& config)
    : harts_(harts), config_(config), random_(config.seed), tables_(harts.memory(), config.format, kSpaces, random_) {
  tables_.set_settings(harts.settings());
  result_.responses.resize(harts.count());
  for (unsigned n = 0; n < harts.count(); ++n) {
    state_.emplace_back(config.seed ^ (kHartStream * (n + 1)));
    new_context(n);
  }
}

// Settings change only while nothing is cached or under way: at a reset.
void HartsTest::new_settings() {
  arch::Settings settings;
  if (config_.format == arch::Format::x86_64) {
    settings.pa_width = static_cast<u8>(random_.one_in(2) ? 40 : random_.between(32, 52));
    settings.page_1g = !random_.one_in(4);
    settings.amd = random_.one_in(4);
  } else {
    settings.vms = random_.one_in(2);
  }
  harts_.restart(settings);
  tables_.set_settings(settings);
  ++result_.restarts;
}

void HartsTest::new_phase() {
  if (config_.vary_settings && phases_ != 0 && random_.one_in(4)) {
    drain();
    new_settings();
  }
  ++phases_;
  phase_end_ = harts_.cycle() + random_.between(500, 8000);
  edit_one_in_ = u64{1} << random_.between(4, 13);
  next_edit_ = soon(random_, edit_one_in_);
  for (unsigned n = 0; n < harts_.count(); ++n) new_phase(n);
  if (random_.one_in(2)) {
    for (Hart& hart : state_) hart.working_set = state_[0].working_set;
  }
}

void HartsTest::new_phase(unsigned n) {
  Hart& hart = state_[n];
  Random& random = hart.random;
  static constexpr unsigned kRates[] = {100, 100, 90, 50, 10};
  for (unsigned side = 0; side < 2; ++side) {
    hart.request_percent[side] = kRates[random.below(5)];
    hart.response_percent[side] = random.one_in(2) ? 100 : kRates[random.below(5)];
  }
  hart.store_percent = static_cast<unsigned>(random.below(3) * 40 + 10);
  hart.invalidate_one_in = u64{1} << random.between(5, 15);
  hart.context_one_in = u64{1} << random.between(7, 15);
  hart.next_invalidation = soon(random, hart.invalidate_one_in);
  hart.next_context = soon(random, hart.context_one_in);
  MemoryTiming timing;
  timing.min_latency = static_cast<unsigned>(random.one_in(2) ? 1 : random.between(1, 7));
  timing.max_latency = timing.min_latency + static_cast<unsigned>(random.one_in(2) ? 0 : random.below(24));
  timing.ready_percent = random.one_in(2) ? 100 : static_cast<unsigned>(random.between(10, 90));
  harts_[n].set_memory_timing(timing);
  hart.working_set.resize(u64{1} << random.between(1, 6));
  for (u64& va : hart.working_set) va = useful_address(n);
}

// Most random addresses fault, and faults are never cached: prefers one that some user read may make.
u64 HartsTest::useful_address(unsigned n) {
  const arch::Context context = context_of(harts_[n].in());
  u64 va = tables_.address(ctl::LA57.test(context.controls));
  for (unsigned attempt = 0; attempt < 24 && !random_.one_in(32); ++attempt) {
    if (tables_.walk(context, {va, arch::Op::read, arch::Mode::user, false}).fault.code == arch::Fault::none) break;
    va = tables_.address(ctl::LA57.test(context.controls));
  }
  return va;
}

void HartsTest::new_context(unsigned n) {
  auto& in = harts_[n].in();
  Random& random = state_[n].random;
  const auto space = static_cast<unsigned>(random.below(kSpaces));
  const u64 controls = draw_controls(random, config_.format, config_.features, 8, in);
  // The numbers are each hart's own: one space may have several, as with numbers given out by processor.
  in.ctx_asid = static_cast<std::uint32_t>(random.one_in(16) ? random.below(4096) : space + 1 + kSpaces * (n & 1));
  in.ctx_ctl = static_cast<std::uint32_t>(controls);
  in.ctx_root = tables_.root(space, ctl::LA57.test(controls));
}

void HartsTest::drive_port(unsigned n, kilburn_req_in& pins, Side side) {
  Hart& hart = state_[n];
  Random& random = hart.random;
  const auto s = static_cast<unsigned>(side);
  pins.rsp_ready = hart.response_percent[s] == 100 || random.percent(hart.response_percent[s]);
  if (pins.valid || hart.busy_ids[s] == 0xffff) return;  // R2: what is offered stays
  if (hart.request_percent[s] < 100 && !random.percent(hart.request_percent[s])) return;
  const u64 word = random.word();
  auto id = static_cast<unsigned>(word & 15);
  while (hart.busy_ids[s] >> id & 1) id = (id + 1) & 15;
  pins.valid = 1;
  pins.id = static_cast<u8>(id);
  pins.va = hart.working_set[(word >> 8 & 0xffffff) & (hart.working_set.size() - 1)];
  pins.va ^= word >> 32 & 0xff8;  // another word of the page
  pins.mode = word & 0x30 ? 3 : word & 0xc0 ? 0 : static_cast<u8>(word >> 48 & 3);
  if (side == Side::data) {
    pins.write = (word >> 50 & 0x7f) * 100 / 128 < hart.store_percent;
    pins.ac = static_cast<u8>(word >> 58 & 1);
    pins.implicit = (word >> 59 & 15) == 0 && feature::IMPLICIT.test(config_.features);
  }
}

// What shootdowns owe comes first; then the hart's own operations.
void HartsTest::drive_operation(unsigned n) {
  Hart& hart = state_[n];
  auto& in = harts_[n].in();
  if (in.inv_valid) return;
  Operation operation;
  if (!hart.owed.empty()) {
    operation = hart.owed.front();
    hart.owed.pop_front();
  } else {
    if (harts_.cycle() < hart.next_invalidation) return;
    Random& random = hart.random;
    hart.next_invalidation = soon(random, hart.invalidate_one_in);
    operation.op = static_cast<u8>(random.one_in(3) ? random.below(16) : random.between(3, 6));
    operation.va = random.pick(hart.working_set);
    operation.asid = random.one_in(2) ? in.ctx_asid : static_cast<std::uint32_t>(random.below(8));
    if (config_.format != arch::Format::x86_64 && ctl::REFILL.test(in.ctx_ctl) && !random.one_in(4)) {
      operation.op = random.one_in(2) ? layout::Inv::FILL_I : layout::Inv::FILL_D;
      operation.asid = in.ctx_asid;
    }
    operation.pte = tables_.leaf();
  }
  in.inv_valid = 1;
  in.inv_op = operation.op;
  in.inv_va = operation.va;
  in.inv_asid = operation.asid;
  in.inv_pte = operation.pte;
}

// What software does about a changed entry, on as many harts as it thinks of.
void HartsTest::shoot_down(u64 va, arch::u32 asid) {
  static constexpr u8 kOperations[] = {layout::Inv::PAGE, layout::Inv::PAGE, layout::Inv::ASID, layout::Inv::ALL};
  const Operation operation{kOperations[random_.below(4)], va, asid, 0};
  const u64 kind = random_.below(4);
  if (kind < 2) {
    for (Hart& hart : state_) hart.owed.push_back(operation);
    ++result_.shootdowns;
  } else if (kind == 2) {
    random_.pick(state_).owed.push_back(operation);
    ++result_.lone_invalidations;
  }
}

void HartsTest::edit() {
  next_edit_ = soon(random_, edit_one_in_);
  const auto n = static_cast<unsigned>(random_.below(harts_.count()));
  const arch::Context context = context_of(harts_[n].in());
  const u64 va = random_.pick(state_[n].working_set);
  u64 pa = walked_;
  if (random_.one_in(2)) {
    const auto outcome = tables_.walk(context, {va, arch::Op::read, arch::Mode::user, false});
    if (!outcome.steps.empty()) pa = outcome.steps[random_.below(outcome.steps.size())].pa;
  }
  const auto edit = tables_.edit_at(pa);
  for (unsigned hart = 0; hart < harts_.count(); ++hart) {
    harts_[hart].history().edit(harts_.cycle(), edit.pa, edit.value);
  }
  ++result_.edits;
  shoot_down(va, context.asid);
}

// Takes note of what this edge takes.
void HartsTest::before_clock(unsigned n) {
  Hart& hart = state_[n];
  const auto& in = harts_[n].in();
  const auto& out = harts_[n].out();
  const auto answer = [&](const kilburn_req_in& pins, const kilburn_req_out& response, unsigned side) {
    if (!response.rsp_valid || !pins.rsp_ready) return;
    hart.busy_ids[side] &= static_cast<arch::u16>(~(1u << (response.rsp_id & 15)));
    ++answered_;
    ++result_.responses[n];
    ++result_.faults[response.rsp_fault & 15];
  };
  answer(in.i, out.i, 0);
  answer(in.d, out.d, 1);
  if (out.inv_ack) hart.invalidating = false;
  if (out.mem_req_valid) walked_ = out.mem_req_addr;
}

void HartsTest::cycle() {
  struct Edge {
    bool i, d, operation;
  };
  std::array<Edge, 8> edges{};
  for (unsigned n = 0; n < harts_.count(); ++n) {
    const auto& in = harts_[n].in();
    const auto& out = harts_[n].out();
    edges[n] = {in.i.valid && out.i.req_ready, in.d.valid && out.d.req_ready, in.inv_valid && out.inv_ready};
    before_clock(n);
  }
  harts_.clock();
  for (unsigned n = 0; n < harts_.count(); ++n) {
    auto& in = harts_[n].in();
    Hart& hart = state_[n];
    if (edges[n].i) hart.busy_ids[0] |= static_cast<arch::u16>(1u << in.i.id), in.i.valid = 0, ++result_.requests;
    if (edges[n].d) hart.busy_ids[1] |= static_cast<arch::u16>(1u << in.d.id), in.d.valid = 0, ++result_.requests;
    if (edges[n].operation) {
      in.inv_valid = 0;
      hart.invalidating = true;
      const bool fill = in.inv_op == layout::Inv::FILL_I || in.inv_op == layout::Inv::FILL_D;
      ++(fill ? result_.fills : result_.invalidations);
    }
  }
}

// Requests that stand at the ports are taken, what shootdowns owe is done, and everything is answered.
void HartsTest::drain() {
  const auto busy = [&] {
    for (unsigned n = 0; n < harts_.count(); ++n) {
      const auto& in = harts_[n].in();
      const Hart& hart = state_[n];
      if (in.i.valid || in.d.valid || in.inv_valid || hart.busy_ids[0] || hart.busy_ids[1] || hart.invalidating ||
          !hart.owed.empty()) {
        return true;
      }
    }
    return false;
  };
  for (u64 waited = 0; busy(); ++waited) {
    if (waited > kDrainLimit) throw DutWrong("protocol", "R5: requests are never answered", harts_.cycle());
    for (unsigned n = 0; n < harts_.count(); ++n) {
      harts_[n].in().i.rsp_ready = harts_[n].in().d.rsp_ready = 1;
      if (!state_[n].owed.empty()) drive_operation(n);
    }
    cycle();
  }
}

void HartsTest::run() {
  while (answered_ < config_.count) {
    if (harts_.cycle() >= phase_end_) new_phase();
    for (unsigned n = 0; n < harts_.count(); ++n) {
      if (harts_.cycle() >= state_[n].next_context) {
        state_[n].next_context = soon(state_[n].random, state_[n].context_one_in);
        new_context(n);
      }
      drive_port(n, harts_[n].in().i, Side::instruction);
      drive_port(n, harts_[n].in().d, Side::data);
      drive_operation(n);
    }
    if (harts_.cycle() >= next_edit_) edit();
    cycle();
  }
  drain();
}

}  // namespace kilburn::tb
