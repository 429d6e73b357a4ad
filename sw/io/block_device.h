// SPDX-License-Identifier: Apache-2.0
//
// Where swapped pages go. Host errors come back as values: the kernel decides what they mean.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sw/core/types.h"

namespace kilburn::os {

class BlockDevice {
 public:
  virtual ~BlockDevice() = default;
  // 0, or the host's errno. Short transfers are continued; no progress is EIO.
  [[nodiscard]] virtual int read(u64 offset, std::span<std::byte> out) = 0;
  [[nodiscard]] virtual int write(u64 offset, std::span<const std::byte> in) = 0;
};

// A file of the host, created or cut to 0 and removed again on destruction. Never mapped: an I/O error
// on a mapping would be a signal, not a value.
class FileDevice final : public BlockDevice {
 public:
  explicit FileDevice(const std::string& path);  // throws UserError
  ~FileDevice() override;
  int read(u64 offset, std::span<std::byte> out) override;
  int write(u64 offset, std::span<const std::byte> in) override;

 private:
  std::string path_;
  int fd_;
};

// The same without a file.
class MemoryDevice final : public BlockDevice {
 public:
  int read(u64 offset, std::span<std::byte> out) override;
  int write(u64 offset, std::span<const std::byte> in) override;
  std::vector<std::byte>& bytes() { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

// Passes through to another device, but for the planned operations (numbered from 0, by kind).
class FaultyDevice final : public BlockDevice {
 public:
  enum class Fault : u8 {
    eio,        // fails
    flip,       // read: one bit differs
    lost,       // write: reports success, does nothing
    misdirect,  // write: goes one page further
  };
  struct Plan {
    Fault fault = Fault::eio;
    bool on_write = false;
    u64 first = 0, last = 0;  // operations of that kind, inclusive
  };
  FaultyDevice(BlockDevice& under, std::vector<Plan> plans) : under_(under), plans_(std::move(plans)) {}
  int read(u64 offset, std::span<std::byte> out) override;
  int write(u64 offset, std::span<const std::byte> in) override;

 private:
  const Plan* planned(bool write, u64 number) const;
  BlockDevice& under_;
  std::vector<Plan> plans_;
  u64 reads_ = 0, writes_ = 0;
};

}  // namespace kilburn::os
