// SPDX-License-Identifier: Apache-2.0
//
// Coding of the events that are not references, and of all events in the other direction.
#include "sw/trace/compact_code.h"

#include <algorithm>
#include <boost/crc.hpp>

namespace kilburn::os::compact {

namespace {

using Kind = TraceEvent::Kind;

void put_number(std::vector<u8>& out, u64 value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<u8>(value | 0x80));
  out.push_back(static_cast<u8>(value));
}

void put_bytes(std::vector<u8>& out, u64 value, size_t n) {
  for (size_t at = 0; at < n; ++at) out.push_back(static_cast<u8>(value >> (8 * at)));
}

}  // namespace

u64 Decoder::number(const u8*& at) const {
  u64 value = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (at >= end_) throw Bad{"an event goes past the end of its block"};
    const u8 byte = *at++;
    if (shift == 63 && byte > 1) throw Bad{"a number has more than 64 bits"};
    value |= u64{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
}

void Decoder::other(unsigned kind, TraceEvent& event) {
  const u8* at = at_ + 1;
  TraceEvent e;
  e.kind = static_cast<Kind>(kind);
  const auto rights = [&] {
    const u64 value = number(at);
    if (value > 7) throw Bad{"rights of the mapping are not 0 to 7"};
    e.rights = static_cast<Rights>(value);
  };
  const auto narrow = [&](u32& field) {
    const u64 value = number(at);
    if (value > ~u32{0}) throw Bad{"a number has more than 32 bits"};
    field = static_cast<u32>(value);
  };
  switch (e.kind) {
    case Kind::map:
      e.address = number(at);
      e.length = number(at);
      rights();
      narrow(e.file);
      e.offset = number(at);
      break;
    case Kind::protect:
    case Kind::unmap:
      e.address = number(at);
      e.length = number(at);
      if (e.kind == Kind::protect) rights();
      break;
    case Kind::remap:
      e.old_address = number(at);
      e.old_length = number(at);
      e.address = number(at);
      e.length = number(at);
      break;
    case Kind::brk:
      e.address = number(at);
      break;
    case Kind::fork:
      narrow(e.pid);
      break;
    case Kind::exec:
    case Kind::exit:
      break;
    default:
      throw Bad{"the event is of an unknown kind"};
  }
  at_ = at;
  event = e;
}

void Encoder::add(const TraceEvent& e, std::vector<u8>& out) {
  if (e.reference()) {
    if (e.size == 0 || e.size > kMaxReference || e.address + e.size < e.address) {
      throw std::invalid_argument("a reference that no trace can hold");
    }
    const auto kind = static_cast<unsigned>(e.kind);
    u64& last = prediction_.data(kind);
    const u64 distance = zigzag(e.address - (kind == 0 ? prediction_.next_fetch() : last));
    if (kind == 0) {
      prediction_.fetched(e.address, e.size);
    } else {
      last = e.address;
    }
    unsigned length = 0;
    while ((distance & kMasks[length]) != distance) ++length;
    const auto& sizes = kSizes[kind];
    const auto code = static_cast<unsigned>(std::find(sizes.begin(), sizes.end() - 1, e.size) - sizes.begin());
    out.push_back(static_cast<u8>(length << 5 | code << 2 | kind));
    put_bytes(out, distance, kLengths[length]);
    if (code == 7) put_bytes(out, e.size, 2);
    return;
  }
  out.push_back(static_cast<u8>(kOther | static_cast<unsigned>(e.kind)));
  switch (e.kind) {
    case Kind::map:
      for (const u64 value : {e.address, e.length, u64{e.rights}, u64{e.file}, e.offset}) put_number(out, value);
      break;
    case Kind::unmap:
      for (const u64 value : {e.address, e.length}) put_number(out, value);
      break;
    case Kind::protect:
      for (const u64 value : {e.address, e.length, u64{e.rights}}) put_number(out, value);
      break;
    case Kind::remap:
      for (const u64 value : {e.old_address, e.old_length, e.address, e.length}) put_number(out, value);
      break;
    case Kind::brk:
      put_number(out, e.address);
      break;
    case Kind::fork:
      put_number(out, e.pid);
      break;
    default:
      break;
  }
}

namespace {

// Boost's, for machines without the instruction.
u32 crc32c_by_table(const void* bytes, size_t n, u32 before) {
  boost::crc_optimal<32, 0x1EDC6F41, 0, 0xFFFFFFFF, true, true> crc;
  // The register of an unfinished CRC is the finished one without its final inversion; boost::crc takes it
  // unreflected.
  const u32 start = ~before;
  u32 reflected = 0;
  for (unsigned bit = 0; bit < 32; ++bit) reflected |= (start >> bit & 1) << (31 - bit);
  crc.reset(reflected);
  crc.process_bytes(bytes, n);
  return crc.checksum();
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) u32 crc32c_by_instruction(const void* bytes, size_t n, u32 before) {
  const auto* at = static_cast<const u8*>(bytes);
  u64 crc = ~before;
  for (; n >= 8; n -= 8, at += 8) {
    u64 word;
    std::memcpy(&word, at, 8);
    crc = __builtin_ia32_crc32di(crc, word);
  }
  auto narrow = static_cast<u32>(crc);
  for (; n > 0; --n) narrow = __builtin_ia32_crc32qi(narrow, *at++);
  return ~narrow;
}
#endif

}  // namespace

u32 crc32c(const void* bytes, size_t n, u32 before) {
#ifdef __x86_64__
  static const bool instruction = __builtin_cpu_supports("sse4.2");
  if (instruction) return crc32c_by_instruction(bytes, n, before);
#endif
  return crc32c_by_table(bytes, n, before);
}

u32 crc32c_portable(const void* bytes, size_t n, u32 before) { return crc32c_by_table(bytes, n, before); }

}  // namespace kilburn::os::compact
