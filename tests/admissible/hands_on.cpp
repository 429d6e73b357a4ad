// SPDX-License-Identifier: Apache-2.0
//
// Pins, memory, tables.
#include "tests/admissible/hands_on.h"

#include <algorithm>

#include "model/arch/layout.h"

namespace kilburn::tb {
namespace {

namespace layout = arch::layout;

constexpr u64 kLimit = 3000;  // cycles within which the checker wants an answer (W8)
constexpr unsigned kLatency = 2;

// SDM tables 4-15 to 4-20: P, R/W, U/S, A; D in the leaf, G never.
constexpr u64 kX86Table = 0x27, kX86Leaf = 0x67;
// EV5 5.1: V, KRE, URE, KWE, UWE.
constexpr u64 kAlphaEntry = 0x3301;

constexpr u64 kTables = 0x10000, kFrames = 0x200000;

}  // namespace

HandsOn::HandsOn(const DutLibrary& library, const std::string& bug, u64 seed)
    : library_(library),
      format_(static_cast<arch::Format>(library.api().config.format)),
      levels_(arch::info(format_).levels),
      dut_(library, seed) {
  dut_.select_bug(bug);
  reset();
}

void HandsOn::reset() {
  build();
  monitor_.reset();
  admissible::Relaxations relaxations;
  relaxations.response_limit = relaxations.acknowledge_limit = kLimit;
  checker_.emplace(admissible::CheckerConfig{format_, {}, relaxations, {}}, memory_);
  monitor_.emplace(*checker_, 0, memory_);
  in_ = {};
  in_.cfg = arch::config_word(format_, {});
  in_.i.rsp_ready = in_.d.rsp_ready = 1;
  if (format_ == arch::Format::x86_64) {
    in_.ctx_ctl =
        static_cast<u32>(layout::Controls::WP.mask() | layout::Controls::NXE.mask() | layout::Controls::PGE.mask());
  }
  replies_.clear();
  until_stop_ = 0;
  stopped_ = silent_ = operating_ = false;
  open_[0] = open_[1] = 0;
  use_space(0);
  dut_.reset(in_.cfg, out_);
  monitor_->begin(cycle_);
}

// Tables of one address only: for each level one table a way, in both of which the entry of the address is filled.
void HandsOn::build() {
  const arch::FormatInfo info = arch::info(format_);
  const bool x86 = format_ == arch::Format::x86_64;
  const u64 page = u64{1} << info.page_shift;
  u64 next = kTables;
  for (unsigned space = 0; space < kSpaces; ++space) {
    roots_[space] = next;
    next += page;
    for (unsigned way = 0; way < 2; ++way) {
      u64 table = roots_[space];  // both ways leave from one top table
      for (unsigned level = levels_; level >= 1; --level) {
        const unsigned shift = info.page_shift + info.index_bits * (level - 1);
        const u64 index = kVa >> shift & ((u64{1} << info.index_bits) - 1);
        Place& place = ways_[space][way][level];
        place.slot = table + 8 * index;
        const u64 to = level > 1 ? next : kFrames + (2 * space + way) * 0x40000;
        if (level > 1) next += page;
        place.value = x86 ? to | (level > 1 ? kX86Table : kX86Leaf) : to >> info.page_shift << 32 | kAlphaEntry;
        if (way == 0 || level != levels_) memory_.store64(place.slot, place.value);
        table = to;
      }
    }
  }
}

void HandsOn::use_space(unsigned space) {
  in_.ctx_root = roots_[space];
  in_.ctx_asid = asid(space);
}

void HandsOn::drive_memory() {
  auto& walkers = monitor_->walkers();
  in_.mem_req_ready = in_.mem_rsp_valid = in_.mem_rsp_match = in_.mem_rsp_err = in_.mem_rsp_id = 0;
  in_.mem_rsp_data = 0;
  if (!stopped_ && !replies_.empty() && replies_.front().due <= cycle_) {
    const Reply reply = replies_.front();
    replies_.pop_front();
    in_.mem_rsp_valid = 1;
    in_.mem_rsp_id = reply.id;
    in_.mem_rsp_data = reply.data;
    in_.mem_rsp_match = reply.match;
    in_.mem_rsp_err = reply.error;
  }
  if (!out_.mem_req_valid || stopped_) return;
  in_.mem_req_ready = 1;
  Reply reply{cycle_ + kLatency, out_.mem_req_id, false, false, 0};
  const u64 pa = out_.mem_req_addr;
  if (pa + 8 > memory_.size()) {
    reply.error = true;
    walkers.bus_error(reply.id, pa);
  } else if (out_.mem_req_op != 0) {
    reply.data = memory_.cas64(pa, out_.mem_req_cmp, out_.mem_req_data);
    reply.match = reply.data == out_.mem_req_cmp;
    walkers.swap(reply.id, pa, out_.mem_req_cmp, out_.mem_req_data, reply.data);
  } else {
    reply.data = memory_.load64(pa);
    walkers.read(reply.id, pa, reply.data);
  }
  replies_.push_back(reply);
  if (until_stop_ != 0 && --until_stop_ == 0) stopped_ = true;
}

void HandsOn::clock() {
  drive_memory();
  monitor_->cycle(in_, out_);
  const kilburn_req_out* outs[2] = {&out_.i, &out_.d};
  kilburn_req_in* ins[2] = {&in_.i, &in_.d};
  bool taken[2];
  for (unsigned side = 0; side < 2; ++side) {
    if (outs[side]->rsp_valid && ins[side]->rsp_ready) open_[side] &= ~(u32{1} << (outs[side]->rsp_id & 15));
    taken[side] = ins[side]->valid && outs[side]->req_ready;
    if (taken[side]) open_[side] |= u32{1} << ins[side]->id;
  }
  if (out_.inv_ack) operating_ = false;
  const bool begun = in_.inv_valid && out_.inv_ready;
  if (begun) operating_ = true;
  dut_.clock(in_, out_);
  for (unsigned side = 0; side < 2; ++side) {
    if (taken[side]) ins[side]->valid = 0;
  }
  if (begun) in_.inv_valid = 0;
  monitor_->begin(++cycle_);
}

void HandsOn::ask(const Access& a) {
  kilburn_req_in& port = a.fetch ? in_.i : in_.d;
  port.va = a.va;
  port.write = a.write;
  port.mode = static_cast<u8>(a.mode);
  port.id = next_id_++ & 15;
  port.valid = 1;
  for (unsigned n = 0; port.valid && n < patience_; ++n) clock();
  silent_ = silent_ || port.valid;
}

void HandsOn::start(u8 op, u64 va, u16 asid) {
  in_.inv_op = op;
  in_.inv_va = va;
  in_.inv_asid = asid;
  in_.inv_valid = 1;
}

void HandsOn::settle() {
  for (unsigned n = 0; n < patience_; ++n) {
    if (!in_.i.valid && !in_.d.valid && !in_.inv_valid && !operating_ && open_[0] == 0 && open_[1] == 0) return;
    clock();
  }
  silent_ = true;
}

bool HandsOn::run_to_stop() {
  for (unsigned n = 0; n < patience_ && !stopped_; ++n) {
    if (!in_.i.valid && !in_.d.valid && open_[0] == 0 && open_[1] == 0) return false;
    clock();
  }
  return stopped_;
}

void HandsOn::let_go() {
  stopped_ = false;
  until_stop_ = 0;
}

std::vector<std::string> HandsOn::rules() const {
  std::vector<std::string> rules;
  for (const auto& rejection : checker_->rejections()) rules.push_back(rejection.rule);
  std::sort(rules.begin(), rules.end());
  rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
  return rules;
}

}  // namespace kilburn::tb
