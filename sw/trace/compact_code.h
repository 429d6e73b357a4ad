// SPDX-License-Identifier: Apache-2.0
//
// How one event is coded in a compact trace (.kbt), byte by byte in sw/trace/README.md: a control byte, then the
// distance from the predicted address. Both directions keep the same state, which starts anew in every block.
#pragma once

#include <array>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "sw/trace/event.h"

namespace kilburn::os {

namespace compact {

inline constexpr std::array<u8, 8> kMagic = {0x89, 'K', 'B', 'T', '\r', '\n', 0x1a, '\n'};
inline constexpr u32 kEventsMagic = 0x53545645, kIndexMagic = 0x58444e49, kEndMagic = 0x444e454b;  // EVTS INDX KEND
inline constexpr u16 kVersion = 1;
inline constexpr size_t kHeaderBytes = 16, kBlockHeaderBytes = 24, kTrailerBytes = 16;
inline constexpr u32 kBlockEvents = 65536;        // what the writer puts in a block
inline constexpr u32 kMaxPayload = u32{4} << 20;  // what the reader takes
inline constexpr size_t kLongestEvent = 64;       // no coded event is longer

inline constexpr std::array<u8, 7> kLengths = {0, 1, 2, 3, 4, 6, 8};  // of the distance, by length code
inline constexpr std::array<u64, 7> kMasks = {
    0, 0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffffff, 0xffffffffffffffff};
inline constexpr u8 kOther = 7 << 5;  // length code 7: not a reference, the low bits are the kind
// By kind and size code; 0: the size follows the distance in two bytes.
inline constexpr std::array<std::array<u8, 8>, 4> kSizes = {{
    {1, 2, 3, 4, 5, 6, 7, 0},     // fetch
    {1, 2, 4, 8, 16, 32, 64, 0},  // read
    {1, 2, 4, 8, 16, 32, 64, 0},  // write
    {1, 2, 4, 8, 16, 32, 64, 0},  // modify
}};

// A data reference is predicted where the last one of its kind went that followed a fetch from an address with
// the same low eight bits; a fetch, behind the last one.
class Prediction {
 public:
  u64& data(unsigned kind) { return data_[(last_fetch_ & 0xff) << 2 | kind]; }
  u64 next_fetch() const { return next_fetch_; }
  void fetched(u64 address, u16 size) {
    last_fetch_ = address;
    next_fetch_ = address + size;
  }
  void reset() { *this = {}; }

 private:
  u64 last_fetch_ = 0, next_fetch_ = 0;
  std::array<u64, 1024> data_{};
};

constexpr u64 zigzag(u64 distance) { return distance << 1 ^ (u64{0} - (distance >> 63)); }
constexpr u64 unzigzag(u64 coded) { return coded >> 1 ^ (u64{0} - (coded & 1)); }

// Reads events from [at, end); kLongestEvent bytes behind `end` must be readable.
class Decoder {
 public:
  struct Bad {
    const char* reason;
  };
  void start(const u8* at, const u8* end) {
    at_ = at;
    end_ = end;
    prediction_.reset();
  }
  const u8* at() const { return at_; }
  bool at_end() const { return at_ == end_; }
  // Throws Bad and leaves the event as it was.
  void next(TraceEvent& event) {
    const u8* at = at_;
    const u8 control = *at++;
    if (control >= kOther) return other(control & 0x1f, event);
    const unsigned kind = control & 3, length = control >> 5;
    u64 distance;
    std::memcpy(&distance, at, 8);
    distance = unzigzag(distance & kMasks[length]);
    at += kLengths[length];
    u16 size = kSizes[kind][control >> 2 & 7];
    if (size == 0) {
      std::memcpy(&size, at, 2);
      at += 2;
    }
    u64 address;
    if (kind == 0) {
      address = prediction_.next_fetch() + distance;
      prediction_.fetched(address, size);
    } else {
      u64& last = prediction_.data(kind);
      address = last += distance;
    }
    if (at > end_) throw Bad{"an event goes past the end of its block"};
    if (size - 1u >= kMaxReference) throw Bad{"size of the reference is not 1 to 512"};
    if (address + size < address) throw Bad{"reference passes the end of the address space"};
    at_ = at;
    event.kind = static_cast<TraceEvent::Kind>(kind);
    event.size = size;
    event.address = address;
  }

 private:
  void other(unsigned kind, TraceEvent&);
  u64 number(const u8*& at) const;

  const u8* at_ = nullptr;
  const u8* end_ = nullptr;
  Prediction prediction_;
};

class Encoder {
 public:
  void reset() { prediction_.reset(); }
  void add(const TraceEvent&, std::vector<u8>& out);  // throws std::invalid_argument for what no trace can hold

 private:
  Prediction prediction_;
};

u32 crc32c(const void* bytes, size_t n, u32 before = 0);
u32 crc32c_portable(const void* bytes, size_t n, u32 before = 0);  // the same without the processor's instruction

}  // namespace compact

}  // namespace kilburn::os
