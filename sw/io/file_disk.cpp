// SPDX-License-Identifier: Apache-2.0
//
// Blocks of the file disk, written or as they were at first.
#include "sw/io/file_disk.h"

#include <cerrno>
#include <cstring>

#include "sw/core/errors.h"

namespace kilburn::os {

u64 FileDisk::place(u32 number) {
  const auto [at, added] = places_.try_emplace(number, static_cast<u32>(numbers_.size()));
  if (added) {
    if (numbers_.size() == kFiles) throw UserError("the program maps more than " + std::to_string(kFiles) + " files");
    numbers_.push_back(number);
  }
  return at->second * kFileBytes;
}

BlockDevice::Moved FileDisk::read_some(u64 offset, std::span<std::byte> out) {
  const u64 file = offset / kFileBytes;
  if (file >= numbers_.size() || offset % kBlock != 0 || out.size() % kBlock != 0) return {0, EIO};
  for (size_t done = 0; done < out.size(); done += kBlock) {
    std::byte* to = out.data() + done;
    if (const auto block = written_.find((offset + done) / kBlock); block != written_.end()) {
      std::memcpy(to, block->second.data(), kBlock);
      continue;
    }
    for (u64 at = 0; at < kBlock; at += 8) {
      const u64 word = contents_.word(numbers_[file], (offset + done) % kFileBytes + at);
      std::memcpy(to + at, &word, 8);
    }
  }
  return {out.size(), 0};
}

BlockDevice::Moved FileDisk::write_some(u64 offset, std::span<const std::byte> in) {
  if (offset % kBlock != 0 || in.size() % kBlock != 0) return {0, EIO};
  for (size_t done = 0; done < in.size(); done += kBlock) {
    std::memcpy(written_[(offset + done) / kBlock].data(), in.data() + done, kBlock);
  }
  return {in.size(), 0};
}

}  // namespace kilburn::os
