// SPDX-License-Identifier: Apache-2.0
//
// The twin's top level: the units of one format and the order of their parts of an edge.
#include "model/uarch/mmu.h"

#include <bit>
#include <stdexcept>

#include "model/uarch/describe.h"
#include "model/uarch/event_counters.h"
#include "model/uarch/invalidate.h"
#include "model/uarch/ptw.h"
#include "model/uarch/side.h"

namespace kilburn::uarch {
namespace {

template <arch::Format F>
class MmuOf final : public Mmu {
 public:
  explicit MmuOf(const Config& config)
      : i_(config.i_entries, settings_, pins_.i, counters_),
        d_(config.d_entries, settings_, pins_.d, counters_),
        ptw_(settings_, pins_, counters_, i_, d_),
        invalidate_(settings_, pins_, counters_) {
    reset(config.settings);
  }

  // Everything in a cycle follows from registers before the edge. The units are updated one after the
  // other, in an order in which none reads what an earlier one changed: the sides only read the TLBs,
  // which the walker and the invalidation write after them; what the walker reads of the sides and what
  // both read of each other's state is taken first.
  void clock(const PinsIn& in) override {
    const bool resting = ptw_.resting() && invalidate_.resting(in);
    const bool inv_busy = invalidate_.busy();
    const bool walker_idle = ptw_.idle();
    typename Ptw<F>::Before before{};
    unsigned fill_victim = 0;
    if (!resting) {
      before = ptw_.before_edge();
      fill_victim = invalidate_.victim_before_edge(i_, d_);
    }
    pins_.evt_count = counters_.selected(in.evt_sel);

    i_.clock(in.i, in);
    d_.clock(in.d, in);
    if (!resting) {
      ptw_.clock(in, before, inv_busy);
      invalidate_.clock(in, walker_idle, fill_victim, i_, d_);
      i_.settle();
      d_.settle();
    }
  }

  TlbEntry entry(SideName side, unsigned index) const override {
    return side == SideName::instruction ? i_.tlb().entry(index) : d_.tlb().entry(index);
  }

  std::string describe() const override {
    return describe_side("I", i_) + describe_side("D", d_) + describe_walker(ptw_) + describe_invalidation(invalidate_);
  }

 protected:
  void reset_registers() override {
    pins_ = PinsOut{};
    counters_.reset();
    i_.reset();
    d_.reset();
    ptw_.reset();
    invalidate_.reset();
  }

 private:
  EventCounters counters_;
  Side<F, SideName::instruction> i_;
  Side<F, SideName::data> d_;
  Ptw<F> ptw_;
  Invalidate<F> invalidate_;
};

void require_entries(unsigned entries, const char* which) {
  if (!std::has_single_bit(entries) || entries > Plru::kMaxEntries) {
    throw std::invalid_argument(std::string(which) + " must be 1, 2, 4 ... 64, not " + std::to_string(entries));
  }
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
  require_entries(config.i_entries, "i_entries");
  require_entries(config.d_entries, "d_entries");
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
