// SPDX-License-Identifier: Apache-2.0
//
// Reading of compact traces: no byte is believed before its block's checksum is right, and the decoder believes
// nothing of what it decodes.
#include <algorithm>
#include <boost/endian/conversion.hpp>

#include "sw/trace/compact.h"

namespace kilburn::os {

using boost::endian::load_little_u16;
using boost::endian::load_little_u32;
using boost::endian::load_little_u64;

std::unique_ptr<CompactReader> CompactReader::open(const std::string& path) {
  return std::make_unique<CompactReader>(open_bytes(path), path);
}

CompactReader::CompactReader(std::unique_ptr<ByteSource> bytes, std::string name)
    : bytes_(std::move(bytes)), name_(std::move(name)) {
  u8 header[compact::kHeaderBytes];
  take_all(header, sizeof header, "the header");
  const auto refuse = [&](u64 at, const char* why) { throw TraceError::at_byte(name_, at, why); };
  if (!std::equal(compact::kMagic.begin(), compact::kMagic.end(), header)) refuse(0, "not a compact trace");
  if (compact::crc32c(header, 12) != load_little_u32(header + 12)) refuse(12, "wrong checksum of the header");
  const u16 version = load_little_u16(header + 8);
  if (version != compact::kVersion) {
    throw TraceError::at_byte(name_, 8, "version " + std::to_string(version) + " of the format is not known, 1 is");
  }
  if (load_little_u16(header + 10) != 0) refuse(10, "flags of the header are not 0");
}

void CompactReader::fail(std::string reason) const { throw TraceError::at_byte(name_, offset_, std::move(reason)); }

void CompactReader::fail_in_block(const char* reason) const {
  throw TraceError::at_byte(name_, block_offset_ + static_cast<u64>(decoder_.at() - payload_.data()), reason);
}

size_t CompactReader::take(void* out, size_t n) {
  try {
    const size_t got = bytes_->read_all(static_cast<char*>(out), n);
    offset_ += got;
    return got;
  } catch (const ReadFailure& failure) {
    fail(failure.what());
  }
}

void CompactReader::take_all(void* out, size_t n, const char* what) {
  if (take(out, n) != n) fail(std::string("the file ends inside ") + what);
}

void CompactReader::check_block_end() const {
  if (!decoder_.at_end()) fail_in_block("bytes behind the last event of the block");
}

bool CompactReader::next_block() {
  if (at_end_) return false;
  const u64 start = offset_;
  u8 header[compact::kBlockHeaderBytes];
  if (take(header, sizeof header) != sizeof header) fail("the file ends before the index");
  const u32 magic = load_little_u32(header), size = load_little_u32(header + 4), count = load_little_u32(header + 16);
  const u64 first = load_little_u64(header + 8);
  const u32 crc = load_little_u32(header + 20);
  const auto refuse = [&](const char* why) { throw TraceError::at_byte(name_, start, why); };
  if (magic == compact::kIndexMagic) {
    read_index(first, count, size, crc, header);
    at_end_ = true;
    return false;
  }
  if (magic != compact::kEventsMagic) refuse("neither a block nor the index starts here");
  // Every event takes at least one byte.
  if (size == 0 || size > compact::kMaxPayload || count == 0 || count > size)
    refuse("sizes of the block are impossible");
  payload_.resize(size + compact::kLongestEvent);
  block_offset_ = offset_;
  take_all(payload_.data(), size, "a block");
  if (compact::crc32c(payload_.data(), size, compact::crc32c(header, 20)) != crc) refuse("wrong checksum of the block");
  if (first != number_) refuse("the block is not the next one");
  std::fill(payload_.begin() + size, payload_.end(), u8{0});
  decoder_.start(payload_.data(), payload_.data() + size);
  left_ = count;
  if (whole_) blocks_.emplace_back(start, first);
  return true;
}

void CompactReader::read_index(u64 events, u32 blocks, u32 size, u32 crc, const u8* header) {
  const u64 index = offset_ - compact::kBlockHeaderBytes;
  const auto refuse = [&](const char* why) { throw TraceError::at_byte(name_, index, why); };
  if (events != number_) refuse("the index counts other events than there are");
  if (size != u64{blocks} * 16) refuse("sizes of the index are impossible");
  if (whole_ && blocks != blocks_.size()) refuse("the index counts other blocks than there are");
  u32 sum = compact::crc32c(header, 20);
  bool right = true;
  for (u32 n = 0; n < blocks; ++n) {
    u8 entry[16];
    take_all(entry, sizeof entry, "the index");
    sum = compact::crc32c(entry, sizeof entry, sum);
    if (whole_) right = right && std::pair(load_little_u64(entry), load_little_u64(entry + 8)) == blocks_[n];
  }
  if (sum != crc) refuse("wrong checksum of the index");
  if (!right) refuse("the index does not name the blocks as they are");
  u8 trailer[compact::kTrailerBytes];
  take_all(trailer, sizeof trailer, "the trailer");
  if (load_little_u32(trailer) != compact::kEndMagic || load_little_u64(trailer + 4) != index ||
      compact::crc32c(trailer, 12) != load_little_u32(trailer + 12)) {
    refuse("the trailer behind the index is wrong");
  }
  char more;
  if (take(&more, 1) != 0) fail("bytes behind the trailer");
}

bool CompactReader::seek(u64 event) {
  if (!bytes_->seek_end(compact::kTrailerBytes)) return false;
  u8 trailer[compact::kTrailerBytes];
  take_all(trailer, sizeof trailer, "the trailer");
  const u64 index = load_little_u64(trailer + 4);
  if (load_little_u32(trailer) != compact::kEndMagic || compact::crc32c(trailer, 12) != load_little_u32(trailer + 12)) {
    fail("the trailer is wrong");
  }
  const auto go = [&](u64 offset) {
    if (!bytes_->seek(offset)) fail("cannot be positioned");
    offset_ = offset;
  };
  go(index);
  u8 header[compact::kBlockHeaderBytes];
  take_all(header, sizeof header, "the index");
  const u64 events = load_little_u64(header + 8);
  const u32 blocks = load_little_u32(header + 16);
  u32 sum = compact::crc32c(header, 20);
  std::pair<u64, u64> block{compact::kHeaderBytes, 0};  // offset and number of the last one that starts not behind
  for (u32 n = 0; n < blocks; ++n) {
    u8 entry[16];
    take_all(entry, sizeof entry, "the index");
    sum = compact::crc32c(entry, sizeof entry, sum);
    if (load_little_u64(entry + 8) <= event) block = {load_little_u64(entry), load_little_u64(entry + 8)};
  }
  if (load_little_u32(header) != compact::kIndexMagic || load_little_u32(header + 20) != sum) {
    fail("wrong checksum of the index");
  }
  const bool behind = event >= events;
  go(behind ? index : block.first);
  number_ = behind ? events : block.second;
  left_ = 0;
  at_end_ = whole_ = false;
  TraceEvent skipped;
  while (number_ < event) {
    if (behind) break;
    if (!next(skipped)) fail("the index names a block that is not there");
  }
  return !behind;
}

}  // namespace kilburn::os
