// SPDX-License-Identifier: Apache-2.0
//
// The checksum of a page on a device: over its bytes, its place, and how often it was written there, so
// that lost and misdirected writes are found like flipped bits (P55).
#pragma once

#include <array>
#include <boost/crc.hpp>
#include <span>

#include "sw/core/types.h"

namespace kilburn::os {

// CRC-32C (Castagnoli), check value e3069283.
using Crc32c = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;

inline u32 page_checksum(u32 place, u32 generation, std::span<const std::byte> page) {
  Crc32c crc;
  crc.process_bytes(page.data(), page.size());
  const std::array<u32, 2> words{place, generation};
  crc.process_bytes(words.data(), sizeof words);
  return crc.checksum();
}

inline u32 block_checksum(std::span<const std::byte> bytes) {
  Crc32c crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

}  // namespace kilburn::os
