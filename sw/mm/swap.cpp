// SPDX-License-Identifier: Apache-2.0
//
// Swap slots and their checksums.
#include "sw/mm/swap.h"

#include <array>
#include <boost/crc.hpp>
#include <cstring>

namespace kilburn::os {

namespace {
// CRC-32C (Castagnoli), check value e3069283.
using Crc = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;
constexpr int kReadAttempts = 3;
}  // namespace

SwapArea::SwapArea(BlockDevice& device, u32 slots, u64 page_size)
    : device_(device), page_size_(page_size), table_(size_t{slots} + 1) {
  free_.reserve(slots);
  for (u32 slot = slots; slot > 0; --slot) free_.push_back(slot);
}

SwapArea::Slot& SwapArea::operator[](u32 slot) {
  if (slot == 0 || slot >= table_.size()) throw Violation("P46", "an entry names swap slot " + hex(slot));
  return table_[slot];
}

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

u32 SwapArea::checksum(u32 slot, u32 generation, std::span<const std::byte> page) const {
  Crc crc;
  crc.process_bytes(page.data(), page.size());
  const std::array<u32, 2> place{slot, generation};
  crc.process_bytes(place.data(), sizeof place);
  return crc.checksum();
}

int SwapArea::write(u32 slot, std::span<const std::byte> page) {
  Slot& s = (*this)[slot];
  ++s.generation;
  const int error = device_.write(offset(slot), page);
  if (error != 0) {
    last_error_ = "writing swap slot " + std::to_string(slot) + ": " + std::strerror(error);
    return error;
  }
  s.checksum = checksum(slot, s.generation, page);
  return 0;
}

SwapArea::ReadError SwapArea::read(u32 slot, std::span<std::byte> page) {
  const Slot& s = (*this)[slot];
  int error = 0;
  for (int attempt = 0; attempt < kReadAttempts; ++attempt) {
    error = device_.read(offset(slot), page);
    if (error == 0) break;
  }
  if (error != 0) {
    last_error_ = "reading swap slot " + std::to_string(slot) + ": " + std::strerror(error);
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

}  // namespace kilburn::os
