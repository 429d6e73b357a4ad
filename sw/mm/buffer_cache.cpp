// SPDX-License-Identifier: Apache-2.0
//
// Kept blocks, and transfers past them.
#include "sw/mm/buffer_cache.h"

#include <algorithm>
#include <cstring>

namespace kilburn::os {

u32 BufferCache::attach(BlockDevice& device) {
  devices_.push_back(&device);
  return static_cast<u32>(devices_.size() - 1);
}

void BufferCache::detach(u32 device) {
  std::vector<u64> gone;
  for (const auto& [key, buffer] : buffers_) {
    if (key >> 56 == device) gone.push_back(key);
  }
  for (const u64 key : gone) forget(key);
  devices_[device] = nullptr;
}

BufferCache::Buffer* BufferCache::find(u32 device, u64 block) {
  const auto at = buffers_.find(key(device, block));
  if (at == buffers_.end()) return nullptr;
  at->second.page->referenced = true;
  ++statistics_.hits;
  return &at->second;
}

BufferCache::Buffer* BufferCache::keep(u32 device, u64 block) {
  if (frames_ == nullptr) return nullptr;
  for (int attempt = 0; attempt < 2; ++attempt) {
    for (auto page = pages_.begin(); page != pages_.end(); ++page) {
      const auto room = std::find(page->keys.begin(), page->keys.end(), kEmpty);
      if (room == page->keys.end()) continue;
      *room = key(device, block);
      return &buffers_.insert_or_assign(*room, Buffer{page, static_cast<u32>(room - page->keys.begin())}).first->second;
    }
    const Pfn pfn = frames_->lend_frame();
    if (pfn == kNoFrame) return nullptr;
    pages_.push_front({pfn, true, std::vector<u64>(page_size_ / kBlock, kEmpty)});
  }
  return nullptr;
}

void BufferCache::forget(u64 key) {
  const auto at = buffers_.find(key);
  const auto page = at->second.page;
  page->keys[at->second.at] = kEmpty;
  buffers_.erase(at);
  if (std::any_of(page->keys.begin(), page->keys.end(), [](u64 k) { return k != kEmpty; })) return;
  const Pfn pfn = page->pfn;
  pages_.erase(page);
  frames_->return_frame(pfn);
}

int BufferCache::read_device(u32 device, u64 block, std::span<std::byte> out) {
  int error = 0;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    error = devices_[device]->read(block * kBlock, out);
    if (error == 0) break;
  }
  statistics_.reads += out.size() / kBlock;
  return error;
}

int BufferCache::read(u32 device, u64 block, std::span<std::byte> out) {
  if (const int error = read_device(device, block, out); error != 0) return error;
  if (buffers_.empty()) return 0;
  for (size_t n = 0; n < out.size() / kBlock; ++n) {
    // A kept block is as new as the device's or newer.
    if (const Buffer* b = find(device, block + n)) memory_->read(address(*b), out.subspan(n * kBlock, kBlock));
  }
  return 0;
}

int BufferCache::write(u32 device, u64 block, std::span<const std::byte> in) {
  statistics_.writes += in.size() / kBlock;
  const int error = devices_[device]->write(block * kBlock, in);
  if (buffers_.empty()) return error;
  for (size_t n = 0; n < in.size() / kBlock; ++n) {
    Buffer* b = find(device, block + n);
    if (b == nullptr) continue;
    memory_->write(address(*b), in.subspan(n * kBlock, kBlock));
    b->dirty = error != 0;
  }
  return error;
}

int BufferCache::read_kept(u32 device, u64 block, std::span<std::byte> out) {
  if (const Buffer* b = find(device, block)) {
    memory_->read(address(*b), out);
    return 0;
  }
  if (const int error = read_device(device, block, out); error != 0) return error;
  if (const Buffer* b = keep(device, block)) memory_->write(address(*b), out);
  return 0;
}

int BufferCache::write_kept(u32 device, u64 block, std::span<const std::byte> in) {
  Buffer* b = find(device, block);
  if (b == nullptr) b = keep(device, block);
  if (b == nullptr) {
    ++statistics_.writes;
    return devices_[device]->write(block * kBlock, in);
  }
  memory_->write(address(*b), in);
  b->dirty = true;
  return 0;
}

int BufferCache::write_out(u64 key, Buffer& b) {
  memory_->read(address(b), block_);
  int error = 0;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    ++statistics_.writes;
    error = devices_[key >> 56]->write((key & (~u64{0} >> 8)) * kBlock, block_);
    if (error == 0) break;
  }
  if (error == 0) b.dirty = false;
  return error;
}

int BufferCache::sync(u32 device) {
  std::vector<u64> dirty;
  for (const auto& [key, buffer] : buffers_) {
    if (key >> 56 == device && buffer.dirty) dirty.push_back(key);
  }
  std::sort(dirty.begin(), dirty.end());  // one sweep over the device, the same in every run
  int first = 0;
  for (const u64 key : dirty) {
    const int error = write_out(key, buffers_.at(key));
    if (first == 0) first = error;
  }
  const int error = devices_[device]->sync();
  return first != 0 ? first : error;
}

bool BufferCache::clean(Page& page) {
  for (const u64 key : page.keys) {
    if (key == kEmpty) continue;
    Buffer& b = buffers_.at(key);
    if (b.dirty && write_out(key, b) != 0) return false;
  }
  return true;
}

u32 BufferCache::shrink(u32 target) {
  u32 freed = 0;
  for (size_t looks = 2 * pages_.size(); looks > 0 && freed < target && !pages_.empty(); --looks) {
    const auto page = std::prev(pages_.end());
    pages_.splice(pages_.begin(), pages_, page);
    if (page->referenced) {
      page->referenced = false;
      continue;
    }
    if (!clean(*page)) continue;
    const std::vector<u64> keys = page->keys;
    bool gone = false;
    for (const u64 key : keys) {
      if (key == kEmpty) continue;
      forget(key);
      gone = true;
    }
    freed += gone;
    statistics_.frames_freed += gone;
  }
  return freed;
}

u32 BufferCache::drop() {
  u32 lost = 0;
  for (const auto& [key, buffer] : buffers_) lost += buffer.dirty;
  while (!buffers_.empty()) forget(buffers_.begin()->first);
  return lost;
}

void BufferCache::for_each_frame(const std::function<void(Pfn)>& fn) const {
  for (const Page& page : pages_) fn(page.pfn);
}

}  // namespace kilburn::os
