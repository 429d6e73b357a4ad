// SPDX-License-Identifier: Apache-2.0
//
// The faults: most do to a transfer what disks and their drivers have been seen to do.
#include "sw/io/faulty_device.h"

#include <algorithm>
#include <cerrno>

namespace kilburn::os {

std::optional<FaultyDevice::Plan> FaultyDevice::planned(bool write, u64 number) {
  if (chance_) {
    if (chance_->faults.empty() || random_.below(chance_->one_in) != 0) return std::nullopt;
    return Plan{chance_->faults[random_.below(chance_->faults.size())], write, number, number};
  }
  const auto plan = std::find_if(plans_.begin(), plans_.end(), [&](const Plan& p) {
    return p.on_write == write && number >= p.first && number <= p.last;
  });
  return plan == plans_.end() ? std::nullopt : std::optional(*plan);
}

BlockDevice::Moved FaultyDevice::read_some(u64 offset, std::span<std::byte> out) {
  const std::optional<Plan> plan = planned(false, reads_++);
  if (!plan) return under_.read_some(offset, out);
  ++hit_;
  const std::span<std::byte> half = out.first((out.size() + 1) / 2);
  switch (plan->fault) {
    case Fault::eio:
    case Fault::no_space:
      return {0, EIO};
    case Fault::short_move:
      return under_.read_some(offset, half);
    case Fault::torn: {
      const Moved moved = under_.read_some(offset, half);
      return moved.error != 0 ? moved : Moved{out.size(), 0};
    }
    case Fault::misdirect:
      if (const Moved moved = under_.read_some(offset + out.size(), out); moved.error == 0) return moved;
      [[fallthrough]];  // nothing is there: the buffer stays as it was
    case Fault::lost:
      return {out.size(), 0};
    case Fault::flip: {
      const Moved moved = under_.read_some(offset, out);
      if (moved.error == 0) out[out.size() / 2] ^= std::byte{0x10};
      return moved;
    }
    case Fault::delay:
      delayed_ += plan->cycles;
      break;
    case Fault::stop:
    case Fault::stop_half:
      throw DeviceStopped("stopped at read " + std::to_string(reads_ - 1));
  }
  return under_.read_some(offset, out);
}

BlockDevice::Moved FaultyDevice::write_some(u64 offset, std::span<const std::byte> in) {
  const std::optional<Plan> plan = planned(true, writes_++);
  if (!plan) return under_.write_some(offset, in);
  ++hit_;
  const std::span<const std::byte> half = in.first((in.size() + 1) / 2);
  switch (plan->fault) {
    case Fault::eio:
      return {0, EIO};
    case Fault::no_space:
      return {0, ENOSPC};
    case Fault::short_move:
      return under_.write_some(offset, half);
    case Fault::torn: {
      const Moved moved = under_.write_some(offset, half);
      return moved.error != 0 ? moved : Moved{in.size(), 0};
    }
    case Fault::misdirect:
      return under_.write_some(offset + in.size(), in);
    case Fault::lost:
      return {in.size(), 0};
    case Fault::flip: {
      std::vector<std::byte> wrong(in.begin(), in.end());
      wrong[wrong.size() / 2] ^= std::byte{0x10};
      return under_.write_some(offset, wrong);
    }
    case Fault::delay:
      delayed_ += plan->cycles;
      break;
    case Fault::stop_half:
      static_cast<void>(under_.write_some(offset, half));
      [[fallthrough]];
    case Fault::stop:
      throw DeviceStopped("stopped at write " + std::to_string(writes_ - 1));
  }
  return under_.write_some(offset, in);
}

}  // namespace kilburn::os
