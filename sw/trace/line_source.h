// SPDX-License-Identifier: Apache-2.0
//
// Lines of a file, a pipe or memory, in constant memory and without a copy a line.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sw/trace/byte_source.h"

namespace kilburn::os {

class LineSource {
 public:
  static constexpr size_t kMaxLine = size_t{1} << 20;

  static LineSource open(const std::string& path);                         // "-": standard input; throws UserError
  static LineSource from_descriptor(int fd, std::string name);             // takes the descriptor
  static LineSource from_memory(std::string_view text, std::string name);  // text outlives the source
  static LineSource from_bytes(std::unique_ptr<ByteSource>, std::string name);
  LineSource(LineSource&&) noexcept = default;
  LineSource& operator=(LineSource&&) = delete;

  // The next line without its newline, valid until the next call; false at the end.
  bool next(std::string_view& line) {
    const char* newline = static_cast<const char*>(find_newline());
    if (newline == nullptr) return refill(line);
    line = {at_, static_cast<size_t>(newline - at_)};
    at_ = newline + 1;
    ++number_;
    return true;
  }
  u64 number() const { return number_; }           // of the last line, from 1
  bool terminated() const { return terminated_; }  // the last line ended with a newline
  const std::string& name() const { return name_; }

 private:
  explicit LineSource(std::string name) : name_(std::move(name)) {}
  const void* find_newline() const {
    return at_ == end_ ? nullptr : __builtin_memchr(at_, '\n', static_cast<size_t>(end_ - at_));
  }
  bool refill(std::string_view& line);

  std::unique_ptr<ByteSource> bytes_;  // null: all of it lies between at_ and end_
  std::string name_;
  std::vector<char> buffer_;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  u64 number_ = 0;
  bool terminated_ = true;
  bool at_end_ = false;
};

}  // namespace kilburn::os
