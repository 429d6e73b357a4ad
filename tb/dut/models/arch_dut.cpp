// SPDX-License-Identifier: Apache-2.0
//
// `--dut arch`: the decision core at the pins. It holds nothing between requests.
#include <boost/container/static_vector.hpp>

#include "model/arch/layout.h"
#include "tb/dut/models/models.h"
#include "tb/dut/models/pins.h"

namespace kilburn::tb {
namespace {

namespace event = arch::layout::Event;
using models::Answer;
using models::MemoryOp;
using models::MemoryReply;
using models::Step;
using models::u16;
using models::u32;
using models::u64;
using models::u8;

class ArchEngine final : public models::Engine {
 public:
  explicit ArchEngine(arch::Format format) : format_(format) {}

  void reset(const arch::Settings& settings) override {
    settings_ = settings;
    walks_ = {};
    counted_ = {};
  }

  Step begin(unsigned side, const arch::Request& request, const arch::Context& context) override {
    const arch::Direct direct = arch::before_tlb(format_, settings_, request, context);
    if (direct.kind != arch::Direct::Kind::none) {
      ++counted_[side == 0 ? event::I_DIRECT : event::D_DIRECT];
      return Answer{direct.fault, direct.pa, direct.translation};
    }
    ++counted_[side == 0 ? event::I_MISS : event::D_MISS];
    // Software fills a TLB that is not there.
    if (format_ != arch::Format::x86_64 && arch::layout::Controls::REFILL.test(context.controls)) {
      return Answer{{arch::Fault::miss, 0, 0, arch::Rule::alpha_refill_miss}, 0, {}};
    }
    walks_[side] = {request, context, {}, {}, true, false};
    ++counted_[event::WALK];
    return next(walks_[side]);
  }

  Step resume(unsigned side, const MemoryReply& reply) override {
    Walk& walk = walks_[side];
    if (walk.killed) {
      walk.killed = false;
      return afresh(walk);
    }
    const MemoryOp& asked = walk.asked;
    if (!asked.swap) {
      walk.words.push_back({asked.pa, reply.data, reply.error});
    } else if (reply.error) {
      return fault_in_update(walk);
    } else if (!reply.matched) {
      // Somebody else wrote it: nothing that was read may be relied on (traps T42, T44).
      return afresh(walk);
    } else {
      for (Word& word : walk.words) {
        if (word.pa == asked.pa) word.value = asked.desired;
      }
    }
    return next(walk);
  }

  // There is no TLB; only words on their way to an answer are from before.
  void maintain(u8, u64, u16, u64) override {
    for (Walk& walk : walks_) {
      if (!walk.under_way || walk.killed) continue;
      walk.killed = true;
      ++counted_[event::KILL];
    }
  }

  void count(models::Events& events) override {
    for (unsigned n = 0; n < events.size(); ++n) events[n] += std::exchange(counted_[n], 0);
  }

 private:
  struct Word {
    u64 pa = 0;
    u64 value = 0;
    bool error = false;
  };
  struct Walk {
    arch::Request request;
    arch::Context context;
    boost::container::static_vector<Word, 5> words;  // read so far, one a level at most
    MemoryOp asked;
    bool under_way = false;
    bool killed = false;
  };

  arch::Outcome evaluate(const Walk& walk, std::optional<u64>& unread) const {
    return arch::walk(format_, settings_, walk.context, walk.request, [&](u64 pa) -> std::optional<u64> {
      for (const Word& word : walk.words) {
        if (word.pa == pa) return word.error ? std::nullopt : std::optional(word.value);
      }
      unread = pa;
      return std::nullopt;
    });
  }

  // The pure walk over what has been read: the first unread word, else the first update due, else the outcome.
  Step next(Walk& walk) {
    std::optional<u64> unread;
    const arch::Outcome outcome = evaluate(walk, unread);
    if (unread) {
      walk.asked = {*unread, false, 0, 0};
      return walk.asked;
    }
    if (!outcome.writes.empty()) {
      const arch::EntryWrite& due = outcome.writes.front();
      walk.asked = {due.pa, true, due.expect, due.desired};
      return walk.asked;
    }
    walk.under_way = false;
    if (outcome.fault.code != arch::Fault::none) ++counted_[event::WALK_FAULT];
    return Answer{outcome.fault, outcome.pa, outcome.translation};
  }

  Step afresh(Walk& walk) {
    walk.words.clear();
    ++counted_[event::WALK];
    return next(walk);
  }

  // A bus error at the level of the entry that could not be updated.
  Step fault_in_update(Walk& walk) {
    std::optional<u64> unread;
    u8 level = 0;
    for (const arch::Step& step : evaluate(walk, unread).steps) {
      if (level == 0 && step.pa == walk.asked.pa) level = step.level;
    }
    walk.under_way = false;
    ++counted_[event::WALK_FAULT];
    return Answer{{arch::Fault::bus, 0, level, arch::Rule::walk_bus}, 0, {}};
  }

  const arch::Format format_;
  arch::Settings settings_;
  std::array<Walk, 2> walks_;
  models::Events counted_{};
};

std::unique_ptr<models::Engine> make_engine(arch::Format format) { return std::make_unique<ArchEngine>(format); }

}  // namespace

const kilburn_dut_api& arch_dut(arch::Format format) {
  return models::api<make_engine>(format, "arch", "the decision core model/arch at the pins, without a TLB");
}

}  // namespace kilburn::tb
