// SPDX-License-Identifier: Apache-2.0
//
// Block devices: a host file and host memory.
#include "sw/io/block_device.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sw/core/errors.h"

namespace kilburn::os {

int BlockDevice::read(u64 offset, std::span<std::byte> out) {
  while (!out.empty()) {
    const Moved moved = read_some(offset, out);
    if (moved.error != 0) return moved.error;
    if (moved.bytes == 0) return EIO;
    out = out.subspan(moved.bytes);
    offset += moved.bytes;
  }
  return 0;
}

int BlockDevice::write(u64 offset, std::span<const std::byte> in) {
  while (!in.empty()) {
    const Moved moved = write_some(offset, in);
    if (moved.error != 0) return moved.error;
    if (moved.bytes == 0) return EIO;
    in = in.subspan(moved.bytes);
    offset += moved.bytes;
  }
  return 0;
}

FileDevice::FileDevice(const std::string& path)
    : path_(path), fd_(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {
  if (fd_ < 0) throw UserError("cannot create the swap file " + path + ": " + std::strerror(errno));
}

FileDevice::~FileDevice() {
  close(fd_);
  unlink(path_.c_str());
}

BlockDevice::Moved FileDevice::read_some(u64 offset, std::span<std::byte> out) {
  ssize_t n;
  do n = pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
  while (n < 0 && errno == EINTR);
  return n < 0 ? Moved{0, errno} : Moved{static_cast<size_t>(n), 0};
}

BlockDevice::Moved FileDevice::write_some(u64 offset, std::span<const std::byte> in) {
  ssize_t n;
  do n = pwrite(fd_, in.data(), in.size(), static_cast<off_t>(offset));
  while (n < 0 && errno == EINTR);
  return n < 0 ? Moved{0, errno} : Moved{static_cast<size_t>(n), 0};
}

int FileDevice::sync() { return fdatasync(fd_) == 0 ? 0 : errno; }

BlockDevice::Moved MemoryDevice::read_some(u64 offset, std::span<std::byte> out) {
  if (offset > bytes_.size() || out.size() > bytes_.size() - offset) return {0, EIO};
  std::memcpy(out.data(), bytes_.data() + offset, out.size());
  return {out.size(), 0};
}

BlockDevice::Moved MemoryDevice::write_some(u64 offset, std::span<const std::byte> in) {
  if (offset + in.size() > bytes_.size()) bytes_.resize(offset + in.size());
  std::memcpy(bytes_.data() + offset, in.data(), in.size());
  return {in.size(), 0};
}

}  // namespace kilburn::os
