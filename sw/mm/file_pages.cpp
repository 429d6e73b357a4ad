// SPDX-License-Identifier: Apache-2.0
//
// Pages of files: read through the page cache, with read-ahead, and written back when they are dirty.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sw/mm/checksum.h"
#include "sw/mm/memory.h"

namespace kilburn::os {

FileObject& Memory::file(u32 number) {
  std::unique_ptr<FileObject>& object = files_[number];
  if (object == nullptr) {
    object = std::make_unique<FileObject>(number, contents_.length(number).value_or(FileDisk::kFileBytes));
    object->disk_place = disk_.place(number);
  }
  return *object;
}

void Memory::insert_page(Pfn pfn, PageObject& object, u64 index) {
  Frame& frame = map_[pfn];
  frame.age = kAgeStart;
  frame.dirty = false;
  pages_.insert(frame, object, index);
  thrash_.returned(PageKey::of_object(object.number, index), frames_in_use());
  if (frame.state == FrameState::shm) {
    shm_.push_back(frame);
    ++shm_count_;
  } else {
    cached_.push_back(frame);
    ++cached_count_;
  }
}

// The page leaves memory: nobody maps it, and its frame is freed next.
void Memory::forget_page(Frame& frame) {
  pages_.erase(frame);
  if (frame.state == FrameState::shm) {
    shm_.erase(FrameList::s_iterator_to(frame));
    --shm_count_;
  } else {
    cached_.erase(FrameList::s_iterator_to(frame));
    --cached_count_;
  }
  drop_slot(frame);
  frame.dirty = false;
}

// The bytes on the disk, compared with what was written there last. 0 or errno.
int Memory::read_file_page(FileObject& file, u64 index, std::span<std::byte> out) {
  const u64 at = file.disk_place + index * out.size();
  std::fill(out.begin(), out.end(), kPoisonByte);  // as in page_from_swap()
  if (const int error = buffers_.read(disk_device_, at / BufferCache::kBlock, out); error != 0) {
    ++statistics_.read_errors;
    return error;
  }
  bool same = true;
  if (const auto written = file.written.find(index); written != file.written.end()) {
    same = page_checksum(static_cast<u32>(index), written->second.generation, out) == written->second.checksum;
  } else {
    for (size_t n = 0; same && n < out.size(); n += 8) {
      const u64 word = contents_.word(file.number, index * out.size() + n);
      same = std::memcmp(out.data() + n, &word, 8) == 0;
    }
  }
  if (!same) {
    ++statistics_.checksum_errors;
    return EIO;
  }
  ++statistics_.paged_in;
  return 0;
}

Fetched Memory::file_page(FileObject& file, u64 index) {
  if (index * format_.page_size() >= file.length) return {.error = ENXIO};
  // Sequential touches make the window larger, any other one makes it small again.
  const bool first = file.last_index == ~u64{0};
  file.window = !first && index == file.last_index + 1 ? std::min(2 * file.window, FileObject::kWindowMost)
                : index == file.last_index             ? file.window
                                                       : FileObject::kWindowLeast;
  file.last_index = index;
  Fetched fetched;
  if (Frame* frame = pages_.find(file, index)) {
    fetched.pfn = frame->map_nr;
    frame->age = static_cast<u8>(std::min<unsigned>(frame->age + kAgeAdvance, kAgeMax));
  } else {
    fetched.pfn = alloc_frame(FrameState::file);
    fetched.error = read_file_page(file, index, page_);
    if (fetched.error != 0) {
      meter_.wait_until(meter_.disk_transfer());
      return_frame(fetched.pfn);
      return fetched;
    }
    memory_.write(frame_address(fetched.pfn), page_);
    insert_page(fetched.pfn, file, index);
    start_object_read(fetched.pfn, false);
  }
  ++map_[fetched.pfn].pins;
  read_ahead(file, index);
  --map_[fetched.pfn].pins;
  return fetched;
}

// Never waits for memory: what is not read now is read when it is touched.
void Memory::read_ahead(FileObject& file, u64 index) {
  if (index + 1 < file.ahead_end && file.ahead_end <= index + FileObject::kWindowMost) return;  // still ahead
  const u64 pages = (file.length + format_.page_size() - 1) / format_.page_size();
  const u64 end = std::min(index + 1 + file.window, pages);
  for (u64 next = index + 1; next < end; ++next) {
    file.ahead_end = next + 1;
    if (pages_.find(file, next) != nullptr) continue;
    const Pfn pfn = spare_frame(FrameState::file);
    if (pfn == kNoFrame) return;
    if (read_file_page(file, next, page_) != 0) {
      return_frame(pfn);
      return;
    }
    memory_.write(frame_address(pfn), page_);
    insert_page(pfn, file, next);
    start_object_read(pfn, true);
    ++statistics_.read_ahead;
  }
}

void Memory::advise_file(FileObject& file, u64 first, u64 end, Advice advice) {
  switch (advice) {
    case Advice::normal:
    case Advice::random:
      file.window = FileObject::kWindowLeast;
      break;
    case Advice::sequential:
      file.window = FileObject::kWindowMost;
      break;
    case Advice::will_need:
      for (; first < end; first += FileObject::kWindowMost) {
        file.window = static_cast<u32>(std::min<u64>(end - first, FileObject::kWindowMost));
        file.ahead_end = 0;
        read_ahead(file, first - 1);  // from `first` on
      }
      break;
    case Advice::dont_need:
    case Advice::free:
      break;  // Memory::drop()
  }
}

int Memory::page_to_file(Frame& frame) {
  FileObject& file = static_cast<FileObject&>(*frame.object);
  memory_.read(frame_address(frame.map_nr), page_);
  const u64 at = file.disk_place + frame.index * page_.size();
  meter_.wait_until(meter_.disk_transfer());
  if (const int error = buffers_.write(disk_device_, at / BufferCache::kBlock, page_); error != 0) {
    ++statistics_.write_errors;
    return error;
  }
  FileObject::Written& written = file.written[frame.index];
  ++written.generation;
  written.checksum = page_checksum(static_cast<u32>(frame.index), written.generation, page_);
  ++statistics_.paged_out;
  return 0;
}

// Makes a page clean while it stays mapped. Every entry loses D and W, and is invalidated, before the
// bytes are read: a store meanwhile must fault, or it would be missing on the disk and in D.
int Memory::write_back(Frame& frame) {
  bool dirty = frame.dirty;
  for (const Mapping& m : frame.rmap) dirty = dirty || format_.view(m.space->table.load(m.va)).dirty;
  if (!dirty) return 0;
  const auto scope = yield_.in(Sequence::writeback);
  Gather g = gather();
  for (const Mapping& m : frame.rmap) {
    const PteView v = format_.view(m.space->table.load(m.va));
    if (!v.dirty && (v.rights & kWrite) == 0) continue;
    m.space->table.update(m.va, [&](u64 old) {
      return format_.with_dirty(format_.with_rights(old, static_cast<Rights>(v.rights & ~kWrite)), false);
    });
    g.unhooked(m.space->tag, m.va);
  }
  g.commit();
  for (const Mapping& m : frame.rmap) yield_(m.va);
  const int error = page_to_file(frame);
  frame.dirty = error != 0;
  if (error == 0) ++statistics_.written_back;
  return error;
}

int Memory::sync_file(FileObject& file, u64 first, u64 end) {
  int result = 0;
  for (; first < end; ++first) {
    Frame* frame = pages_.find(file, first);
    if (frame == nullptr) continue;
    const int error = write_back(*frame);
    if (result == 0) result = error;
  }
  return result;
}

// Of pages only: what lies in a page that the range touches is written with it.
int Memory::sync(AddressSpace& space, u64 start, u64 length) {
  if ((start & (kGranule - 1)) != 0) return EINVAL;
  if (length == 0) return 0;
  if (!valid(start, length)) return ENOMEM;
  const u64 end = start + granule_up(length);
  int result = 0;
  space.vmas.for_each_in(start, end, [&](const Vma& vma) {
    if (vma.backing.object == nullptr) return;
    const u64 lo = std::max(start, vma.start) - vma.start + vma.backing.offset;
    const u64 hi = std::min(end, vma.end) - vma.start + vma.backing.offset;
    const u64 page = format_.page_size();
    const int error = VmOps::of(vma.backing).sync(*this, *vma.backing.object, lo / page, (hi + page - 1) / page);
    if (result == 0) result = error;
  });
  return space.vmas.covered(start, end) ? result : ENOMEM;
}

// What an area shows at one place, without bringing anything into memory. 0 or errno.
int Memory::object_bytes(const Backing& backing, std::span<std::byte> out) {
  const u64 size = format_.page_size();
  const u64 index = backing.offset / size, at = backing.offset % size;
  if (backing.kind == AreaKind::device) {
    memory_.read(frame_address(config_.frames) + backing.offset, out);
    return 0;
  }
  if (index * size >= backing.object->length) return ENXIO;
  if (const Frame* frame = pages_.find(*backing.object, index)) {
    memory_.read(frame_address(frame->map_nr) + at, out);
    return 0;
  }
  std::vector<std::byte> page(size);
  if (backing.kind != AreaKind::shm) {
    const int error = read_file_page(static_cast<FileObject&>(*backing.object), index, page);
    if (error != 0) return error;
  } else {
    const SharedSegment& segment = static_cast<SharedSegment&>(*backing.object);
    if (const auto slot = segment.slots.find(index); slot != segment.slots.end()) {
      if (slot->second == SharedSegment::kLost) return EIO;
      if (swap_.read(slot->second, page) != SwapSpace::ReadError::none) return EIO;
    }
  }
  std::copy_n(page.begin() + static_cast<std::ptrdiff_t>(at), out.size(), out.begin());
  return 0;
}

int Memory::write_back_all() {
  int result = 0;
  for (Pfn pfn = kFirstFrame; pfn < config_.frames; ++pfn) {
    if (map_[pfn].state != FrameState::file) continue;
    const int error = write_back(map_[pfn]);
    if (result == 0) result = error;
  }
  const int error = swap_.sync();
  return result != 0 ? result : error;
}

void Memory::shut_down() {
  static_cast<void>(write_back_all());
  Gather g = gather();
  for (Pfn pfn = kFirstFrame; pfn < config_.frames; ++pfn) {
    Frame& frame = map_[pfn];
    if (frame.state != FrameState::file || frame.count != 0) continue;
    statistics_.lost_writes += frame.dirty;
    forget_page(frame);
    g.free_after(pfn);
  }
  g.commit();
  for (auto& [id, segment] : segments_) segment->removed = true;
  reap_segments();
  static_cast<void>(swap_.sync());
  statistics_.lost_writes += buffers_.drop();
}

}  // namespace kilburn::os
