// SPDX-License-Identifier: Apache-2.0
//
// Swap slots, their checksums, and the image that a stopped machine leaves.
#include "sw/mm/swap.h"

#include <bit>
#include <cerrno>
#include <cstring>

#include "sw/core/random.h"
#include "sw/mm/checksum.h"

namespace kilburn::os {

static_assert(std::endian::native == std::endian::little, "headers and tables are written as they lie in memory");

SwapArea::SwapArea(BufferCache& buffers, u32 device, u32 slots, u64 page_size, u64 identity, Bug bug)
    : buffers_(buffers),
      device_(device),
      page_size_(page_size),
      bug_(bug),
      table_(size_t{slots} + 1),
      changed_((slots + Table::kRecords - 1) / Table::kRecords, true) {
  header_.page_shift = static_cast<u32>(std::countr_zero(page_size));
  header_.slots = slots;
  header_.uuid = {mix(identity), mix(identity + 1)};
  if (write_header(Header::kInUse) != 0) return;
  free_.reserve(slots);
  for (u32 slot = slots; slot > 0; --slot) free_.push_back(slot);
}

void SwapArea::refuse(u32 slot) { throw Violation("P46", "an entry names swap slot " + hex(slot)); }

u32 SwapArea::take() {
  if (free_.empty()) return 0;
  const u32 slot = free_.back();
  free_.pop_back();
  return slot;
}

void SwapArea::release(u32 slot) {
  const Slot& s = (*this)[slot];
  if (s.users == 0 && s.cached == kNoFrame && !s.bad) free_.push_back(slot);
}

void SwapArea::mark_bad(u32 slot) {
  Slot& s = (*this)[slot];
  if (s.bad) return;
  ++bad_;
  s.bad = true;
}

int SwapArea::failed(const std::string& what, int error) {
  const std::string device = buffers_.name(device_);
  last_error_ = what + (device.empty() ? "" : " of " + device) + ": " + std::strerror(error);
  return error;
}

u32 SwapArea::checksum(u32 slot, u32 generation, std::span<const std::byte> page) const {
  return bug_ == Bug::bare_checksum ? block_checksum(page) : page_checksum(slot, generation, page);
}

// The copies take turns, so that one of them is whole wherever the machine stops. Read back, because
// nothing else would tell that the write was lost.
int SwapArea::write_header(u32 state) {
  ++header_.sequence;
  header_.state = state;
  header_.bad_count = 0;
  for (u32 slot = 1; slot < table_.size() && header_.bad_count < Header::kBadAtMost; ++slot) {
    if (table_[slot].bad) header_.bad[header_.bad_count++] = slot;
  }
  std::vector<std::byte> copy(page_size_ / 2), found(page_size_ / 2);
  header_.crc = block_checksum(std::as_bytes(std::span(&header_, 1)).first(offsetof(Header, crc)));
  std::memcpy(copy.data(), &header_, sizeof header_);
  const u64 at = (header_.sequence % 2) * (copy.size() / BufferCache::kBlock);
  int error = EIO;
  for (int attempt = 0; attempt < BufferCache::kAttempts; ++attempt) {
    error = buffers_.write(device_, at, copy);
    if (error != 0) continue;
    error = buffers_.read(device_, at, found);
    if (error == 0 && found == copy) return 0;
    if (error == 0) error = EIO;
  }
  return failed("writing the header of the swap area", error);
}

bool SwapArea::is_image(std::span<const std::byte> start) {
  for (const size_t at : {size_t{0}, size_t{2048}, size_t{4096}}) {  // halves of pages of 4 and 8 KB
    if (at + sizeof(Header) > start.size()) break;
    Header header;
    std::memcpy(&header, start.data() + at, sizeof header);
    if (header.magic == Header::kMagic && header.version == Header::kVersion &&
        header.crc == block_checksum(start.subspan(at, offsetof(Header, crc)))) {
      return true;
    }
  }
  return false;
}

int SwapArea::write(u32 slot, std::span<const std::byte> page) {
  Slot& s = (*this)[slot];
  write_failed_ = true;
  // What the table on the device says about the slots no longer holds from here on.
  if (header_.state == Header::kClean) {
    if (const int error = write_header(Header::kInUse); error != 0) return error;
  }
  ++s.generation;
  changed_[(slot - 1) / Table::kRecords] = true;
  const int error = buffers_.write(device_, block(slot), page);
  if (error != 0) return failed("writing swap slot " + std::to_string(slot), error);
  s.checksum = checksum(slot, s.generation, page);
  write_failed_ = false;
  return 0;
}

SwapArea::ReadError SwapArea::read(u32 slot, std::span<std::byte> page) {
  const Slot& s = (*this)[slot];
  if (const int error = buffers_.read(device_, block(slot), page); error != 0) {
    failed("reading swap slot " + std::to_string(slot), error);
    return ReadError::io;
  }
  const u32 found = checksum(slot, s.generation, page);
  if (found != s.checksum) {
    last_error_ = "swap slot " + std::to_string(slot) + ", generation " + std::to_string(s.generation) + ": checksum " +
                  hex(found) + ", expected " + hex(s.checksum);
    return ReadError::checksum;
  }
  return ReadError::none;
}

int SwapArea::sync() {
  if (header_.state == Header::kClean) return 0;
  const u64 first_block = block(slots() + 1);
  for (size_t n = 0; n < changed_.size(); ++n) {
    if (!changed_[n] || bug_ == Bug::sync_header_only) continue;
    Table t;
    t.first_slot = static_cast<u32>(n * Table::kRecords + 1);
    t.sequence = header_.sequence;
    for (u32 at = 0; at < Table::kRecords && t.first_slot + at < table_.size(); ++at) {
      const Slot& s = table_[t.first_slot + at];
      const bool holds = !s.bad && (s.users != 0 || s.cached != kNoFrame) && s.generation != 0;
      t.records[at] = {s.checksum, s.generation, s.users, holds ? 1u : 0u};
    }
    t.crc = block_checksum(std::as_bytes(std::span(&t, 1)).first(offsetof(Table, crc)));
    const auto bytes = std::as_bytes(std::span(&t, 1));
    if (const int error = buffers_.write_kept(device_, first_block + n, bytes); error != 0) {
      return failed("writing the checksums of the swap area", error);
    }
    changed_[n] = false;
  }
  if (const int error = buffers_.sync(device_); error != 0) {
    changed_.assign(changed_.size(), true);
    return failed("writing the checksums of the swap area", error);
  }
  return write_header(Header::kClean);
}

}  // namespace kilburn::os
