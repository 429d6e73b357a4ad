// SPDX-License-Identifier: Apache-2.0
//
// The disk that holds the files of programs: every file at its own place, with its contents of the
// beginning until it is written. Only blocks that were written take memory of the host.
#pragma once

#include <array>
#include <unordered_map>

#include "sw/io/block_device.h"
#include "sw/mm/file_contents.h"

namespace kilburn::os {

class FileDisk final : public BlockDevice {
 public:
  static constexpr u32 kBlock = 512;
  static constexpr u64 kFileBytes = u64{1} << 44;  // at most
  static constexpr u32 kFiles = u32{1} << 20;      // at most

  explicit FileDisk(const FileContents& contents) : contents_(contents) {}

  // Where file `number` starts on the disk.
  u64 place(u32 number);

  Moved read_some(u64 offset, std::span<std::byte> out) override;  // whole blocks
  Moved write_some(u64 offset, std::span<const std::byte> in) override;
  u64 blocks_written() const { return written_.size(); }

 private:
  using Block = std::array<std::byte, kBlock>;
  const FileContents& contents_;
  std::vector<u32> numbers_;                // of the file at place n * kFileBytes
  std::unordered_map<u32, u32> places_;     // n by number
  std::unordered_map<u64, Block> written_;  // by block of the disk
};

}  // namespace kilburn::os
