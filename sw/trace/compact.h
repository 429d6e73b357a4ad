// SPDX-License-Identifier: Apache-2.0
//
// The compact trace format (.kbt): blocks with checksums that can be read each on its own, an index at the end.
// Byte by byte in sw/trace/README.md.
#pragma once

#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "sw/trace/byte_source.h"
#include "sw/trace/compact_code.h"

namespace kilburn::os {

class CompactReader final : public TraceReader {
 public:
  CompactReader(std::unique_ptr<ByteSource>, std::string name);  // throws TraceError if this is no such trace
  static std::unique_ptr<CompactReader> open(const std::string& path);

  bool next(TraceEvent& event) override {
    if (left_ == 0 && !next_block()) return false;
    try {
      decoder_.next(event);
    } catch (const compact::Decoder::Bad& bad) {
      fail_in_block(bad.reason);
    }
    if (--left_ == 0) check_block_end();
    ++number_;
    return true;
  }
  u64 line() const override { return number_; }  // events so far
  const std::string& name() const override { return name_; }

  // The next event is number `event` (from 0). False if the trace is shorter, or cannot be positioned (a pipe,
  // compressed again). Throws TraceError.
  bool seek(u64 event);

 private:
  bool next_block();
  void read_index(u64 events, u32 blocks, u32 payload, u32 crc, const u8* header);
  void check_block_end() const;
  size_t take(void* out, size_t n);  // fewer only at the end of the file
  void take_all(void* out, size_t n, const char* what);
  [[noreturn]] void fail(std::string reason) const;
  [[noreturn]] void fail_in_block(const char* reason) const;

  std::unique_ptr<ByteSource> bytes_;
  std::string name_;
  compact::Decoder decoder_;
  std::vector<u8> payload_;
  u64 offset_ = 0;        // in the file, of what is read next
  u64 block_offset_ = 0;  // of the payload under way
  u32 left_ = 0;          // events of this block
  u64 number_ = 0;        // events delivered or skipped
  bool at_end_ = false;
  bool whole_ = true;                        // read from the start, so that the index can be compared
  std::vector<std::pair<u64, u64>> blocks_;  // offset and first event of those read
};

// Writes to a stream of bytes. Not complete before finish().
class CompactWriter {
 public:
  explicit CompactWriter(std::FILE* out);  // not owned; throws WriteFailure, as all of it
  void add(const TraceEvent&);
  void finish();
  u64 events() const { return events_; }
  u64 bytes() const { return offset_; }

 private:
  void put(const void* bytes, size_t n);
  void put_block(u32 magic, u64 first, u32 count, const std::vector<u8>& payload);
  void flush();

  std::FILE* out_;
  compact::Encoder encoder_;
  std::vector<u8> payload_;
  u64 events_ = 0;
  u32 in_block_ = 0;
  u64 offset_ = 0;
  std::vector<std::pair<u64, u64>> blocks_;
};

// The bytes cannot be written (disk full); what() is the reason.
class WriteFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace kilburn::os
