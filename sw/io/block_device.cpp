// SPDX-License-Identifier: Apache-2.0
//
// Block devices: a host file and host memory.
#include "sw/io/block_device.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
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

FileDevice::FileDevice(const std::string& path, Use use) : path_(path), use_(use) {
  if (use == Use::kept) {
    take();
    return;
  }
  fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd_ < 0) throw UserError("cannot create the swap file " + path + ": " + std::strerror(errno));
}

void FileDevice::take() {
  const auto refuse = [this](const std::string& what, int error) {
    if (fd_ >= 0) close(fd_);
    const std::string text = "the swap file " + path_ + " " + what;
    if (error == 0) throw UserError(text);
    if (error == ENOENT || error == ENOTDIR || error == EISDIR || error == ENAMETOOLONG || error == ELOOP) {
      throw UserError(text + ": " + std::strerror(error));
    }
    throw HostError(text + ": " + std::strerror(error));
  };
  fd_ = open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NONBLOCK, 0600);
  made_ = fd_ >= 0;
  // Not blocking: a fifo would wait for somebody.
  if (fd_ < 0 && errno == EEXIST) fd_ = open(path_.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0) refuse("cannot be opened", errno);
  struct stat status {};
  if (fstat(fd_, &status) != 0) refuse("cannot be looked at", errno);
  if (!S_ISREG(status.st_mode)) refuse("is no regular file", 0);
  if (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    errno == EWOULDBLOCK ? refuse("is in use already", 0) : refuse("cannot be locked", errno);
  }
}

FileDevice::~FileDevice() {
  if (use_ == Use::scratch || (made_ && size() == 0)) unlink(path_.c_str());
  close(fd_);
}

u64 FileDevice::size() const {
  struct stat status {};
  return fstat(fd_, &status) == 0 ? static_cast<u64>(status.st_size) : 0;
}

void FileDevice::clear() {
  if (ftruncate(fd_, 0) != 0) throw HostError("the swap file " + path_ + " cannot be cleared: " + std::strerror(errno));
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
