// SPDX-License-Identifier: Apache-2.0
//
// Phases of some thousand cycles, each with its own rates, so that a run meets quiet hit streams as
// well as storms of misses, edits and invalidations.
#include "tb/stimulus/random_test.h"

#include "model/arch/layout.h"
#include "tb/stimulus/races.h"
#include "tb/stimulus/random_context.h"
#include "tb/text.h"

namespace kilburn::tb {

using arch::u64;
using arch::u8;
namespace layout = arch::layout;

namespace {
constexpr unsigned kSpaces = 3;
constexpr u64 kDrainLimit = 100000;  // cycles
}  // namespace

RandomTest::RandomTest(Lockstep& lockstep, const RandomTestConfig& config)
    : lockstep_(lockstep),
      config_(config),
      random_(config.seed),
      tables_(lockstep.memory(), config.format, kSpaces, random_) {
  if (config.races) races_ = std::make_unique<Races>(lockstep, tables_, config, result_);
  tables_.set_settings(lockstep.settings());
  new_context();
}

RandomTest::~RandomTest() = default;

bool RandomTest::la57() const { return tables_.la57(lockstep_.in().ctx_ctl); }

// Settings change only while nothing is cached or under way: at a reset.
void RandomTest::new_settings() {
  arch::Settings settings;
  if (config_.format == arch::Format::x86_64) {
    settings.pa_width = static_cast<u8>(random_.one_in(2) ? 40 : random_.between(32, 52));
    settings.page_1g = !random_.one_in(4);
    settings.amd = random_.one_in(4);
  } else {
    settings.vms = random_.one_in(2);
    settings.chip = static_cast<arch::Chip>(random_.below(3));
    if (settings.chip == arch::chip_of(config_.format, {})) settings.chip.reset();
  }
  lockstep_.restart(settings);
  tables_.set_settings(settings);
  ++result_.restarts;
}

// Requests that stand at the ports are taken and everything is answered.
void RandomTest::drain() {
  auto& in = lockstep_.in();
  in.i.rsp_ready = in.d.rsp_ready = 1;
  for (u64 waited = 0; in.i.valid || in.d.valid || in.inv_valid || busy_ids_[0] || busy_ids_[1] || invalidating_;
       ++waited) {
    if (waited > kDrainLimit) throw DutWrong("protocol", "R5: requests are never answered", lockstep_.cycle());
    cycle();
  }
}

// From here to the end of the phase software leaves tables and TLBs alone.
void RandomTest::settle() {
  drain();
  auto& in = lockstep_.in();
  in.inv_op = layout::Inv::ALL;
  in.inv_valid = 1;
  drain();
  settled_ = true;
}

void RandomTest::new_phase() {
  settled_ = false;
  if (config_.vary_settings && phases_ != 0 && random_.one_in(3)) {
    drain();
    new_settings();
    new_context();
  }
  ++phases_;
  phase_end_ = lockstep_.cycle() + random_.between(500, 8000);
  static constexpr unsigned kRates[] = {100, 100, 90, 50, 10};
  for (unsigned side = 0; side < 2; ++side) {
    request_percent_[side] = kRates[random_.below(5)];
    response_percent_[side] = random_.one_in(2) ? 100 : kRates[random_.below(5)];
  }
  store_percent_ = static_cast<unsigned>(random_.below(3) * 40 + 10);
  invalidate_one_in_ = u64{1} << random_.between(4, 15);
  edit_one_in_ = u64{1} << random_.between(4, 15);
  context_one_in_ = u64{1} << random_.between(7, 15);
  next_invalidation_ = soon(invalidate_one_in_);
  next_edit_ = soon(edit_one_in_);
  next_context_ = soon(context_one_in_);
  MemoryTiming timing;
  timing.min_latency = static_cast<unsigned>(random_.one_in(2) ? 1 : random_.between(1, 7));
  timing.max_latency = timing.min_latency + static_cast<unsigned>(random_.one_in(2) ? 0 : random_.below(24));
  timing.ready_percent = random_.one_in(2) ? 100 : static_cast<unsigned>(random_.between(10, 90));
  lockstep_.set_memory_timing(timing);
  if (races_) races_->new_phase(timing);
  // From a handful of pages (hits) to more than the TLBs hold (misses); a power of two, so that choosing is cheap.
  working_set_.resize(u64{1} << random_.between(1, 7));
  for (u64& va : working_set_) va = useful_address();
  if (config_.settled_phases && phases_ % 2 == 0) settle();
}

// Most random addresses fault, and faults are never cached: prefers one that some user read may make.
u64 RandomTest::useful_address() {
  u64 va = tables_.address(la57());
  const auto& in = lockstep_.in();
  const arch::Context context{in.ctx_root, static_cast<arch::u16>(in.ctx_asid), in.ctx_ctl, in.ctx_pkru, in.ctx_pkrs};
  for (unsigned attempt = 0; attempt < 24 && !random_.one_in(32); ++attempt) {
    const auto outcome = tables_.walk(context, {va, arch::Op::read, arch::Mode::user, false});
    if (outcome.fault.code == arch::Fault::none) break;
    va = tables_.address(la57());
  }
  return va;
}

void RandomTest::new_context() {
  auto& in = lockstep_.in();
  const auto space = static_cast<unsigned>(random_.below(kSpaces));
  namespace ctl = layout::Controls;
  u64 controls = draw_controls(random_, config_.format, config_.features, 4, in);
  if (settled_) {
    // What a TLB may not tell apart stays: another root under one ASID, global pages of two spaces, and what a
    // walk has judged already (EFER.NXE needs an invalidation).
    const u64 kept = ctl::NXE.mask() | ctl::PGE.mask() | ctl::LA57.mask();
    controls = (controls & ~kept) | (in.ctx_ctl & kept);
    in.ctx_ctl = static_cast<std::uint32_t>(controls);
    return;
  }
  // Mostly the space's own number; sometimes another's, as software that reuses numbers would.
  in.ctx_asid = static_cast<std::uint32_t>(random_.one_in(16) ? random_.below(4096) : space + 1);
  in.ctx_ctl = static_cast<std::uint32_t>(controls);
  in.ctx_root = tables_.root(space, la57());
}

void RandomTest::drive_port(kilburn_req_in& pins, const kilburn_req_out& out, Side side) {
  const auto s = static_cast<unsigned>(side);
  pins.rsp_ready = response_percent_[s] == 100 || random_.percent(response_percent_[s]);
  if (pins.valid) return;  // R2: keeps valid and payload until it is taken
  if (busy_ids_[s] == 0xffff) return;
  const bool race = races_ && races_->wants_access();
  if (request_percent_[s] < 100 && !(race && races_->in_burst()) && !random_.percent(request_percent_[s])) return;
  // One word gives the small choices.
  const u64 word = random_.word();
  pins.valid = 1;
  auto id = static_cast<unsigned>(word & 15);
  while (busy_ids_[s] >> id & 1) id = (id + 1) & 15;
  pins.id = static_cast<u8>(id);
  pins.va = working_set_[(word >> 8 & 0xffffff) & (working_set_.size() - 1)];
  if (race) pins.va = races_->address();
  pins.va ^= word >> 32 & 0xff8;  // another word of the page
  pins.mode = word & 0x30 ? 3 : word & 0xc0 ? 0 : static_cast<u8>(word >> 48 & 3);
  if (side == Side::data) {
    pins.write = (word >> 50 & 0x7f) * 100 / 128 < store_percent_;
    pins.ac = static_cast<u8>(word >> 58 & 1);
    pins.implicit = (word >> 59 & 15) == 0 && layout::Feature::IMPLICIT.test(config_.features);
  }
  (void)out;
}

void RandomTest::count_response(const kilburn_req_in& pins, const kilburn_req_out& out, Side side) {
  if (!(out.rsp_valid && pins.rsp_ready)) return;
  busy_ids_[static_cast<unsigned>(side)] &= static_cast<arch::u16>(~(1u << (out.rsp_id & 15)));
  ++answered_;
  ++result_.faults[out.rsp_fault & 15];
  if (settled_) compare(out, side);
}

// Random granularity hints need not agree within their block, as software must see to (EV5 5.2): then any entry
// whose hint covers the address may answer for it.
bool RandomTest::covered_by_hint(const OpenRequest& open, const kilburn_req_out& out) const {
  const arch::FormatInfo info = arch::info(config_.format);
  if (info.hardware_ad) return false;
  constexpr unsigned kLargestHint = 3;
  const u64 block = u64{1} << (info.page_shift + 3 * kLargestHint);
  arch::Request other = open.request;
  for (u64 va = open.request.va & ~(block - 1), n = 0; n < block >> info.page_shift;
       ++n, va += u64{1} << info.page_shift) {
    other.va = va;
    const auto outcome = tables_.walk(open.context, other);
    if (outcome.steps.empty() || outcome.steps.back().level != 1) continue;
    const u64 hint = layout::AlphaPte::GH.get(outcome.steps.back().entry);
    const u64 size = info.page_shift + 3 * hint;
    if (hint == 0 || va >> size != open.request.va >> size) continue;
    if (static_cast<u64>(outcome.fault.code) != out.rsp_fault) continue;
    if (out.rsp_fault != 0) return layout::Controls::REFILL.test(open.context.controls);
    if (out.rsp_pa == arch::address_in(outcome.translation, open.request.va) && out.rsp_size == size &&
        (out.rsp_global != 0) == outcome.translation.global) {
      return true;
    }
  }
  return false;
}

// While the tables rest, A and D apart, an MMU that may not hold anything older answers as a walk of now would.
void RandomTest::compare(const kilburn_req_out& out, Side side) {
  const OpenRequest& open = lockstep_.history().open_request(side, out.rsp_id);
  if (!open.open) return;  // the protocol check says so
  const bool refill = config_.format != arch::Format::x86_64 && layout::Controls::REFILL.test(open.context.controls);
  if (refill && out.rsp_fault == layout::Fault::MISS) return;  // whether it hits is the MMU's affair
  const auto outcome = tables_.walk(open.context, open.request);
  const arch::Translation& t = outcome.translation;
  const bool ok = outcome.fault.code == arch::Fault::none;
  ++result_.compared;
  const auto check = [&](const char* what, u64 found, u64 expected) {
    if (found == expected || covered_by_hint(open, out)) return;
    throw DutWrong("architecture",
                   text(open.request) + ", accepted in cycle " + std::to_string(open.cycle) + ": " + what + " is " +
                       hex(found) + ", the architecture's walk gives " + hex(expected) +
                       (ok ? "" : " by rule " + std::string(arch::id(outcome.fault.rule))),
                   lockstep_.cycle(),
                   {std::string(side == Side::data ? "d_rsp_" : "i_rsp_") + what + "_o", expected, found});
  };
  check("fault", out.rsp_fault, static_cast<u64>(outcome.fault.code));
  check("err", out.rsp_err, outcome.fault.error);
  check("pa", out.rsp_pa, ok ? outcome.pa : 0);
  check("size", out.rsp_size, ok ? t.page_log2 : 0);
  check("mt", out.rsp_mt, ok ? t.memory_type : 0);
  check("global", out.rsp_global, ok && t.global);
}

void RandomTest::drive_invalidation() {
  auto& in = lockstep_.in();
  if (in.inv_valid || settled_ || lockstep_.cycle() < next_invalidation_) return;
  next_invalidation_ = soon(invalidate_one_in_);
  in.inv_valid = 1;
  // Single pages mostly; every code of the field, reserved ones too.
  in.inv_op = static_cast<u8>(random_.one_in(3) ? random_.below(16) : random_.between(3, 6));
  in.inv_va = random_.one_in(8) ? tables_.address(la57()) : random_.pick(working_set_);
  in.inv_asid = static_cast<std::uint32_t>(random_.one_in(8) ? random_.below(4096) : random_.between(1, kSpaces));
  if (config_.format != arch::Format::x86_64 && layout::Controls::REFILL.test(in.ctx_ctl) && !random_.one_in(4)) {
    in.inv_op = random_.one_in(2) ? layout::Inv::FILL_I : layout::Inv::FILL_D;
    in.inv_asid = in.ctx_asid;
  }
  in.inv_pte = tables_.leaf();
}

void RandomTest::cycle() {
  auto& in = lockstep_.in();
  const auto& out = lockstep_.out();
  count_response(in.i, out.i, Side::instruction);
  count_response(in.d, out.d, Side::data);
  const bool i_taken = in.i.valid && out.i.req_ready;
  const bool d_taken = in.d.valid && out.d.req_ready;
  const bool inv_taken = in.inv_valid && out.inv_ready;
  if (out.inv_ack) invalidating_ = false;
  lockstep_.clock();
  if (i_taken) busy_ids_[0] |= static_cast<arch::u16>(1u << in.i.id), in.i.valid = 0, ++result_.requests;
  if (d_taken) busy_ids_[1] |= static_cast<arch::u16>(1u << in.d.id), in.d.valid = 0, ++result_.requests;
  if (inv_taken) {
    in.inv_valid = 0;
    invalidating_ = true;
    const bool fill = in.inv_op == layout::Inv::FILL_I || in.inv_op == layout::Inv::FILL_D;
    ++(fill ? result_.fills : result_.invalidations);
  }
}

void RandomTest::run() {
  auto& in = lockstep_.in();
  while (answered_ < config_.count) {
    if (lockstep_.cycle() >= phase_end_) new_phase();
    const auto& out = lockstep_.out();
    if (out.mem_req_valid) walked_ = out.mem_req_addr;
    drive_port(in.i, out.i, Side::instruction);
    drive_port(in.d, out.d, Side::data);
    drive_invalidation();
    if (races_) races_->drive(working_set_, settled_);
    if (lockstep_.cycle() >= next_context_) {
      next_context_ = soon(context_one_in_);
      new_context();
    }
    if (!settled_ && lockstep_.cycle() >= next_edit_) {
      next_edit_ = soon(edit_one_in_);
      const auto edit = random_.one_in(2) ? tables_.edit_at(walked_) : tables_.edit();
      lockstep_.history().edit(lockstep_.cycle(), edit.pa, edit.value);
      ++result_.edits;
    }
    cycle();
  }
  drain();
}

}  // namespace kilburn::tb
