// SPDX-License-Identifier: Apache-2.0
//
// Block devices: a host file, host memory, and one that fails on purpose.
#include "sw/io/block_device.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sw/core/errors.h"

namespace kilburn::os {

FileDevice::FileDevice(const std::string& path)
    : path_(path), fd_(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {
  if (fd_ < 0) throw UserError("cannot create the swap file " + path + ": " + std::strerror(errno));
}

FileDevice::~FileDevice() {
  close(fd_);
  unlink(path_.c_str());
}

int FileDevice::read(u64 offset, std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t n = pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    if (n == 0) return EIO;
    out = out.subspan(static_cast<size_t>(n));
    offset += static_cast<u64>(n);
  }
  return 0;
}

int FileDevice::write(u64 offset, std::span<const std::byte> in) {
  while (!in.empty()) {
    const ssize_t n = pwrite(fd_, in.data(), in.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    if (n == 0) return EIO;
    in = in.subspan(static_cast<size_t>(n));
    offset += static_cast<u64>(n);
  }
  return 0;
}

int MemoryDevice::read(u64 offset, std::span<std::byte> out) {
  if (offset > bytes_.size() || out.size() > bytes_.size() - offset) return EIO;
  std::memcpy(out.data(), bytes_.data() + offset, out.size());
  return 0;
}

int MemoryDevice::write(u64 offset, std::span<const std::byte> in) {
  if (offset + in.size() > bytes_.size()) bytes_.resize(offset + in.size());
  std::memcpy(bytes_.data() + offset, in.data(), in.size());
  return 0;
}

const FaultyDevice::Plan* FaultyDevice::planned(bool write, u64 number) const {
  const auto plan = std::find_if(plans_.begin(), plans_.end(), [&](const Plan& p) {
    return p.on_write == write && number >= p.first && number <= p.last;
  });
  return plan == plans_.end() ? nullptr : &*plan;
}

int FaultyDevice::read(u64 offset, std::span<std::byte> out) {
  const Plan* plan = planned(false, reads_++);
  if (plan != nullptr && plan->fault == Fault::eio) return EIO;
  const int error = under_.read(offset, out);
  if (error == 0 && plan != nullptr && plan->fault == Fault::flip) out[out.size() / 2] ^= std::byte{0x10};
  return error;
}

int FaultyDevice::write(u64 offset, std::span<const std::byte> in) {
  const Plan* plan = planned(true, writes_++);
  if (plan == nullptr) return under_.write(offset, in);
  switch (plan->fault) {
    case Fault::eio:
      return EIO;
    case Fault::lost:
      return 0;
    case Fault::misdirect:
      return under_.write(offset + in.size(), in);
    case Fault::flip:
      break;
  }
  return under_.write(offset, in);
}

}  // namespace kilburn::os
