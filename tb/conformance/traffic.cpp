// SPDX-License-Identifier: Apache-2.0
//
// Choices of each cycle.
#include "tb/conformance/traffic.h"

#include "model/arch/layout.h"

namespace kilburn::tb {

using arch::u64;
using arch::u8;
namespace layout = arch::layout;

namespace {

constexpr u64 kPages = 4;
constexpr unsigned kEdited = 0, kFixed = 1, kEmpty = 2;  // contexts

arch::u32 config_of(const kilburn_dut_api& api) {
  if (api.config.cfg_pins == 0) return api.config.cfg;
  return arch::config_word(static_cast<arch::Format>(api.config.format), {});
}

}  // namespace

// The storm of operations goes without edits: a compare-and-swap that an edit thwarts may begin a walk anew, which R5
// does not bound.
const std::vector<TrafficProfile>& traffic_profiles() {
  static const std::vector<TrafficProfile> profiles = {
      {"full speed", {100, 100}, {100, 100}, {1, 1, 100}, 8, 400, 2, 0},
      {"slow memory", {100, 100}, {100, 100}, {5, 40, 30}, 64, 300, 2, 0},
      {"slow requester", {100, 100}, {10, 15}, {1, 4, 100}, 8, 200, 2, 0},
      {"one at a time", {3, 3}, {100, 100}, {1, 8, 70}, 16, 100, 2, 0},
      {"stalls", {90, 90}, {90, 90}, {1, 12, 90}, 32, 150, 2, 400},
      {"much maintenance", {60, 60}, {50, 50}, {1, 20, 50}, 16, 12, 0, 1000},
  };
  return profiles;
}

Traffic::Traffic(Dut& dut, const TrafficProfile& profile, u64 seed)
    : dut_(dut),
      profile_(profile),
      format_(arch::info(static_cast<arch::Format>(dut.api().config.format))),
      page_(u64{1} << format_.page_shift),
      features_(dut.api().config.features),
      random_(seed),
      memory_(kPages * page_),
      memory_port_(memory_, seed),
      watch_(format_.format, format_.page_shift) {
  fill(1, target_);
  fill(2, 2);
  // Below the sign bit of every format.
  for (unsigned n = 0; n < profile.pages; ++n) addresses_.push_back(random_.below(u64{1} << 29) << format_.page_shift);
  memory_port_.set_timing(profile.memory);
  in_.cfg = config_of(dut.api());
  dut_.reset(in_.cfg, out_);
  first_ = out_;
  choose_context();
}

// Every enable bit, and no A and D: walkers have something to set.
void Traffic::fill(u64 page, u64 target) {
  namespace x86 = layout::X86Pte;
  namespace alpha = layout::AlphaPte;
  constexpr u64 kAlphaEnables = 0xff00;
  const u64 entry = format_.hardware_ad ? x86::P.mask() | x86::RW.mask() | x86::US.mask() | target * page_
                                        : alpha::V.mask() | kAlphaEnables | alpha::PFN.make(target);
  for (u64 offset = 0; offset < page_; offset += 8) memory_.store64(page * page_ + offset, entry);
}

void Traffic::choose_context() {
  context_ = static_cast<unsigned>(random_.one_in(4) ? random_.below(kContexts) : random_.below(2));
  constexpr u64 kRootPage[kContexts] = {1, 2, 0};
  in_.ctx_root = kRootPage[context_] * page_;
  in_.ctx_asid = context_ + 1;
  in_.ctx_ctl = format_.hardware_ad ? static_cast<arch::u32>(layout::Controls::WP.mask()) : 0;
}

void Traffic::drive_port(kilburn_req_in& pins, unsigned side) {
  pins.rsp_ready = draining_ || (!stalled_[side] && random_.percent(profile_.response_percent[side]));
  if (pins.valid || draining_ || !random_.percent(profile_.request_percent[side])) return;
  const unsigned busy = watch_.open_ids(side);
  if (busy == 0xffff) return;
  auto id = static_cast<unsigned>(random_.below(16));
  while (busy >> id & 1) id = (id + 1) & 15;
  pins.valid = 1;
  pins.id = static_cast<u8>(id);
  pins.va = random_.pick(addresses_) | (random_.below(page_) & ~u64{7});
  pins.mode = random_.one_in(4) ? layout::Mode::KERNEL : layout::Mode::USER;
  if (side == 0) return;
  pins.write = random_.one_in(3);
  pins.ac = random_.one_in(2);
  pins.implicit = layout::Feature::IMPLICIT.test(features_) && random_.one_in(8);
}

void Traffic::drive_maintenance() {
  if (in_.inv_valid || draining_ || watch_.operating() || !random_.one_in(profile_.maintain_one_in)) return;
  in_.inv_valid = 1;
  in_.inv_asid = 1;
  in_.inv_va = random_.pick(addresses_);
  in_.inv_pte = 0;  // a fill with an entry that is not valid writes nothing
  in_.inv_op = static_cast<u8>(random_.below(16));
  if (profile_.edit_one_in == 0 || !random_.one_in(profile_.edit_one_in)) return;
  // Software maps other pages and then drops what may be cached of the old ones.
  const u64 old = target_;
  target_ = 3 - target_;
  fill(1, target_);
  fill(2, 2);
  edit_unconfirmed_ = true;
  watch_.edited(target_ * page_, old * page_);
  constexpr u8 kDrops[] = {layout::Inv::ALL, layout::Inv::NONGLOBAL, layout::Inv::ASID};
  in_.inv_op = kDrops[random_.below(3)];
}

// Now and then something stands still for a while.
void Traffic::stall() {
  if (profile_.stall_one_in == 0) return;
  if (cycle_ == stalled_until_ || draining_) {
    for (bool& stalled : stalled_) stalled = false;
    memory_port_.set_timing(profile_.memory);
  }
  if (draining_ || cycle_ < stalled_until_ || !random_.one_in(profile_.stall_one_in)) return;
  stalled_until_ = cycle_ + random_.between(20, 300);
  const u64 who = random_.between(1, 7);
  stalled_[0] = who & 1;
  stalled_[1] = who & 2;
  stalled_[2] = who & 4;
  MemoryTiming timing = profile_.memory;
  if (stalled_[2]) timing.ready_percent = 0;
  memory_port_.set_timing(timing);
}

void Traffic::cycle() {
  stall();
  if (random_.one_in(3)) choose_context();
  drive_port(in_.i, 0);
  drive_port(in_.d, 1);
  drive_maintenance();
  memory_port_.drive(out_, in_);
  Expectation expected;
  expected.fault = context_ == kEmpty;
  expected.edits = context_ == kEdited;
  expected.frame = expected.old_frame = (context_ == kFixed ? 2 : target_) * page_;
  if (context_ == kEdited && edit_unconfirmed_) expected.old_frame = (3 - target_) * page_;
  watch_.cycle(in_, out_, expected);
  if (out_.inv_ack) edit_unconfirmed_ = false;
  const bool i_taken = in_.i.valid && out_.i.req_ready;
  const bool d_taken = in_.d.valid && out_.d.req_ready;
  const bool inv_taken = in_.inv_valid && out_.inv_ready;
  dut_.clock(in_, out_);
  if (recorded_) recorded_->push_back({in_, out_});
  if (i_taken) in_.i.valid = 0;
  if (d_taken) in_.d.valid = 0;
  if (inv_taken) in_.inv_valid = 0;
  ++cycle_;
}

bool Traffic::run(u64 responses) {
  const u64 until = watch_.evidence().answered + responses;
  // A DUT that takes no requests is never silent on one.
  const u64 limit = cycle_ + 1000 * responses + PinWatch::kAnswerLimit;
  while (watch_.evidence().answered < until && !watch_.silent() && cycle_ < limit) cycle();
  return watch_.evidence().answered >= until;
}

bool Traffic::drain() {
  draining_ = true;
  const u64 limit = cycle_ + 2 * PinWatch::kAnswerLimit;
  const auto quiet = [&] { return watch_.idle() && !in_.i.valid && !in_.d.valid && !in_.inv_valid; };
  while (!quiet() && !watch_.silent() && cycle_ < limit) cycle();
  draining_ = false;
  return quiet();
}

}  // namespace kilburn::tb
