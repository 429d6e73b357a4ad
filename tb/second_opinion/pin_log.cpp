// SPDX-License-Identifier: Apache-2.0
//
// The pin log in memory: packing of pins into words, records of the words that changed.
#include "tb/second_opinion/pin_log.h"

#include <boost/endian/conversion.hpp>

namespace kilburn::tb {

using arch::u32;
using arch::u64;

namespace {

using Byte = unsigned char;

// Fields of a word from the lowest byte on.
template <class... Bytes>
u64 bytes(Bytes... values) {
  u64 word = 0;
  unsigned shift = 0;
  ((word |= u64{values} << shift, shift += 8), ...);
  return word;
}
std::uint8_t byte(u64 word, unsigned n) { return static_cast<std::uint8_t>(word >> (8 * n)); }
u32 low(u64 word) { return static_cast<u32>(word); }
u32 high(u64 word) { return static_cast<u32>(word >> 32); }

void pack_port(const kilburn_req_in& r, u64* w) {
  w[0] = r.va;
  w[1] = bytes(r.id, r.valid, r.write, r.mode, r.ac, r.implicit, r.rsp_ready);
}
void unpack_port(const u64* w, kilburn_req_in& r) {
  r.va = w[0];
  r.id = byte(w[1], 0);
  r.valid = byte(w[1], 1);
  r.write = byte(w[1], 2);
  r.mode = byte(w[1], 3);
  r.ac = byte(w[1], 4);
  r.implicit = byte(w[1], 5);
  r.rsp_ready = byte(w[1], 6);
}
void pack_port(const kilburn_req_out& r, u64* w) {
  w[0] = r.rsp_pa;
  w[1] = r.rsp_err | bytes(r.req_ready, r.rsp_valid, r.rsp_id, r.rsp_fault, r.rsp_level, r.rsp_size) << 16;
  w[2] = bytes(r.rsp_mt, r.rsp_global);
}
void unpack_port(const u64* w, kilburn_req_out& r) {
  r.rsp_pa = w[0];
  r.rsp_err = static_cast<std::uint16_t>(w[1]);
  r.req_ready = byte(w[1], 2);
  r.rsp_valid = byte(w[1], 3);
  r.rsp_id = byte(w[1], 4);
  r.rsp_fault = byte(w[1], 5);
  r.rsp_level = byte(w[1], 6);
  r.rsp_size = byte(w[1], 7);
  r.rsp_mt = byte(w[2], 0);
  r.rsp_global = byte(w[2], 1);
}

}  // namespace

PinLog::Words PinLog::pack(const PinCycle& c) {
  Words w{};
  w[0] = c.in.ctx_root;
  w[1] = c.in.ctx_ctl | u64{c.in.ctx_asid} << 32;
  w[2] = c.in.ctx_pkru | u64{c.in.ctx_pkrs} << 32;
  pack_port(c.in.i, &w[3]);
  pack_port(c.in.d, &w[5]);
  w[7] = c.in.inv_va;
  w[8] = c.in.inv_pte;
  w[9] = c.in.inv_asid | bytes(c.in.inv_valid, c.in.inv_op, c.in.mem_req_ready, c.in.mem_rsp_valid) << 32;
  w[10] = c.in.mem_rsp_data;
  w[11] = c.in.cfg | bytes(c.in.mem_rsp_id, c.in.mem_rsp_match, c.in.mem_rsp_err, c.in.evt_sel) << 32;
  pack_port(c.out.i, &w[12]);
  pack_port(c.out.d, &w[15]);
  w[18] = c.out.mem_req_addr;
  w[19] = c.out.mem_req_cmp;
  w[20] = c.out.mem_req_data;
  w[21] = c.out.evt_count | bytes(c.out.mem_req_valid, c.out.mem_req_op, c.out.mem_req_id, c.out.inv_ready) << 32;
  w[22] = c.out.inv_ack;
  return w;
}

PinCycle PinLog::unpack(const Words& w) {
  PinCycle c{};
  c.in.ctx_root = w[0];
  c.in.ctx_ctl = low(w[1]);
  c.in.ctx_asid = high(w[1]);
  c.in.ctx_pkru = low(w[2]);
  c.in.ctx_pkrs = high(w[2]);
  unpack_port(&w[3], c.in.i);
  unpack_port(&w[5], c.in.d);
  c.in.inv_va = w[7];
  c.in.inv_pte = w[8];
  c.in.inv_asid = low(w[9]);
  c.in.inv_valid = byte(w[9], 4);
  c.in.inv_op = byte(w[9], 5);
  c.in.mem_req_ready = byte(w[9], 6);
  c.in.mem_rsp_valid = byte(w[9], 7);
  c.in.mem_rsp_data = w[10];
  c.in.cfg = low(w[11]);
  c.in.mem_rsp_id = byte(w[11], 4);
  c.in.mem_rsp_match = byte(w[11], 5);
  c.in.mem_rsp_err = byte(w[11], 6);
  c.in.evt_sel = byte(w[11], 7);
  unpack_port(&w[12], c.out.i);
  unpack_port(&w[15], c.out.d);
  c.out.mem_req_addr = w[18];
  c.out.mem_req_cmp = w[19];
  c.out.mem_req_data = w[20];
  c.out.evt_count = low(w[21]);
  c.out.mem_req_valid = byte(w[21], 4);
  c.out.mem_req_op = byte(w[21], 5);
  c.out.mem_req_id = byte(w[21], 6);
  c.out.inv_ready = byte(w[21], 7);
  c.out.inv_ack = byte(w[22], 0);
  return c;
}

void PinLog::start(u32 cfg, const kilburn_dut_out& after) {
  records_bytes_.clear();
  records_ = 0;
  last_ = {};
  header.truncated = false;
  PinCycle reset{};
  reset.in.cfg = cfg;
  reset.out = after;
  append(pack(reset));
}

void PinLog::add(const PinCycle& cycle) {
  if (cycles() == kMaxCycles) {
    header.truncated = true;
    return;
  }
  append(pack(cycle));
}

void PinLog::append(const Words& words) {
  std::array<Byte, 4 + 8 * kWords> record;
  u32 mask = 0;
  std::size_t size = 4;
  for (std::size_t n = 0; n < kWords; ++n) {
    if (words[n] == last_[n]) continue;
    mask |= u32{1} << n;
    boost::endian::store_little_u64(&record[size], words[n]);
    size += 8;
  }
  boost::endian::store_little_u32(record.data(), mask);
  records_bytes_.append(reinterpret_cast<const char*>(record.data()), size);
  last_ = words;
  ++records_;
}

bool PinLog::Reader::next(PinCycle& cycle) {
  const auto* at = reinterpret_cast<const Byte*>(log_.records_bytes_.data());
  if (position_ == log_.records_bytes_.size()) return false;
  const u32 mask = boost::endian::load_little_u32(at + position_);
  position_ += 4;
  for (std::size_t n = 0; n < kWords; ++n) {
    if ((mask >> n & 1) == 0) continue;
    words_[n] = boost::endian::load_little_u64(at + position_);
    position_ += 8;
  }
  cycle = unpack(words_);
  return true;
}

}  // namespace kilburn::tb
