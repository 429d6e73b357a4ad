// SPDX-License-Identifier: Apache-2.0
//
// A device that fails as planned, by the number of the operation or by seed (P55, P56).
#pragma once

#include <optional>
#include <stdexcept>

#include "sw/core/random.h"
#include "sw/io/block_device.h"

namespace kilburn::os {

// The machine stops at an operation: thrown out of the kernel, what the device holds is the image after a crash.
class DeviceStopped : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class FaultyDevice final : public BlockDevice {
 public:
  enum class Fault : u8 {
    eio,         // fails
    no_space,    // write: fails with ENOSPC
    short_move,  // half of it is moved, and said to be
    torn,        // half of it is moved, all of it said to be
    misdirect,   // goes to, or comes from, as many bytes further as it is long
    lost,        // moves nothing, reports success
    flip,        // one bit is wrong
    delay,       // takes `cycles` longer
    stop,        // DeviceStopped, nothing moved
    stop_half,   // DeviceStopped, half of it moved
  };
  struct Plan {
    Fault fault = Fault::eio;
    bool on_write = false;
    u64 first = 0, last = 0;  // operations of that kind from 0, inclusive
    u64 cycles = 1000;        // delay
  };
  struct Chance {  // one operation in `one_in` has one of `faults`
    u64 seed = 1;
    u64 one_in = 100;
    std::vector<Fault> faults;
  };
  FaultyDevice(BlockDevice& under, std::vector<Plan> plans) : under_(under), plans_(std::move(plans)) {}
  FaultyDevice(BlockDevice& under, Chance chance) : under_(under), chance_(std::move(chance)), random_(chance_->seed) {}

  Moved read_some(u64 offset, std::span<std::byte> out) override;
  Moved write_some(u64 offset, std::span<const std::byte> in) override;
  int sync() override { return under_.sync(); }

  u64 reads() const { return reads_; }
  u64 writes() const { return writes_; }
  u64 hit() const { return hit_; }          // operations that had a fault
  u64 delayed() const { return delayed_; }  // cycles, of all delays

 private:
  std::optional<Plan> planned(bool write, u64 number);
  BlockDevice& under_;
  std::vector<Plan> plans_;
  std::optional<Chance> chance_;
  Random random_{1};
  u64 reads_ = 0, writes_ = 0, hit_ = 0, delayed_ = 0;
};

}  // namespace kilburn::os
