// SPDX-License-Identifier: Apache-2.0
//
// Sources over descriptors and memory, and one that gives looked-at bytes again.
#include "sw/trace/byte_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sw/core/errors.h"

namespace kilburn::os {

namespace {

class DescriptorBytes final : public ByteSource {
 public:
  explicit DescriptorBytes(int fd) : fd_(fd) {}
  DescriptorBytes(const DescriptorBytes&) = delete;
  DescriptorBytes& operator=(const DescriptorBytes&) = delete;
  ~DescriptorBytes() override { close(fd_); }
  size_t read(char* out, size_t n) override {
    for (;;) {
      const ssize_t got = ::read(fd_, out, n);
      if (got >= 0) return static_cast<size_t>(got);
      if (errno != EINTR) throw ReadFailure(std::string("cannot read: ") + std::strerror(errno));
    }
  }
  bool seek(u64 offset) override { return lseek(fd_, static_cast<off_t>(offset), SEEK_SET) >= 0; }
  bool seek_end(u64 before) override { return lseek(fd_, -static_cast<off_t>(before), SEEK_END) >= 0; }

 private:
  int fd_;
};

class MemoryBytes final : public ByteSource {
 public:
  explicit MemoryBytes(std::string_view bytes) : all_(bytes), rest_(bytes) {}
  size_t read(char* out, size_t n) override {
    const size_t take = std::min(n, rest_.size());
    std::copy_n(rest_.data(), take, out);
    rest_.remove_prefix(take);
    return take;
  }
  bool seek(u64 offset) override {
    if (offset > all_.size()) return false;
    rest_ = all_.substr(offset);
    return true;
  }
  bool seek_end(u64 before) override { return before <= all_.size() && seek(all_.size() - before); }

 private:
  std::string_view all_, rest_;
};

class AgainBytes final : public ByteSource {
 public:
  AgainBytes(std::string first, std::unique_ptr<ByteSource> rest) : first_(std::move(first)), rest_(std::move(rest)) {}
  size_t read(char* out, size_t n) override {
    if (at_ == first_.size()) return rest_->read(out, n);
    const size_t take = std::min(n, first_.size() - at_);
    std::copy_n(first_.data() + at_, take, out);
    at_ += take;
    return take;
  }
  bool seek(u64 offset) override {
    if (!rest_->seek(offset)) return false;
    at_ = first_.size();
    return true;
  }
  bool seek_end(u64 before) override {
    if (!rest_->seek_end(before)) return false;
    at_ = first_.size();
    return true;
  }

 private:
  std::string first_;
  size_t at_ = 0;
  std::unique_ptr<ByteSource> rest_;
};

}  // namespace

size_t ByteSource::read_all(char* out, size_t n) {
  size_t have = 0;
  while (have < n) {
    const size_t got = read(out + have, n - have);
    if (got == 0) break;
    have += got;
  }
  return have;
}

std::unique_ptr<ByteSource> open_bytes(const std::string& path) {
  const int fd = path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw UserError("cannot read " + path + ": " + std::strerror(errno));
  return descriptor_bytes(fd);
}

std::unique_ptr<ByteSource> descriptor_bytes(int fd) { return std::make_unique<DescriptorBytes>(fd); }
std::unique_ptr<ByteSource> memory_bytes(std::string_view bytes) { return std::make_unique<MemoryBytes>(bytes); }

std::string peek_bytes(std::unique_ptr<ByteSource>& source, size_t n) {
  std::string first(n, '\0');
  first.resize(source->read_all(first.data(), n));
  source = std::make_unique<AgainBytes>(first, std::move(source));
  return first;
}

}  // namespace kilburn::os
