// SPDX-License-Identifier: Apache-2.0
//
// Reclaim by the background task and by allocations, either side of the marks; the alarm of thrashing.
#include "sw/mm/kswapd.h"

#include <algorithm>
#include <utility>

#include "sw/mm/memory.h"

namespace kilburn::os {

// The frames up to the min mark are for those that give memory back: who reclaims, or is to be killed.
Pfn Memory::take_block(const FrameRequest& request) {
  FrameRequest with_reserve = request;
  with_reserve.reserve = request.reserve || reclaiming_ || reserve_open_;
  const u32 free = buddy_.free_frames();
  const bool last = free <= config_.reclaim.min;
  if (last && !with_reserve.reserve) return kNoFrame;
  Pfn pfn = buddy_.alloc(with_reserve);
  if (pfn == kNoFrame && request.order > 0 && compact_for(request)) pfn = buddy_.alloc(with_reserve);
  if (pfn != kNoFrame && last) ++statistics_.reserve_used;
  return pfn;
}

// Direct reclaim of frames that serve the request, then the pages that were read and not taken, then somebody's end,
// then the reserve: who has it gives memory back by swapping, or the run ends here anyway.
Pfn Memory::block_after_reclaim(const FrameRequest& request) {
  if (reclaiming_) return kNoFrame;
  const ZoneKind outer = std::exchange(wanted_, request.highest);
  struct Wanted {
    ZoneKind& kind;
    ZoneKind outer;
    ~Wanted() { kind = outer; }
  } wanted{wanted_, outer};
  const auto direct = [&](u32 target) {
    const u32 free = buddy_.free_frames(), min = config_.reclaim.min;
    ++statistics_.direct_reclaims;
    // Frames may be free in plenty where they do not serve: in another zone, or none beside the other.
    log_.add({.kind = MmEvent::Kind::direct, .span = free > min, .seen = free});
    const u32 freed = reclaim(std::max(target, u32{1} << request.order) + min - std::min(min, free));
    statistics_.direct_freed += freed;
    return freed;
  };
  end_transfers();
  Pfn pfn = take_block(request);
  // A batch, so that large memories do not scan for every frame.
  const u32 batch = std::clamp<u32>(config_.frames / 64, 1, 32);
  for (unsigned round = 0; pfn == kNoFrame && round < kReclaimRounds && direct(batch) != 0; ++round) {
    pfn = take_block(request);
  }
  if (pfn == kNoFrame && drop_transfers()) {
    pfn = take_block(request);
    if (pfn == kNoFrame && direct(1) != 0) pfn = take_block(request);
  }
  while (pfn == kNoFrame && request.order == 0 && config_.reclaim.oom_kill && oom_killer_ != nullptr && !no_kill_ &&
         oom_killer_->kill_for_memory()) {
    end_transfers();
    pfn = take_block(request);
    if (pfn == kNoFrame && direct(1) != 0) pfn = take_block(request);
  }
  if (pfn != kNoFrame) return pfn;
  FrameRequest last = request;
  last.reserve = true;
  pfn = buddy_.alloc(last);
  if (pfn != kNoFrame) ++statistics_.reserve_used;
  return pfn;
}

void Memory::note_free() {
  const u32 free = buddy_.free_frames();
  if (!kswapd_.taken(free, now_)) return;
  ++statistics_.kswapd_wakes;
  log_.add({.kind = MmEvent::Kind::wakes, .seen = free});
  plan_background();
}

void Memory::plan_background() {
  const ReclaimConfig& c = config_.reclaim;
  background_at_ = kswapd_.awake() ? 0 : kswapd_.timer();
  if (c.thrash_alarm != 0) background_at_ = std::min(background_at_, thrash_.window_end());
  background_at_ = std::min(background_at_, working_sets_at_);
}

void Memory::background(u64 now) {
  now_ = now;
  if (now >= working_sets_at_) {
    working_sets_at_ = now + config_.reclaim.working_set_every;
    for (AddressSpace* space : spaces_) sample_working_set(*space);
  }
  const u32 free = buddy_.free_frames();
  if (kswapd_.tick(free, now)) {
    ++statistics_.kswapd_timer_wakes;
    log_.add({.kind = MmEvent::Kind::wakes, .seen = free});
  }
  if (kswapd_.awake()) kswapd_step(now);
  if (config_.reclaim.thrash_alarm != 0 && now >= thrash_.window_end()) close_thrash_window(now);
  plan_background();
}

// A kernel thread has no address space: it works on physical addresses in whatever context its CPU is in.
void Memory::kswapd_step(u64 now) {
  const u32 high = config_.bug == Bug::kswapd_idle ? config_.reclaim.low : config_.reclaim.high;
  ++statistics_.kswapd_steps;
  log_.add({.kind = MmEvent::Kind::runs, .seen = buddy_.free_frames()});
  u32 freed = 0;
  if (buddy_.free_frames() < high) freed = reclaim(std::min(Kswapd::kBatch, high - buddy_.free_frames()));
  statistics_.kswapd_freed += freed;
  const bool enough = buddy_.free_frames() >= high;
  if (!enough && freed != 0) return;
  log_.add({.kind = MmEvent::Kind::sleeps, .seen = buddy_.free_frames(), .new_word = !enough});
  if (enough) {
    kswapd_.sleep();
  } else {
    ++statistics_.kswapd_failures;
    kswapd_.give_up(now);
  }
}

// An alarm that does not end means that the processes do not fit: one of them goes, if that is wanted.
void Memory::close_thrash_window(u64 now) {
  if (!thrash_.close_window(now)) return;
  if (thrash_.began()) log_.add({.kind = MmEvent::Kind::thrash, .seen = thrash_.rate()});
  const u32 patience = config_.reclaim.thrash_kill;
  if (patience == 0 || thrash_.in_a_row() < patience || oom_killer_ == nullptr) return;
  thrash_.calm();
  oom_killer_->kill_for_memory();
}

}  // namespace kilburn::os
