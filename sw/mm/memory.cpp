// SPDX-License-Identifier: Apache-2.0
//
// Frames: allocation, contents, and who maps them.
#include "sw/mm/memory.h"

#include <algorithm>
#include <boost/algorithm/string/join.hpp>
#include <cstring>

#include "model/arch/layout.h"
#include "sw/hw/ram.h"

namespace kilburn::os {

namespace {

// A page of one byte, to be written as it is: to fill a buffer first takes as long again.
template <u8 kByte>
std::span<const std::byte> page_of(u64 size) {
  static const std::vector<std::byte> bytes(size_t{1} << 13, std::byte{kByte});
  return std::span(bytes).first(size);
}

constexpr auto kPoison = static_cast<u8>(Memory::kPoisonByte);

std::byte* bytes_of(PhysMem& memory) {
  auto* const ram = dynamic_cast<RamMem*>(&memory);
  return ram != nullptr ? ram->data() : nullptr;
}

const MemoryConfig& checked(const PhysMem& memory, const MemoryConfig& config) {
  std::vector<std::string> problems = config.problems();
  if (((u64{config.frames} + config.device_frames) << arch::info(config.format).page_shift) > memory.size()) {
    problems.push_back(std::to_string(config.frames) + " frames do not fit in a memory of " +
                       std::to_string(memory.size()) + " bytes");
  }
  if (!problems.empty()) throw UserError(boost::algorithm::join(problems, "\n"));
  return config;
}

u32 controls(const PteFormat& format, const MemoryConfig& config) {
  const bool software = config.refill == RefillMode::software;
  return format.controls() | (software ? static_cast<u32>(arch::layout::Controls::REFILL.mask()) : 0);
}
}  // namespace

std::vector<std::string> MemoryConfig::problems() const {
  const arch::FormatInfo info = arch::info(format);
  const u32 least = Memory::kFirstFrame + info.levels + 1u;  // one page and its tables
  std::vector<std::string> out;
  if (frames < least) {
    out.push_back(std::to_string(frames) + " frames are too few: a process needs at least " + std::to_string(least));
  }
  const auto of_layout = layout().problems();
  out.insert(out.end(), of_layout.begin(), of_layout.end());
  // Its own page may lie in HIGHMEM, its tables do not.
  if (out.empty() && frames - highmem_frames < least - 1) {
    out.push_back("zone HIGHMEM leaves " + std::to_string(frames - highmem_frames) +
                  " frames below it: the tables of a process need at least " + std::to_string(least - 1));
  }
  const ReclaimConfig& marks = reclaim;
  const bool ordered = marks.high == 0 || (marks.min <= marks.low && marks.low <= marks.high);
  if (const u32 top = std::max(marks.min, marks.high); !ordered || (top != 0 && top >= frames)) {
    out.push_back("the marks of reclaim must be min <= low <= high and less than the " + std::to_string(frames) +
                  " frames");
  }
  if (asid_bits < 1 || asid_bits > 12) out.emplace_back("ASID bits must be 1 to 12");
  if (refill == RefillMode::software && info.hardware_ad) {
    out.push_back("the TLB cannot be filled by software in the " + std::string(arch::name(format)) +
                  " format; the Alpha formats can");
  }
  if (swap_slots > PteFormat::of(format).max_slot()) {
    out.push_back(std::to_string(swap_slots) + " swap slots are more than an entry can name");
  }
  return out;
}

Memory::Memory(PhysMem& memory, std::span<MmuPort* const> ports, BlockDevice& device, const MemoryConfig& config)
    : config_(checked(memory, config)),
      format_(PteFormat::of(config.format)),
      memory_(memory),
      bytes_(bytes_of(memory)),
      meter_(config.costs),
      yield_(ports, config.yield, config.seed, config.bug),
      cpus_(ports, {frame_address(kEmptyRootFrame), 0, controls(format_, config)}, log_, yield_,
            {config.asid_bits, config.switch_policy, config.bug}),
      map_(config.frames),
      buddy_(map_, config.layout(), kFirstFrame, config.bug),
      report_([this] { return "last events:\n" + log_.text(); }),
      buffers_(format_.page_size()),
      swap_(buffers_, format_.page_size(), format_.max_slot(), config.bug),
      disk_(contents_),
      disk_port_(disk_, config.file_faults),
      disk_device_(buffers_.attach(disk_port_)),
      pages_(config.frames),
      parts_{memory_, format_, *this, log_, cpus_, yield_, config.huge ? this : nullptr, config.bug},
      kernel_(parts_, map_, buddy_, *this, cpus_, kEmptyRootFrame),
      kswapd_(config.reclaim, buddy_.zones().size()),
      thrash_(config.reclaim.thrash_window, config.reclaim.thrash_alarm),
      page_(format_.page_size()),
      chunk_(format_.page_size()) {
  log_.charge_to(&meter_);
  if (config.reclaim.working_set_every != 0) working_sets_at_ = config.reclaim.working_set_every;
  plan_background();
  if (config.bug == Bug::lost_dirty) snapshots_.resize(config.frames);
  map_[kZeroFrame].state = FrameState::zero;
  zero(kZeroFrame);
  zero(kEmptyRootFrame);
  if (config_.poison) {
    for (Pfn pfn = kFirstFrame; pfn < config_.frames; ++pfn) fill_frame<kPoison>(pfn);
  }
  buffers_.use(memory_, *this);
  u32 area = 0;
  if (config.swap_slots != 0 && swap_.on(device, config.swap_slots, config.swap_priority, area) != 0)
    throw HostError(swap_.last_error());
}

Memory::~Memory() {
  cached_.clear();
  shm_.clear();
}

u64 MemoryStatistics::all_faults() const {
  u64 sum = 0;
  for (const u64 n : faults) sum += n;
  return sum;
}

std::string_view name(FaultKind kind) {
  constexpr std::array<std::string_view, kFaultKinds> kNames{
      "first touch",       "file fill",  "page cache",  "device",  "zero page", "copy on write", "write by sole owner",
      "swap-in",           "swap cache", "young/dirty", "upgrade", "spurious",  "SIGSEGV",       "SIGBUS",
      "waits for the disk"};
  return kNames[static_cast<size_t>(kind)];
}

Pfn Memory::alloc_frame(FrameState state) {
  // Tables stay below HIGHMEM: the kernel reads and writes them all the time (L24 get_pgd_slow).
  const ZoneKind highest = state == FrameState::table ? ZoneKind::normal : ZoneKind::highmem;
  const Pfn pfn = alloc_block({.highest = highest, .node = node_});
  if (pfn == kNoFrame) out_of_memory();
  map_[pfn].state = state;
  return pfn;
}

// A block, after reclaim if need be; kNoFrame if that does not help.
Pfn Memory::alloc_block(const FrameRequest& request) {
  Pfn pfn = take_block(request);
  if (pfn == kNoFrame) pfn = block_after_reclaim(request);
  if (pfn == kNoFrame) return pfn;
  statistics_.frames_peak = std::max<u64>(statistics_.frames_peak, config_.frames - buddy_.free_frames());
  note_free(pfn);
  return pfn;
}

// A host that takes no more writes is not the program's fault.
void Memory::out_of_memory() const {
  if (swap_.write_failed()) {
    throw HostError("out of memory, and pages cannot be swapped out: " + swap_.last_error());
  }
  throw OutOfMemory("out of memory: " + std::to_string(config_.frames) + " frames and " +
                    std::to_string(swap_.slots()) + " swap slots (" + std::to_string(swap_.free_slots()) +
                    " free) do not hold what the program uses");
}

Pfn Memory::spare_frame(FrameState state) {
  if (buddy_.free_frames() <= std::max(config_.frames / 8, config_.reclaim.low)) return kNoFrame;
  const Pfn pfn = buddy_.alloc({.node = node_});
  if (pfn == kNoFrame) return kNoFrame;
  map_[pfn].state = state;
  statistics_.frames_peak = std::max<u64>(statistics_.frames_peak, config_.frames - buddy_.free_frames());
  return pfn;
}

void Memory::return_frame(Pfn pfn) {
  Gather g = gather();
  g.free_after(pfn);
  g.commit();
}

Pfn Memory::alloc_table() {
  const Pfn pfn = alloc_frame(FrameState::table);
  meter_.charge(Cost::table_alloc);
  zero(pfn);
  return pfn;
}

void Memory::release_frame(Pfn pfn) { release_block(pfn, 0); }

void Memory::release_block(Pfn pfn, unsigned order) {
  for (Pfn n = 0; n < Pfn{1} << order; ++n) {
    if (config_.poison) fill_frame<kPoison>(pfn + n);
    log_.add({.kind = MmEvent::Kind::free, .pfn = pfn + n});
  }
  const Buddy::Error error = buddy_.free(pfn, order);
  if (error != Buddy::Error::none) throw Violation("P17", buddy_.report(pfn, order, error));
}

// Filling needs no page to copy from, which would be as many bytes again to bring into a cache of the host.
template <u8 kByte>
void Memory::fill_frame(Pfn pfn) {
  const u64 at = frame_address(pfn), size = format_.page_size();
  if (bytes_ != nullptr && pfn < config_.frames) {
    std::memset(bytes_ + at, kByte, size);
  } else {
    memory_.write(at, page_of<kByte>(size));
  }
}

void Memory::zero(Pfn pfn) {
  meter_.charge(Cost::zero_page);
  fill_frame<0>(pfn);
}

void Memory::copy(Pfn from, Pfn to) {
  meter_.charge(Cost::copy_page);
  memory_.read(frame_address(from), page_);
  memory_.write(frame_address(to), page_);
}

// The untouched contents of a page: file bytes where an area is a file's, else 0.
bool Memory::make_bytes(const AddressSpace& space, u64 page) {
  std::fill(page_.begin(), page_.end(), std::byte{0});
  const u64 end = page + format_.page_size();
  bool complete = true;
  space.vmas.for_each_in(page, end, [&](const Vma& vma) {
    if (vma.backing.file == 0) return;
    // By granules, because an area's pages need not lie in its file as they lie in memory.
    for (u64 va = std::max(page, vma.start); va < std::min(end, vma.end); va += kGranule) {
      const std::span<std::byte> granule(page_.data() + (va - page), kGranule);
      complete = complete && object_bytes(vma.backing.at(va - vma.start), granule) == 0;
    }
  });
  return complete;
}

bool Memory::fill(const AddressSpace& space, u64 page, Pfn pfn) {
  meter_.charge(Cost::copy_page);
  meter_.wait_until(meter_.disk_transfer());
  if (!make_bytes(space, page)) return false;
  memory_.write(frame_address(pfn), page_);
  return true;
}

void Memory::add_mapping(AddressSpace& space, u64 page, Pfn pfn) {
  Frame& frame = map_.at(pfn);
  const bool first = frame.rmap.empty();
  ++frame.count;
  if (config_.bug == Bug::narrow_count) frame.count &= 0xff;
  if (first && frame.state != FrameState::shm) {
    if (frame.state == FrameState::file) {
      cached_.erase(FrameList::s_iterator_to(frame));
      --cached_count_;
    }
    frame.age = kAgeStart;
    space.resident.push_back(frame);
    ++space.resident_count;
    ++ageing_count_;
  }
  frame.rmap.push_back({&space, page});
  ++space.rss;
}

bool Memory::remove_mapping(AddressSpace& space, u64 page, Pfn pfn) {
  Frame& frame = map_.at(pfn);
  const auto at = std::find_if(frame.rmap.begin(), frame.rmap.end(),
                               [&](const Mapping& m) { return m.space == &space && m.va == page; });
  if (at == frame.rmap.end()) {
    throw Violation("P4", "frame " + hex(pfn) + " does not know its mapping at " + hex(page) + "\n" + log_.text());
  }
  AddressSpace* const owner = frame.rmap.front().space;
  *at = frame.rmap.back();
  frame.rmap.pop_back();
  --space.rss;
  if (--frame.count != 0 && config_.bug == Bug::free_mapped && frame.object == nullptr) {
    frame.count = 0;
    frame.rmap.clear();
  }
  if (frame.state == FrameState::shm) return false;
  AddressSpace* const heir = frame.count == 0 ? nullptr : frame.rmap.front().space;
  if (heir != owner) {
    owner->resident.erase(FrameList::s_iterator_to(frame));
    --owner->resident_count;
  }
  if (heir != nullptr) {
    if (heir != owner) {
      heir->resident.push_back(frame);
      ++heir->resident_count;
    }
    return false;
  }
  --ageing_count_;
  if (frame.state == FrameState::file && config_.bug == Bug::cache_unlisted) return false;
  if (frame.state == FrameState::file) {  // the cache keeps it
    cached_.push_back(frame);
    ++cached_count_;
    return false;
  }
  drop_slot(frame);
  frame.dirty = false;
  if (!snapshots_.empty()) snapshots_[pfn] = 0;
  return true;
}

void Memory::drop_slot(Frame& frame) {
  if (frame.slot == 0) return;
  const u32 slot = frame.slot;
  frame.slot = 0;
  swap_[slot].cached = kNoFrame;
  swap_.release(slot);
}

// Nothing but the kernel writes an entry that is not present.
void Memory::install(AddressSpace& space, const PageTable::Leaf& leaf, u64 expect, u64 word) {
  if (!space.table.exchange(leaf, expect, word)) {
    throw Violation("P33", "entry for " + hex(leaf.va) + " changed from " + hex(expect) + " to " +
                               hex(space.table.load(leaf)) + " while it was not present\n" + log_.text());
  }
}

}  // namespace kilburn::os
