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
  if (config_.bug == Bug::dma_ignored) with_reserve.highest = ZoneKind::highmem;
  Pfn pfn = buddy_.alloc(with_reserve);
  if (pfn == kNoFrame && request.order > 0 && compact_for(request)) pfn = buddy_.alloc(with_reserve);
  if (pfn == kNoFrame || (config_.reclaim.min == 0 && config_.watermarks == WatermarkPreset::off)) return pfn;
  const Zone& zone = *buddy_.zone_of(pfn);
  if (zone.buddy.free_frames() < zone.marks.min) ++statistics_.reserve_used;
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
    ++statistics_.direct_reclaims;
    log_.add({.kind = MmEvent::Kind::direct,
              .asid = static_cast<u16>(request.highest),
              .span = request.order,
              .seen = buddy_.free_frames()});
    const u32 freed = reclaim(std::max(target, u32{1} << request.order) + buddy_.short_of_min(request.highest));
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

void Memory::note_free(Pfn taken) {
  if (config_.reclaim.high == 0 && config_.watermarks == WatermarkPreset::off) return;
  const size_t number = buddy_.zone_number(taken);
  const Zone& zone = buddy_.zones()[number];
  if (!kswapd_.taken(number, zone, now_)) return;
  ++statistics_.kswapd_wakes;
  log_.add({.kind = MmEvent::Kind::wakes, .pfn = zone.buddy.first(), .seen = zone.buddy.free_frames()});
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
  if (kswapd_.timer_due(now)) {
    kswapd_.restart_timer(now);
    for (size_t n = 0; n < buddy_.zones().size(); ++n) {
      const Zone& zone = buddy_.zones()[n];
      if (!kswapd_.tick(n, zone)) continue;
      ++statistics_.kswapd_timer_wakes;
      log_.add({.kind = MmEvent::Kind::wakes, .pfn = zone.buddy.first(), .seen = zone.buddy.free_frames()});
    }
  }
  if (kswapd_.awake()) kswapd_step(now);
  if (config_.reclaim.thrash_alarm != 0 && now >= thrash_.window_end()) close_thrash_window(now);
  plan_background();
}

// A kernel thread has no address space: it works on physical addresses in whatever context its CPU is in. Each zone
// that is behind gets frames of its own back: another zone's serve no request that this one is short for.
void Memory::kswapd_step(u64 now) {
  ++statistics_.kswapd_steps;
  log_.add({.kind = MmEvent::Kind::runs, .seen = buddy_.free_frames()});
  for (size_t n = 0; n < buddy_.zones().size(); ++n) {
    if (!kswapd_.works_on(n)) continue;
    const Zone& zone = buddy_.zones()[n];
    const u32 high = config_.bug == Bug::kswapd_idle ? zone.marks.low : zone.marks.high,
              free = zone.buddy.free_frames();
    const u32 freed = free < high ? balance_zone(zone, std::min(Kswapd::kBatch, high - free)) : 0;
    statistics_.kswapd_freed += freed;
    bool enough = zone.buddy.free_frames() >= high;
    if (config_.bug == Bug::kswapd_sums) enough = buddy_.free_frames() >= config_.reclaim.high;
    if (!enough && freed != 0 && config_.bug != Bug::kswapd_hasty) continue;
    log_.add({.kind = MmEvent::Kind::sleeps,
              .pfn = zone.buddy.first(),
              .seen = zone.buddy.free_frames(),
              .new_word = !enough});
    if (enough) {
      kswapd_.sleep(n);
    } else {
      ++statistics_.kswapd_failures;
      kswapd_.give_up(n, now);
    }
  }
}

u32 Memory::balance_zone(const Zone& zone, u32 frames) {
  struct Wanted {
    const Zone*& zone;
    ~Wanted() { zone = nullptr; }
  } wanted{wanted_zone_ = &zone};
  return reclaim(frames);
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
