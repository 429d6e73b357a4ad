// SPDX-License-Identifier: Apache-2.0
//
// Phases of some thousand cycles, each with its own rates, so that a run meets quiet hit streams as
// well as storms of misses, edits and invalidations.
#include "tb/stimulus/random_test.h"

#include <iterator>

#include "model/arch/layout.h"
#include "model/arch/walk.h"
#include "tb/text.h"

namespace kilburn::tb {

using arch::u64;
using arch::u8;
namespace layout = arch::layout;

namespace {
constexpr unsigned kSpaces = 3;
constexpr u64 kDrainLimit = 100000;                 // cycles
constexpr u64 kRaceStream = 0x5ace'0f10'0c4a'11e7;  // another stream than that of the same seed
}  // namespace

RandomTest::RandomTest(Lockstep& lockstep, const RandomTestConfig& config)
    : lockstep_(lockstep),
      config_(config),
      random_(config.seed),
      tables_(lockstep.memory(), config.format, kSpaces, random_),
      races_(config.seed ^ kRaceStream) {
  tables_.set_settings(lockstep.settings());
  new_context();
}

bool RandomTest::la57() const { return layout::Controls::LA57.test(lockstep_.in().ctx_ctl); }

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
  if (config_.races) race_one_in_ = u64{1} << races_.between(4, 10);
  MemoryTiming& timing = timing_;
  timing = {};
  timing.min_latency = static_cast<unsigned>(random_.one_in(2) ? 1 : random_.between(1, 7));
  timing.max_latency = timing.min_latency + static_cast<unsigned>(random_.one_in(2) ? 0 : random_.below(24));
  timing.ready_percent = random_.one_in(2) ? 100 : static_cast<unsigned>(random_.between(10, 90));
  lockstep_.set_memory_timing(timing);
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
    const auto outcome = walk(context, {va, arch::Op::read, arch::Mode::user, false});
    if (outcome.fault.code == arch::Fault::none) break;
    va = tables_.address(la57());
  }
  return va;
}

void RandomTest::new_context() {
  auto& in = lockstep_.in();
  const auto space = static_cast<unsigned>(random_.below(kSpaces));
  namespace ctl = layout::Controls;
  namespace feature = layout::Feature;
  const auto has = [&](layout::Field what) { return what.test(config_.features); };
  u64 controls = 0;
  if (config_.format == arch::Format::x86_64) {
    // NXE mostly on; what forbids much half of the time, or few supervisor accesses would succeed.
    controls |= ctl::WP.make(random_.below(2)) | ctl::NXE.make(!random_.one_in(16)) | ctl::PGE.make(!random_.one_in(4));
    if (random_.one_in(2)) controls |= ctl::SMEP.make(random_.below(2)) | ctl::SMAP.make(random_.below(2));
    if (random_.one_in(2)) {
      controls |= ctl::PKE.make(has(feature::PKU) && random_.one_in(2));
      controls |= ctl::PKS.make(has(feature::PKS) && random_.one_in(2));
    }
    // Each key denies with a chance of one in eight a bit.
    in.ctx_pkru = static_cast<std::uint32_t>(random_.word() & random_.word() & random_.word());
    in.ctx_pkrs = static_cast<std::uint32_t>(random_.word() & random_.word() & random_.word());
    controls |= ctl::LA57.make(has(feature::LA57) && random_.one_in(3));
  } else {
    if (random_.one_in(2)) controls |= ctl::SPE.make(random_.below(8));
    controls |= ctl::REFILL.make(has(feature::REFILL) && random_.one_in(4));
  }
  controls |= ctl::PHYS.make(has(feature::PHYS) && random_.one_in(32));
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
  const bool again = race_.again != 0 && (race_.burst || races_.one_in(2));
  if (request_percent_[s] < 100 && !(again && race_.burst) && !random_.percent(request_percent_[s])) return;
  // One word gives the small choices.
  const u64 word = random_.word();
  pins.valid = 1;
  auto id = static_cast<unsigned>(word & 15);
  while (busy_ids_[s] >> id & 1) id = (id + 1) & 15;
  pins.id = static_cast<u8>(id);
  pins.va = working_set_[(word >> 8 & 0xffffff) & (working_set_.size() - 1)];
  if (again) {
    pins.va = race_.physical ? race_.elsewhere : race_.va ^ (races_.word() & race_.spread);
    --race_.again;
  }
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

arch::Outcome RandomTest::walk(const arch::Context& context, const arch::Request& request) const {
  return arch::walk(config_.format, lockstep_.settings(), context, request, [&](u64 pa) -> std::optional<u64> {
    if (pa + 8 > RandomTables::kMemoryBytes) return std::nullopt;
    return lockstep_.memory().load64(pa);
  });
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
    const auto outcome = walk(open.context, other);
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
  const auto outcome = walk(open.context, open.request);
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

void RandomTest::write_entry(u64 pa, u64 value) {
  lockstep_.memory().store64(pa, value);
  lockstep_.history().edit(lockstep_.cycle(), pa, value);
  ++result_.edits;
}

// An entry on the way of an address that is used, most likely held by the MMU; mostly the leaf.
void RandomTest::race_with_entry() {
  const auto& in = lockstep_.in();
  race_.va = races_.pick(working_set_);
  race_.asid = in.ctx_asid;
  const arch::Context context{in.ctx_root, static_cast<arch::u16>(in.ctx_asid), in.ctx_ctl, in.ctx_pkru, in.ctx_pkrs};
  const auto outcome = walk(context, {race_.va, arch::Op::read, arch::Mode::user, false});
  if (outcome.steps.empty()) return;
  const auto& step = races_.one_in(4) ? races_.pick(outcome.steps) : outcome.steps.back();
  if (step.pa + 8 > RandomTables::kMemoryBytes) return;
  // Another part of a large page, or of a block.
  if (races_.one_in(2)) race_.spread = (u64{1} << (step.level == 1 ? 16 : step.level == 2 ? 21 : 30)) - 1;
  race_.pa = step.pa;
  race_.under_way = true;
}

// The entry that a walker asks for now, and an address that leads there; mostly the leaf.
void RandomTest::race_with_walk() {
  const auto& out = lockstep_.out();
  if (!out.mem_req_valid) return;
  for (unsigned n = 0, first = static_cast<unsigned>(races_.below(32)); n < 32; ++n) {
    const unsigned place = (first + n) & 31;
    const OpenRequest& open = lockstep_.history().open_request(place < 16 ? Side::data : Side::instruction, place & 15);
    if (!open.open) continue;
    const auto outcome = walk(open.context, open.request);
    for (const auto& step : outcome.steps) {
      if (step.pa != out.mem_req_addr) continue;
      if (&step != &outcome.steps.back() && races_.one_in(2)) return;
      race_.va = open.request.va;
      race_.asid = open.context.asid;
      race_.pa = step.pa;
      race_.under_way = step.pa + 8 <= RandomTables::kMemoryBytes;
      return;
    }
  }
}

void RandomTest::begin_race() {
  const u64 now = lockstep_.cycle();
  race_ = {};
  const bool held = races_.one_in(3);
  held ? race_with_entry() : race_with_walk();
  if (!race_.under_way) return;
  next_race_ = now + 1 + races_.below(2 * race_one_in_);
  // What is held is used first; what is read is changed before or after the access of the walker.
  race_.edit_at = now + (held ? races_.between(20, 100) : races_.below(6));
  race_.invalidate_at = race_.edit_at + (races_.one_in(2) ? 0 : races_.below(24));
  race_.over = race_.invalidate_at + races_.between(120, 500);
  race_.invalidates = !races_.one_in(held ? 2 : 4);
  race_.burst = races_.one_in(2);
  race_.again = static_cast<unsigned>(races_.between(4, 16));
  if (!held && races_.one_in(2)) {
    MemoryTiming slow = timing_;
    slow.min_latency = static_cast<unsigned>(races_.between(8, 80));
    slow.max_latency = slow.min_latency + static_cast<unsigned>(races_.below(40));
    lockstep_.set_memory_timing(slow);
  }
}

// Software goes to another address space, or to physical addresses, and comes back.
void RandomTest::leave_in_race() {
  auto& in = lockstep_.in();
  race_.left = true;
  race_.root = in.ctx_root;
  race_.controls = in.ctx_ctl;
  race_.number = in.ctx_asid;
  race_.back_at = race_.invalidate_at + races_.between(10, 100);
  if (races_.one_in(4) && layout::Feature::PHYS.test(config_.features)) {
    in.ctx_ctl |= static_cast<arch::u32>(layout::Controls::PHYS.mask());
    race_.physical = true;
    race_.elsewhere = races_.word() >> races_.below(64);
    race_.again = 8;
  } else {
    const auto space = static_cast<unsigned>(races_.below(kSpaces));
    in.ctx_asid = space + 1;
    in.ctx_root = tables_.root(space, la57());
  }
}

void RandomTest::come_back_in_race() {
  auto& in = lockstep_.in();
  race_.left = race_.physical = false;
  in.ctx_root = race_.root;
  in.ctx_ctl = race_.controls;
  in.ctx_asid = race_.number;
  race_.again = static_cast<unsigned>(races_.between(4, 16));
}

void RandomTest::edit_in_race() {
  race_.edited = true;
  auto& in = lockstep_.in();
  if (races_.one_in(4)) leave_in_race();
  race_.before = lockstep_.memory().load64(race_.pa);
  u64 after = race_.before;
  const u64 kind = races_.below(8);
  if (kind == 0) {
    // Another top table under the same number.
    in.ctx_asid = race_.asid;
    in.ctx_root = tables_.root(static_cast<unsigned>(races_.below(kSpaces)), la57());
    race_.again = 16;
  } else if (kind == 1) {
    after = 0;
  } else if (kind < 6) {
    // The low half, which decides what the access may do, stays as the walker read it (T43).
    after ^= u64{1} << races_.between(32, 63);
  } else if (kind == 6) {
    after ^= u64{1} << races_.below(16);
  }
  race_.changed = after != race_.before;
  if (race_.changed) write_entry(race_.pa, after);
}

void RandomTest::drive_race() {
  auto& in = lockstep_.in();
  const u64 now = lockstep_.cycle();
  if (!race_.under_way) {
    if (!settled_ && now >= next_race_) begin_race();
    return;
  }
  if (!race_.edited && !settled_ && now >= race_.edit_at) edit_in_race();
  if (race_.invalidates && race_.edited && now >= race_.invalidate_at && !in.inv_valid && !settled_) {
    static constexpr u8 kOperations[] = {layout::Inv::ALL,    layout::Inv::NONGLOBAL, layout::Inv::ASID,
                                         layout::Inv::ASID,   layout::Inv::PAGE,      layout::Inv::PAGE,
                                         layout::Inv::PAGE_I, layout::Inv::PAGE_D};
    in.inv_op = kOperations[races_.below(std::size(kOperations))];
    in.inv_va = race_.va ^ (races_.word() & race_.spread);
    in.inv_asid = race_.asid;
    in.inv_valid = 1;
    race_.invalidates = false;
    race_.again = static_cast<unsigned>(races_.between(4, 16));
  }
  if (race_.left && !settled_ && now >= race_.back_at) come_back_in_race();
  if (now < race_.over) return;
  if (race_.changed && !settled_) write_entry(race_.pa, race_.before);
  lockstep_.set_memory_timing(timing_);
  race_ = {};
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
    if (config_.races) drive_race();
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
