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
  // For messages: the file's path; empty where there is none.
  virtual std::string name() const { return {}; }
};

// A file of the host. Never mapped: an I/O error on a mapping would be a signal, not a value.
class FileDevice final : public BlockDevice {
 public:
  enum class Use : u8 {
    scratch,  // created or cut to 0, removed again on destruction
    kept,     // opened as it is, made if it is not there; stays, and is nobody else's meanwhile
  };
  // Throws UserError, and HostError if the host refuses what the user may rightly ask for.
  explicit FileDevice(const std::string& path, Use use = Use::scratch);
  ~FileDevice() override;
  FileDevice(const FileDevice&) = delete;
  FileDevice& operator=(const FileDevice&) = delete;

  u64 size() const;
  void clear();  // to length 0; throws HostError
  std::string name() const override { return path_; }
  Moved read_some(u64 offset, std::span<std::byte> out) override;
  Moved write_some(u64 offset, std::span<const std::byte> in) override;
  int sync() override;

 private:
  void take();
  std::string path_;
  Use use_;
  bool made_ = false;  // by this object
  int fd_ = -1;
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
