// SPDX-License-Identifier: Apache-2.0
//
// What can end a run: the user's input, or an invariant that broke.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "sw/core/types.h"

namespace kilburn::os {

// The input asks for what cannot be done; what() is one sentence for the user.
class UserError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Frames and swap hold no more.
class OutOfMemory : public UserError {
 public:
  using UserError::UserError;
};

// The host takes no more writes and what the program needs does not fit without them.
class HostError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A check failed: the kernel (seeded bug), the hardware below the port, or the shim itself is wrong.
class Violation : public std::runtime_error {
 public:
  Violation(std::string_view id, const std::string& text)
      : std::runtime_error(std::string(id) + ": " + text), id_(id), text_(text) {}
  const std::string& id() const { return id_; }  // P id of sw/README.md, or "oracle"
  const std::string& text() const { return text_; }

 private:
  std::string id_;
  std::string text_;
};

// 0x-prefixed, for messages.
std::string hex(u64 value);

}  // namespace kilburn::os
