// SPDX-License-Identifier: Apache-2.0
//
// The twin's top level: the units of one format and the order of their parts of an edge.
#include "model/uarch/mmu.h"

#include <bit>
#include <stdexcept>

#include "model/uarch/completion.h"
#include "model/uarch/describe.h"
#include "model/uarch/event_counters.h"
#include "model/uarch/invalidate.h"
#include "model/uarch/l2_lookup.h"
#include "model/uarch/l2_tlb.h"
#include "model/uarch/miss_file.h"
#include "model/uarch/psc.h"
#include "model/uarch/ptw.h"
#include "model/uarch/side.h"

namespace kilburn::uarch {
namespace {

template <arch::Format F>
class MmuOf final : public Mmu {
 public:
  explicit MmuOf(const Config& config)
      : misses_(config.i_misses, config.d_misses),
        i_(config.i_entries, config.policy, config.l2_sets != 0, settings_, misses_, pins_.i, counters_),
        d_(config.d_entries, config.policy, config.l2_sets != 0, settings_, misses_, pins_.d, counters_),
        completion_(i_, d_, misses_, counters_),
        l2_(config.l2_sets, config.l2_large_sets, config.l2_ways, config.policy),
        l2_lookup_(settings_, l2_, misses_, completion_, counters_),
        psc_(config.psc_entries, config.policy),
        ptw_(config.walkers, config.rewalk, config.prefetch, settings_, pins_, counters_, misses_, l2_, psc_,
             completion_),
        invalidate_(settings_, pins_, counters_, i_, d_, l2_, psc_, completion_) {
    reset(config.settings);
  }

  // Everything in a cycle follows from registers before the edge. The units are updated one after the
  // other, in an order in which none reads what an earlier one changed: the sides only read the L1 TLBs,
  // which the others write after them, and take from the miss files only what the others have done with; what
  // the others choose from is noted first.
  void clock(const PinsIn& in) override {
    // A miss keeps a place of the miss files from the lookup to the response, whatever happens meanwhile.
    const bool resting = misses_.empty() && ptw_.resting() && invalidate_.resting(in);
    if (!resting) return clock_all(in);
    pins_.evt_count = counters_.selected(in.evt_sel);
    i_.clock(in.i, in);
    d_.clock(in.d, in);
  }

  TlbEntry entry(Structure structure, unsigned index) const override {
    switch (structure) {
      case Structure::i_tlb:
        return i_.tlb().entry(index);
      case Structure::d_tlb:
        return d_.tlb().entry(index);
      case Structure::l2:
        return l2_.entry(index);
      case Structure::psc:
        return psc_.entry(index);
    }
    return {};
  }

  unsigned entries(Structure structure) const override {
    switch (structure) {
      case Structure::i_tlb:
        return i_.tlb().entries();
      case Structure::d_tlb:
        return d_.tlb().entries();
      case Structure::l2:
        return l2_.entries();
      case Structure::psc:
        return psc_.entries();
    }
    return 0;
  }

  std::string describe() const override {
    return describe_side("I", misses_, SideName::instruction, i_.responses()) +
           describe_side("D", misses_, SideName::data, d_.responses()) + describe_lookup(l2_lookup_, misses_) +
           describe_walkers(ptw_, misses_) + describe_invalidation(invalidate_);
  }

  const MissFile& misses() const override { return misses_; }
  unsigned walkers() const override { return ptw_.walkers(); }
  Walk walk(unsigned number) const override {
    const auto& w = ptw_.walker(number);
    return {
        static_cast<Walk::State>(w.state), w.owner, w.level, w.op == mem_op::CAS, w.mid, w.address, w.desired, w.above};
  }
  const HeldRequest& prefetch_request() const override { return ptw_.prefetch().held(); }
  bool maintaining() const override { return invalidate_.busy(); }

 protected:
  void reset_registers() override {
    pins_ = PinsOut{};
    counters_.reset();
    misses_.reset();
    i_.reset();
    d_.reset();
    l2_.reset();
    l2_lookup_.reset();
    psc_.reset();
    ptw_.reset();
    invalidate_.reset();
  }

 private:
  [[gnu::noinline]] void clock_all(const PinsIn& in) {
    const bool busy = invalidate_.busy();
    const bool answered = in.mem_rsp_valid != 0;
    const bool walkers_idle = ptw_.idle();
    const u32 look = misses_.in(MissFile::State::look);
    const u32 ready = misses_.in(MissFile::State::ready);
    if (busy || answered || l2_lookup_.valid()) completion_.before_edge();
    pins_.evt_count = counters_.selected(in.evt_sel);

    i_.clock(in.i, in);
    d_.clock(in.d, in);
    l2_lookup_.clock(look, busy || answered);
    ptw_.clock(in, ready, busy);
    invalidate_.clock(in, walkers_idle, ptw_.hold());
    i_.settle();
    d_.settle();
  }

  EventCounters counters_;
  MissFile misses_;
  Side<F, SideName::instruction> i_;
  Side<F, SideName::data> d_;
  Completion<F> completion_;
  L2Tlb<F> l2_;
  L2Lookup<F> l2_lookup_;
  Psc<F> psc_;
  Ptw<F> ptw_;
  Invalidate<F> invalidate_;
};

void require_range(unsigned value, unsigned lowest, unsigned highest, const std::string& which) {
  if (value >= lowest && value <= highest) return;
  throw std::invalid_argument(which + " must be " + std::to_string(lowest) + " to " + std::to_string(highest) +
                              ", not " + std::to_string(value));
}

void require_power(unsigned value, unsigned highest, const std::string& which) {
  if (std::has_single_bit(value) && value <= highest) return;
  throw std::invalid_argument(which + " must be a power of two up to " + std::to_string(highest) + ", not " +
                              std::to_string(value));
}

void require_parameters(const Config& config) {
  require_power(config.i_entries, Replacement::kMaxEntries, "i_entries");
  require_power(config.d_entries, Replacement::kMaxEntries, "d_entries");
  require_range(config.i_misses, 1, MissFile::kMaxEntries, "i_misses");
  require_range(config.d_misses, 1, MissFile::kMaxEntries, "d_misses");
  if (config.l2_sets != 0) require_power(config.l2_sets, kMaxSets, "l2_sets");
  require_power(config.l2_large_sets, kMaxSets, "l2_large_sets");
  require_power(config.l2_ways, kMaxWays, "l2_ways");
  for (unsigned level = 2; level <= 5; ++level) {
    const unsigned entries = config.psc_entries[level - 2];
    if (entries != 0) require_power(entries, Replacement::kMaxEntries, "psc_entries of level " + std::to_string(level));
  }
  require_range(config.walkers, 1, kMaxWalkers, "walkers");
  require_range(static_cast<unsigned>(config.policy), 0, 2, "policy");
}

void require_settings(const arch::Settings& settings) {
  if (settings.pa_width < 32 || settings.pa_width > 52) {
    throw std::invalid_argument("pa_width must be 32 to 52, not " + std::to_string(settings.pa_width));
  }
  if (settings.page_shift != 0 && settings.page_shift != 13) {  // larger pages are no option of the RTL
    throw std::invalid_argument("page_shift must be 13, not " + std::to_string(settings.page_shift));
  }
}

}  // namespace

void Mmu::reset(const arch::Settings& settings) {
  require_settings(settings);
  settings_ = settings;
  reset_registers();
}

std::unique_ptr<Mmu> make_mmu(const Config& config) {
  require_parameters(config);
  switch (config.format) {
    case arch::Format::alpha:
      return std::make_unique<MmuOf<arch::Format::alpha>>(config);
    case arch::Format::alpha_x64:
      return std::make_unique<MmuOf<arch::Format::alpha_x64>>(config);
    case arch::Format::x86_64:
      return std::make_unique<MmuOf<arch::Format::x86_64>>(config);
  }
  throw std::invalid_argument("no such page-table format");
}

}  // namespace kilburn::uarch
