// SPDX-License-Identifier: Apache-2.0
//
// Reading in large pieces; an incomplete line moves to the front of the buffer.
#include "sw/trace/line_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "sw/core/errors.h"
#include "sw/trace/event.h"

namespace kilburn::os {

LineSource LineSource::open(const std::string& path) {
  if (path == "-") return from_descriptor(dup(STDIN_FILENO), "standard input");
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw UserError("cannot read " + path + ": " + std::strerror(errno));
  return from_descriptor(fd, path);
}

LineSource LineSource::from_descriptor(int fd, std::string name) {
  LineSource source(fd, std::move(name));
  source.buffer_.resize(kMaxLine);
  return source;
}

LineSource LineSource::from_memory(std::string_view text, std::string name) {
  LineSource source(-1, std::move(name));
  source.at_ = text.data();
  source.end_ = text.data() + text.size();
  source.at_end_ = true;
  return source;
}

LineSource::LineSource(LineSource&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      name_(std::move(other.name_)),
      buffer_(std::move(other.buffer_)),
      at_(other.at_),
      end_(other.end_),
      number_(other.number_),
      terminated_(other.terminated_),
      at_end_(other.at_end_) {}

LineSource::~LineSource() {
  if (fd_ >= 0) close(fd_);
}

// No newline between at_ and end_.
bool LineSource::refill(std::string_view& line) {
  while (!at_end_) {
    const size_t rest = static_cast<size_t>(end_ - at_);
    if (rest == buffer_.size()) throw TraceError(name_, number_ + 1, "line is longer than 1 MiB");
    if (rest != 0) std::memmove(buffer_.data(), at_, rest);
    at_ = buffer_.data();
    end_ = at_ + rest;
    const ssize_t n = read(fd_, buffer_.data() + rest, buffer_.size() - rest);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw TraceError(name_, number_ + 1, std::string("cannot read: ") + std::strerror(errno));
    if (n == 0) at_end_ = true;
    end_ += n;
    if (const char* newline = static_cast<const char*>(find_newline()); newline != nullptr) {
      line = {at_, static_cast<size_t>(newline - at_)};
      at_ = newline + 1;
      ++number_;
      return true;
    }
  }
  if (at_ == end_) return false;
  line = {at_, static_cast<size_t>(end_ - at_)};
  at_ = end_;
  ++number_;
  terminated_ = false;
  return true;
}

}  // namespace kilburn::os
