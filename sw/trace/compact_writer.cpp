// SPDX-License-Identifier: Apache-2.0
//
// Blocks, index and trailer of a compact trace.
#include <boost/endian/conversion.hpp>
#include <cerrno>
#include <cstring>

#include "sw/trace/compact.h"

namespace kilburn::os {

using boost::endian::store_little_u16;
using boost::endian::store_little_u32;
using boost::endian::store_little_u64;

CompactWriter::CompactWriter(std::FILE* out) : out_(out) {
  u8 header[compact::kHeaderBytes] = {};
  std::memcpy(header, compact::kMagic.data(), compact::kMagic.size());
  store_little_u16(header + 8, compact::kVersion);
  store_little_u32(header + 12, compact::crc32c(header, 12));
  put(header, sizeof header);
}

void CompactWriter::put(const void* bytes, size_t n) {
  if (std::fwrite(bytes, 1, n, out_) != n) throw WriteFailure(std::strerror(errno));
  offset_ += n;
}

void CompactWriter::put_block(u32 magic, u64 first, u32 count, const std::vector<u8>& payload) {
  u8 header[compact::kBlockHeaderBytes];
  store_little_u32(header, magic);
  store_little_u32(header + 4, static_cast<u32>(payload.size()));
  store_little_u64(header + 8, first);
  store_little_u32(header + 16, count);
  const u32 crc = compact::crc32c(payload.data(), payload.size(), compact::crc32c(header, 20));
  store_little_u32(header + 20, crc);
  put(header, sizeof header);
  put(payload.data(), payload.size());
}

void CompactWriter::flush() {
  if (in_block_ == 0) return;
  const u64 first = events_ - in_block_;
  blocks_.emplace_back(offset_, first);
  put_block(compact::kEventsMagic, first, in_block_, payload_);
  payload_.clear();
  in_block_ = 0;
  encoder_.reset();
}

void CompactWriter::add(const TraceEvent& event) {
  encoder_.add(event, payload_);
  ++events_;
  if (++in_block_ == compact::kBlockEvents) flush();
}

void CompactWriter::finish() {
  flush();
  const u64 index = offset_;
  std::vector<u8> payload(blocks_.size() * 16);
  for (size_t n = 0; n < blocks_.size(); ++n) {
    store_little_u64(payload.data() + n * 16, blocks_[n].first);
    store_little_u64(payload.data() + n * 16 + 8, blocks_[n].second);
  }
  put_block(compact::kIndexMagic, events_, static_cast<u32>(blocks_.size()), payload);
  u8 trailer[compact::kTrailerBytes];
  store_little_u32(trailer, compact::kEndMagic);
  store_little_u64(trailer + 4, index);
  store_little_u32(trailer + 12, compact::crc32c(trailer, 12));
  put(trailer, sizeof trailer);
  if (std::fflush(out_) != 0) throw WriteFailure(std::strerror(errno));
}

}  // namespace kilburn::os
