// SPDX-License-Identifier: Apache-2.0
//
// Reading in large pieces; an incomplete line moves to the front of the buffer.
#include "sw/trace/line_source.h"

#include <cstring>

#include "sw/trace/event.h"

namespace kilburn::os {

LineSource LineSource::open(const std::string& path) {
  return from_bytes(open_bytes(path), path == "-" ? "standard input" : path);
}

LineSource LineSource::from_descriptor(int fd, std::string name) {
  return from_bytes(descriptor_bytes(fd), std::move(name));
}

LineSource LineSource::from_bytes(std::unique_ptr<ByteSource> bytes, std::string name) {
  LineSource source(std::move(name));
  source.bytes_ = std::move(bytes);
  source.buffer_.resize(kMaxLine);
  return source;
}

LineSource LineSource::from_memory(std::string_view text, std::string name) {
  LineSource source(std::move(name));
  source.at_ = text.data();
  source.end_ = text.data() + text.size();
  source.at_end_ = true;
  return source;
}

// No newline between at_ and end_.
bool LineSource::refill(std::string_view& line) {
  while (!at_end_) {
    const size_t rest = static_cast<size_t>(end_ - at_);
    if (rest == buffer_.size()) throw TraceError(name_, number_ + 1, "line is longer than 1 MiB");
    if (rest != 0) std::memmove(buffer_.data(), at_, rest);
    at_ = buffer_.data();
    end_ = at_ + rest;
    size_t n = 0;
    try {
      n = bytes_->read(buffer_.data() + rest, buffer_.size() - rest);
    } catch (const ReadFailure& failure) {
      throw TraceError(name_, number_ + 1, failure.what());
    }
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
