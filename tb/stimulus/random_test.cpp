// SPDX-License-Identifier: Apache-2.0
//
// Phases of some thousand cycles, each with its own rates, so that a run meets quiet hit streams as
// well as storms of misses, edits and invalidations.
#include "tb/stimulus/random_test.h"

#include "model/arch/walk.h"

namespace kilburn::tb {

using arch::u64;
using arch::u8;

namespace {
constexpr unsigned kSpaces = 3;
constexpr u64 kDrainLimit = 100000;  // cycles
}  // namespace

RandomTest::RandomTest(Lockstep& lockstep, const RandomTestConfig& config)
    : lockstep_(lockstep),
      config_(config),
      random_(config.seed),
      tables_(lockstep.memory(), config.format, kSpaces, random_) {
  new_context();
}

void RandomTest::new_phase() {
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
  // From a handful of pages (hits) to more than the TLBs hold (misses); a power of two, so that choosing is cheap.
  working_set_.resize(u64{1} << random_.between(1, 7));
  for (u64& va : working_set_) va = useful_address();
}

// Most random addresses fault, and faults are never cached: prefers one that some user read may make.
u64 RandomTest::useful_address() {
  u64 va = tables_.address();
  const auto& in = lockstep_.in();
  const arch::Context context{in.ctx_root, static_cast<arch::u16>(in.ctx_asid), in.ctx_ctl};
  for (unsigned attempt = 0; attempt < 24 && !random_.one_in(32); ++attempt) {
    const auto outcome = arch::walk(config_.format, {}, context, {va, arch::Op::read, arch::Mode::user, false},
                                    [&](u64 pa) -> std::optional<u64> {
                                      if (pa + 8 > RandomTables::kMemoryBytes) return std::nullopt;
                                      return lockstep_.memory().load64(pa);
                                    });
    if (outcome.fault.code == arch::Fault::none) break;
    va = tables_.address();
  }
  return va;
}

void RandomTest::new_context() {
  auto& in = lockstep_.in();
  const auto space = static_cast<unsigned>(random_.below(kSpaces));
  in.ctx_root = tables_.root(space);
  // Mostly the space's own number; sometimes another's, as software that reuses numbers would.
  in.ctx_asid = static_cast<std::uint32_t>(random_.one_in(16) ? random_.below(4096) : space + 1);
  if (config_.format == arch::Format::x86_64) {
    // NXE mostly on; SMEP and SMAP half of the time, or no supervisor access would succeed.
    in.ctx_ctl = static_cast<std::uint32_t>(random_.below(2) | (random_.one_in(16) ? 0 : 2) |
                                            (random_.one_in(2) ? random_.below(4) << 2 : 0));
  } else {
    in.ctx_ctl = random_.one_in(2) ? 0u : static_cast<std::uint32_t>(random_.below(8)) << 8;  // SPE
  }
}

void RandomTest::drive_port(kilburn_req_in& pins, const kilburn_req_out& out, Side side) {
  const auto s = static_cast<unsigned>(side);
  pins.rsp_ready = response_percent_[s] == 100 || random_.percent(response_percent_[s]);
  if (pins.valid) return;  // R2: keeps valid and payload until it is taken
  if (busy_ids_[s] == 0xffff) return;
  if (request_percent_[s] < 100 && !random_.percent(request_percent_[s])) return;
  // One word gives the small choices.
  const u64 word = random_.word();
  pins.valid = 1;
  auto id = static_cast<unsigned>(word & 15);
  while (busy_ids_[s] >> id & 1) id = (id + 1) & 15;
  pins.id = id;
  pins.va = working_set_[(word >> 8 & 0xffffff) & (working_set_.size() - 1)];
  pins.va ^= word >> 32 & 0xff8;  // another word of the page
  pins.mode = word & 0x30 ? 3 : word & 0xc0 ? 0 : static_cast<u8>(word >> 48 & 3);
  if (side == Side::data) {
    pins.write = (word >> 50 & 0x7f) * 100 / 128 < store_percent_;
    pins.ac = static_cast<u8>(word >> 58 & 1);
  }
  (void)out;
}

void RandomTest::count_response(const kilburn_req_in& pins, const kilburn_req_out& out, Side side) {
  if (!(out.rsp_valid && pins.rsp_ready)) return;
  busy_ids_[static_cast<unsigned>(side)] &= static_cast<arch::u16>(~(1u << (out.rsp_id & 15)));
  ++answered_;
  ++result_.faults[out.rsp_fault & 15];
}

void RandomTest::drive_invalidation() {
  auto& in = lockstep_.in();
  if (in.inv_valid || lockstep_.cycle() < next_invalidation_) return;
  next_invalidation_ = soon(invalidate_one_in_);
  in.inv_valid = 1;
  // Single pages mostly; every code of the field, reserved ones too.
  in.inv_op = static_cast<u8>(random_.one_in(3) ? random_.below(16) : random_.between(3, 6));
  in.inv_va = random_.one_in(8) ? tables_.address() : random_.pick(working_set_);
  in.inv_asid = static_cast<std::uint32_t>(random_.one_in(8) ? random_.below(4096) : random_.between(1, kSpaces));
}

void RandomTest::run() {
  auto& in = lockstep_.in();
  auto clock = [&] {
    const auto& out = lockstep_.out();
    count_response(in.i, out.i, Side::instruction);
    count_response(in.d, out.d, Side::data);
    const bool i_taken = in.i.valid && out.i.req_ready;
    const bool d_taken = in.d.valid && out.d.req_ready;
    const bool inv_taken = in.inv_valid && out.inv_ready;
    lockstep_.clock();
    if (i_taken) busy_ids_[0] |= static_cast<arch::u16>(1u << in.i.id), in.i.valid = 0, ++result_.requests;
    if (d_taken) busy_ids_[1] |= static_cast<arch::u16>(1u << in.d.id), in.d.valid = 0, ++result_.requests;
    if (inv_taken) in.inv_valid = 0, ++result_.invalidations;
  };
  while (answered_ < config_.count) {
    if (lockstep_.cycle() >= phase_end_) new_phase();
    const auto& out = lockstep_.out();
    if (out.mem_req_valid) walked_ = out.mem_req_addr;
    drive_port(in.i, out.i, Side::instruction);
    drive_port(in.d, out.d, Side::data);
    drive_invalidation();
    if (lockstep_.cycle() >= next_context_) {
      next_context_ = soon(context_one_in_);
      new_context();
    }
    if (lockstep_.cycle() >= next_edit_) {
      next_edit_ = soon(edit_one_in_);
      const auto edit = random_.one_in(2) ? tables_.edit_at(walked_) : tables_.edit();
      lockstep_.history().edit(lockstep_.cycle(), edit.pa, edit.value);
      ++result_.edits;
    }
    clock();
  }
  // Requests that stand at the ports are taken and everything is answered.
  in.i.rsp_ready = in.d.rsp_ready = 1;
  for (u64 waited = 0; in.i.valid || in.d.valid || in.inv_valid || busy_ids_[0] || busy_ids_[1]; ++waited) {
    if (waited > kDrainLimit) throw DutWrong("protocol", "R5: requests are never answered", lockstep_.cycle());
    clock();
  }
}

}  // namespace kilburn::tb
