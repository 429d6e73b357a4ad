// SPDX-License-Identifier: Apache-2.0
//
// Where pages go that leave memory. Host errors come back as values: the kernel decides what they mean.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sw/core/types.h"

namespace kilburn::os {

class BlockDevice {
 public:
  struct Moved {
    size_t bytes = 0;  // may be fewer than asked for
    int error = 0;     // the host's errno; then bytes is 0
  };

  virtual ~BlockDevice() = default;
  // 0, or the host's errno. Short transfers are continued; no progress is EIO.
  [[nodiscard]] int read(u64 offset, std::span<std::byte> out);
  [[nodiscard]] int write(u64 offset, std::span<const std::byte> in);
  // What was written is safe from a crash of the host.
  [[nodiscard]] virtual int sync() { return 0; }
  // One transfer, as the host makes it.
  virtual Moved read_some(u64 offset, std::span<std::byte> out) = 0;
  virtual Moved write_some(u64 offset, std::span<const std::byte> in) = 0;
};

// A file of the host, created or cut to 0 and removed again on destruction. Never mapped: an I/O error
// on a mapping would be a signal, not a value.
class FileDevice final : public BlockDevice {
 public:
  explicit FileDevice(const std::string& path);  // throws UserError
  ~FileDevice() override;
  Moved read_some(u64 offset, std::span<std::byte> out) override;
  Moved write_some(u64 offset, std::span<const std::byte> in) override;
  int sync() override;

 private:
  std::string path_;
  int fd_;
};

// The same without a file.
class MemoryDevice final : public BlockDevice {
 public:
  Moved read_some(u64 offset, std::span<std::byte> out) override;
  Moved write_some(u64 offset, std::span<const std::byte> in) override;
  std::vector<std::byte>& bytes() { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace kilburn::os
