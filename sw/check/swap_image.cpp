// SPDX-License-Identifier: Apache-2.0
//
// The audit of a swap image, byte by byte after the layout's description.
#include "sw/check/swap_image.h"

#include <optional>

#include "sw/core/errors.h"

namespace kilburn::os {

namespace {

using Bytes = std::span<const std::byte>;

u32 word(Bytes b, size_t at) {
  u32 value = 0;
  for (size_t n = 0; n < 4; ++n) value |= std::to_integer<u32>(b[at + n]) << (8 * n);
  return value;
}

// CRC-32C one bit at a time, reflected polynomial 82f63b78.
u32 crc32c(Bytes bytes, u32 crc) {
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<u32>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? 0x82f63b78u : 0u);
  }
  return crc;
}
u32 crc32c(Bytes bytes) { return ~crc32c(bytes, ~u32{0}); }
u32 crc32c(Bytes page, u32 slot, u32 generation) {
  std::array<std::byte, 8> place{};
  for (unsigned n = 0; n < 4; ++n) {
    place[n] = static_cast<std::byte>(slot >> (8 * n));
    place[n + 4] = static_cast<std::byte>(generation >> (8 * n));
  }
  return ~crc32c(place, crc32c(page, ~u32{0}));
}

constexpr size_t kMagicLow = 0, kMagicHigh = 4, kVersion = 8, kPageShift = 12, kSlots = 16, kSequence = 20, kState = 24;
constexpr size_t kBadCount = 28, kBad = 48, kBadAtMost = 480, kHeaderCrc = kBad + 4 * kBadAtMost + 4;
constexpr size_t kBlock = 512, kRecords = 31, kRecord = 16, kFirstSlot = kRecords * kRecord;

bool valid(Bytes copy) {
  return word(copy, kMagicLow) == 0x424c494b && word(copy, kMagicHigh) == 0x50415753 && word(copy, kVersion) == 1 &&
         word(copy, kHeaderCrc) == crc32c(copy.first(kHeaderCrc));
}

}  // namespace

SwapImage audit_swap_image(Bytes bytes) {
  // The two copies lie in the halves of a page whose size only they know.
  std::optional<Bytes> header;
  const auto look = [&](size_t at, u32 shift) {
    if (at + 2048 > bytes.size()) return;
    const Bytes copy = bytes.subspan(at, 2048);
    if (!valid(copy) || word(copy, kPageShift) != shift) return;
    if (!header || word(copy, kSequence) > word(*header, kSequence)) header = copy;
  };
  for (const u32 shift : {12u, 13u}) {
    look(0, shift);
    look(size_t{1} << (shift - 1), shift);
  }
  if (!header) throw Violation("P56", "neither copy of the swap header is valid");
  SwapImage image;
  image.slots = word(*header, kSlots);
  image.sequence = word(*header, kSequence);
  image.clean = word(*header, kState) == 1;
  const u32 bad = word(*header, kBadCount);
  if (bad > kBadAtMost || bad > image.slots) throw Violation("P56", "the swap header lists too many bad slots");
  for (u32 n = 0; n < bad; ++n) {
    const u32 slot = word(*header, kBad + 4 * n);
    if (slot == 0 || slot > image.slots) throw Violation("P56", "the swap header lists slot " + hex(slot) + " as bad");
    image.bad.push_back(slot);
  }
  if (!image.clean) return image;  // pages were written since the table was
  const size_t page = size_t{1} << word(*header, kPageShift);
  const size_t table = (size_t{image.slots} + 1) * page;
  for (u32 first = 1, block = 0; first <= image.slots; first += kRecords, ++block) {
    if (table + (block + 1) * kBlock > bytes.size()) throw Violation("P56", "the clean swap image is cut off");
    const Bytes b = bytes.subspan(table + block * kBlock, kBlock);
    if (word(b, kBlock - 4) != crc32c(b.first(kBlock - 4)) || word(b, kFirstSlot) != first) {
      throw Violation("P56", "block " + std::to_string(block) + " of the clean swap image's table is damaged");
    }
    for (u32 n = 0; n < kRecords && first + n <= image.slots; ++n) {
      const u32 slot = first + n;
      if (word(b, n * kRecord + 12) == 0) continue;
      const Bytes data = bytes.subspan(slot * page, page);
      if (word(b, n * kRecord) != crc32c(data, slot, word(b, n * kRecord + 4))) {
        throw Violation("P56", "slot " + hex(slot) + " of the clean swap image does not match its checksum");
      }
      ++image.verified;
    }
  }
  return image;
}

}  // namespace kilburn::os
