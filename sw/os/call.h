// SPDX-License-Identifier: Apache-2.0
//
// A call of the kernel by a program that is written against it, as something that can be noted and made again.
#pragma once

#include <array>
#include <initializer_list>
#include <span>
#include <string_view>

#include "sw/core/types.h"

namespace kilburn::os {

struct Call {
  enum class Kind : u8 {
    spawn,
    fork,
    exec,
    exit,
    kill,
    fetch,  // these four as in TraceEvent::Kind
    read,
    write,
    modify,
    map,
    stack,
    unmap,
    protect,
    remap,
    brk,
    advise,
    sync,
    lock,
    unlock,
    attach,
    detach,
    // Of nobody: what a workload asks of memory itself.
    segment,
    remove,
    take,
    give,
    node,
    swap_on,
    swap_off,
    collapse,
  };
  static constexpr std::size_t kKinds = static_cast<std::size_t>(Kind::collapse) + 1;
  static constexpr std::size_t kFields = 8;

  Call() = default;
  Call(Kind kind_, std::initializer_list<u64> values_) : kind(kind_) {
    std::size_t n = 0;
    for (const u64 value : values_) values[n++] = value;
  }

  Kind kind = Kind::spawn;
  std::array<u64, kFields> values{};  // by kind, in the order of call_fields()
  bool operator==(const Call&) const = default;
};

// "map", and "process", "cpu", "start", ...: whose call it is comes first where it is somebody's, then its CPU.
std::string_view name(Call::Kind);
std::span<const std::string_view> call_fields(Call::Kind);

class CallListener {
 public:
  virtual ~CallListener() = default;
  virtual void call(const Call&) = 0;  // about to be made; of a segment or swap area: made
};

}  // namespace kilburn::os
