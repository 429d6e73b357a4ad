// SPDX-License-Identifier: Apache-2.0
//
// Flat simulated memory in host memory, zero at first.
#pragma once

#include <cstring>
#include <memory>
#include <stdexcept>

#include "sw/hw/ports.h"

namespace kilburn::os {

class RamMem final : public PhysMem {
 public:
  explicit RamMem(u64 bytes);  // rounded up to a multiple of 8; host memory is taken on first touch
  ~RamMem() override;
  RamMem(const RamMem&) = delete;
  RamMem& operator=(const RamMem&) = delete;

  u64 size() const override { return size_; }
  u64 load64(u64 pa) override {
    check(pa, 8);
    u64 value;
    std::memcpy(&value, bytes_ + pa, 8);
    return value;
  }
  void store64(u64 pa, u64 value) override {
    check(pa, 8);
    std::memcpy(bytes_ + pa, &value, 8);
  }
  u64 cas64(u64 pa, u64 expect, u64 desired) override {
    const u64 old = load64(pa);
    if (old == expect) store64(pa, desired);
    return old;
  }
  void read(u64 pa, std::span<std::byte> out) override {
    check(pa, out.size());
    std::memcpy(out.data(), bytes_ + pa, out.size());
  }
  void write(u64 pa, std::span<const std::byte> in) override {
    check(pa, in.size());
    std::memcpy(bytes_ + pa, in.data(), in.size());
  }
  bool contains(u64 pa, u64 length) const { return length <= size_ && pa <= size_ - length; }
  std::byte* data() { return bytes_; }  // for DMI-like users

 private:
  void check(u64 pa, u64 length) const {
    if (!contains(pa, length)) throw std::out_of_range("physical address outside memory");
  }
  std::byte* bytes_;
  u64 size_;
};

}  // namespace kilburn::os
