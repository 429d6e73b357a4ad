// SPDX-License-Identifier: Apache-2.0
//
// Records of ChampSim traces, read a thousand at a time.
#include "sw/trace/champsim.h"

#include <boost/endian/conversion.hpp>

#include "sw/trace/text_fields.h"

namespace kilburn::os {

namespace {

constexpr u64 kUsual = 8;

u64 word(const char* record, size_t offset) {
  return boost::endian::load_little_u64(reinterpret_cast<const unsigned char*>(record) + offset);
}

bool at_end_of_space(u64 address) { return address + size_within_granule(address, kUsual) < address; }

}  // namespace

ChampsimReader::ChampsimReader(std::unique_ptr<ByteSource> bytes, std::string name)
    : bytes_(std::move(bytes)), name_(std::move(name)), buffer_(1024 * kRecord) {}

const char* ChampsimReader::flaw(const char* record) {
  if (word(record, 0) == 0) return "address of the instruction is 0";
  if (static_cast<unsigned char>(record[8]) > 1) return "branch flag of the instruction is not 0 or 1";
  if (static_cast<unsigned char>(record[9]) > 1) return "taken flag of the instruction is not 0 or 1";
  for (size_t at = 0; at < kRecord; at = at == 0 ? 16 : at + 8) {
    if (at_end_of_space(word(record, at))) return "reference passes the end of the address space";
  }
  return nullptr;
}

void ChampsimReader::fail(u64 offset, std::string reason) const {
  throw TraceError::at_byte(name_, offset, std::move(reason));
}

bool ChampsimReader::record() {
  if (at_ == end_) {
    const u64 offset = records_ * kRecord;
    try {
      end_ = bytes_->read_all(buffer_.data(), buffer_.size());
    } catch (const ReadFailure& failure) {
      fail(offset, failure.what());
    }
    at_ = 0;
    if (end_ % kRecord != 0) {
      fail(offset + end_, "the file ends inside a record of " + std::to_string(kRecord) + " bytes");
    }
    if (end_ == 0) return false;
  }
  const char* const r = buffer_.data() + at_;
  if (const char* reason = flaw(r); reason != nullptr) fail(records_ * kRecord, reason);
  at_ += kRecord;
  ++records_;
  event_ = events_end_ = 0;
  const auto add = [&](TraceEvent::Kind kind, u64 address) {
    TraceEvent& e = events_[events_end_++];
    e.kind = kind;
    e.address = address;
    e.size = size_within_granule(address, kUsual);
  };
  add(TraceEvent::Kind::fetch, word(r, 0));
  for (size_t at = 32; at < 64; at += 8) {
    if (const u64 address = word(r, at); address != 0) add(TraceEvent::Kind::read, address);
  }
  for (size_t at = 16; at < 32; at += 8) {
    if (const u64 address = word(r, at); address != 0) add(TraceEvent::Kind::write, address);
  }
  return true;
}

bool ChampsimReader::next(TraceEvent& event) {
  if (event_ == events_end_ && !record()) return false;
  event = events_[event_++];
  return true;
}

}  // namespace kilburn::os
