// SPDX-License-Identifier: Apache-2.0
//
// The twin on a bench: a page-table memory behind the memory port, requests at the two ports, and a
// record of what left them in which cycle.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/arch/layout.h"
#include "model/uarch/event_counters.h"
#include "model/uarch/invalidate.h"
#include "model/uarch/mmu.h"
#include "tests/catch.h"
#include "tests/unit/uarch/page_tables.h"

namespace kilburn::uarch::test {

using arch::u32;
using arch::u8;

struct Response {
  unsigned cycle;
  ReqOut pins;
};
struct MemAccess {
  unsigned cycle;  // in which it was taken
  u8 id;
  u8 op;
  u64 address;
  u64 compare;
  u64 data;
};

inline arch::Settings with_pa_width(unsigned width) {
  arch::Settings settings;
  settings.pa_width = static_cast<u8>(width);
  return settings;
}
inline arch::Settings with_chip(arch::Chip chip) {
  arch::Settings settings;
  settings.chip = chip;
  return settings;
}

// Nothing between an L1 TLB and the walk: no L2 TLB, no paging-structure cache, one walker.
inline Config bare(arch::Format format, unsigned i_entries = 4, unsigned d_entries = 4,
                   const arch::Settings& settings = {}) {
  Config config;
  config.format = format;
  config.settings = settings;
  config.i_entries = i_entries;
  config.d_entries = d_entries;
  config.l2_sets = 0;
  config.psc_entries = {};
  config.walkers = 1;
  return config;
}

class Rig {
 public:
  explicit Rig(arch::Format format, unsigned i_entries = 4, unsigned d_entries = 4, const arch::Settings& settings = {})
      : Rig(bare(format, i_entries, d_entries, settings)) {}
  explicit Rig(const Config& config) : memory(config.format), mmu(make_mmu(config)), root(memory.table()) {
    in.cfg = arch::config_word(config.format, config.settings);
    in.ctx_root = root;
    in.i.rsp_ready = in.d.rsp_ready = 1;
    in.mem_req_ready = 1;
  }

  const PinsOut& out() const { return mmu->outputs(); }

  // One cycle with the pins as set in `in`, then the memory's own.
  void tick() {
    const PinsOut now = out();
    answer_due();
    if (now.i.rsp_valid && in.i.rsp_ready) i_responses.push_back({cycle, now.i});
    if (now.d.rsp_valid && in.d.rsp_ready) d_responses.push_back({cycle, now.d});
    if (now.inv_ack) acks.push_back(cycle);
    const bool taken = now.mem_req_valid && in.mem_req_ready;
    if (taken) {
      for (const Due& due : due_) REQUIRE(due.access.id != now.mem_req_id);  // one an id in flight (R9)
      accesses.push_back({cycle, now.mem_req_id, now.mem_req_op, now.mem_req_addr, now.mem_req_cmp, now.mem_req_data});
      due_.push_back({cycle + latency, accesses.back()});
    }
    mmu->clock(in);
    ++cycle;
  }
  void ticks(unsigned count) {
    while (count-- > 0) tick();
  }

  // Offers a data access for one cycle; it must be ready. Returns the cycle of its acceptance.
  unsigned data(u64 va, bool write = false, arch::Mode mode = arch::Mode::kernel, u8 id = 1) {
    REQUIRE(out().d.req_ready == 1);
    const ReqIn before = in.d;
    in.d.valid = 1;
    in.d.va = va;
    in.d.write = write;
    in.d.mode = static_cast<u8>(mode);
    in.d.id = id;
    tick();
    in.d = before;
    return cycle - 1;
  }
  unsigned fetch(u64 va, arch::Mode mode = arch::Mode::kernel, u8 id = 1) {
    REQUIRE(out().i.req_ready == 1);
    const ReqIn before = in.i;
    in.i.valid = 1;
    in.i.va = va;
    in.i.mode = static_cast<u8>(mode);
    in.i.id = id;
    tick();
    in.i = before;
    return cycle - 1;
  }
  // The same, and the response.
  ReqOut load(u64 va, arch::Mode mode = arch::Mode::kernel) {
    return finish(d_responses, [&] { data(va, false, mode); });
  }
  ReqOut store(u64 va, arch::Mode mode = arch::Mode::kernel) {
    return finish(d_responses, [&] { data(va, true, mode); });
  }
  ReqOut execute(u64 va, arch::Mode mode = arch::Mode::kernel) {
    return finish(i_responses, [&] { fetch(va, mode); });
  }

  // Offers a maintenance operation for one cycle.
  unsigned invalidate(u8 op, u64 va = 0, u32 asid = 0, u64 pte = 0) {
    REQUIRE(out().inv_ready == 1);
    in.inv_valid = 1;
    in.inv_op = op;
    in.inv_va = va;
    in.inv_asid = asid;
    in.inv_pte = pte;
    tick();
    in.inv_valid = 0;
    in.inv_va = in.inv_pte = in.inv_asid = in.inv_op = 0;  // the operands are the ones of the acceptance
    return cycle - 1;
  }
  // The same, until it is acknowledged.
  void invalidated(u8 op, u64 va = 0, u32 asid = 0, u64 pte = 0) {
    const std::size_t before = acks.size();
    invalidate(op, va, asid, pte);
    for (unsigned limit = 0; acks.size() == before; ++limit) {
      REQUIRE(limit < 100);
      tick();
    }
  }

  // A fill by software, until it is acknowledged.
  void filled(SideName side, u64 va, u64 pte, u32 asid = 0) {
    invalidated(side == SideName::data ? inv::FILL_D : inv::FILL_I, va, asid, pte);
  }

  // The counter, read through the pins: it takes a cycle.
  u32 count(u8 event) {
    in.evt_sel = event;
    tick();
    return out().evt_count;
  }

  unsigned valid_entries(Structure structure) const {
    unsigned count = 0;
    for (unsigned index = 0; index < mmu->entries(structure); ++index) count += mmu->entry(structure, index).valid;
    return count;
  }

  PageTables memory;
  std::unique_ptr<Mmu> mmu;
  u64 root;
  PinsIn in;
  unsigned cycle = 0;
  unsigned latency = 1;  // cycles from the one that takes a request to the one that answers it
  std::vector<Response> i_responses, d_responses;
  std::vector<MemAccess> accesses;
  std::vector<unsigned> acks;
  // Called in the cycle of a response, before the memory performs the access.
  std::function<void(const MemAccess&)> before_access;

 private:
  void answer_due() {
    in.mem_rsp_valid = 0;
    in.mem_rsp_data = 0;
    in.mem_rsp_id = in.mem_rsp_match = in.mem_rsp_err = 0;
    // One response a cycle: the first taken of those that are due.
    const auto due = std::find_if(due_.begin(), due_.end(), [this](const Due& d) { return d.cycle <= cycle; });
    if (due == due_.end()) return;
    const MemAccess access = due->access;
    due_.erase(due);
    if (before_access) before_access(access);
    in.mem_rsp_valid = 1;
    in.mem_rsp_id = access.id;
    const std::optional<u64> word = memory.read_or_error(access.address);
    if (!word) {
      in.mem_rsp_err = 1;
      return;
    }
    in.mem_rsp_data = *word;
    if (access.op == arch::layout::MemOp::CAS && *word == access.compare) {
      memory.write(access.address, access.data);
      in.mem_rsp_match = 1;
    }
  }

  template <class Issue>
  ReqOut finish(const std::vector<Response>& responses, Issue&& issue) {
    const std::size_t before = responses.size();
    issue();
    for (unsigned limit = 0; responses.size() == before; ++limit) {
      INFO(mmu->describe());
      REQUIRE(limit < 200);
      tick();
    }
    return responses.back().pins;
  }

  struct Due {
    unsigned cycle;
    MemAccess access;
  };
  std::vector<Due> due_;  // in flight, in the order taken
};

}  // namespace kilburn::uarch::test
