// SPDX-License-Identifier: Apache-2.0
//
// AxiMemory: the accesses, the monitors, and what is drawn at random.

#include "tests/unit/rtl_axi/axi_memory.h"

#include <algorithm>

namespace kilburn::axi_test {

void AxiMemory::store(int id, u64 addr, u64 value) {
  const u64 old = read(addr);
  words[addr] = value;
  for (auto& reservation : reserved_) {
    if (reservation == addr) reservation.reset();
  }
  if (on_write) on_write(id, addr, old, value);
}

void AxiMemory::carry_out_read(Access& access) {
  ++counts.reads;
  const u64 addr = access.address.addr;
  const bool fails = (broken && broken(addr)) || random_.percent(options.error_percent);
  if (access.address.lock) ++counts.exclusive_reads;
  if (fails) {
    access.resp = random_.percent(50) ? kSlvErr : kDecErr;
    access.data = random_.word();
  } else {
    access.data = read(addr);
    if (access.address.lock && options.exclusives) {
      access.resp = kExOkay;
      if (options.one_monitor) reserved_.fill(std::nullopt);
      reserved_[access.address.id] = addr;
      if (random_.percent(options.lost_percent)) reserved_[access.address.id].reset();
      if (random_.percent(options.snipe_percent)) {
        snipes_.push_back({addr, static_cast<unsigned>(random_.below(3 * options.latency + 3))});
      }
    }
  }
  if (access.resp >= kSlvErr || (access.address.lock && access.resp == kOkay)) {
    ++counts.errors;
    if (on_error) on_error(access.address.id);
  }
}

void AxiMemory::carry_out_write(Access& access) {
  const u64 addr = access.address.addr;
  const u8 id = access.address.id;
  if ((broken && broken(addr)) || random_.percent(options.error_percent)) {
    access.resp = random_.percent(50) ? kSlvErr : kDecErr;
    ++counts.errors;
    if (on_error) on_error(id);
  } else if (!access.address.lock || !options.exclusives) {
    store(id, addr, access.data);
  } else if (reserved_[id] == addr) {
    access.resp = kExOkay;
    ++counts.writes;
    store(id, addr, access.data);
  } else {
    ++counts.lost;
    if (on_lost) on_lost(id);
  }
  reserved_[id].reset();
}

// Waiting accesses come nearer; one whose time has come is carried out and then waits for its response.
void AxiMemory::advance(std::vector<Access>& accesses, bool reads) {
  for (Access& access : accesses) {
    if (access.wait != 0) {
      --access.wait;
    } else if (!access.done) {
      if (reads) {
        carry_out_read(access);
      } else {
        carry_out_write(access);
      }
      access.done = true;
      access.wait = static_cast<unsigned>(random_.below(options.latency + 1));
    }
  }
}

// Any of the responses that are due; those of one id keep their order, because an id has one at a time.
std::optional<AxiMemory::Access> AxiMemory::take_done(std::vector<Access>& accesses) {
  std::vector<std::size_t> due;
  for (std::size_t n = 0; n < accesses.size(); ++n) {
    if (accesses[n].done && accesses[n].wait == 0) due.push_back(n);
  }
  if (due.empty()) return std::nullopt;
  const std::size_t chosen = random_.pick(due);
  if (chosen != 0) ++counts.overtaken;
  const Access access = accesses[chosen];
  accesses.erase(accesses.begin() + static_cast<std::ptrdiff_t>(chosen));
  return access;
}

void AxiMemory::take_addresses(const AxiOut& out, const AxiIn& in) {
  const auto begin = [&](std::vector<Access>& accesses, const AxiAddress& address, u64 data) {
    if (options.strict && (!address.one_beat || address.addr % 8 != 0))
      throw std::runtime_error("AXI: not one beat of 8 bytes");
    accesses.push_back({address, data, static_cast<unsigned>(random_.below(options.latency + 1)), false, kOkay});
  };
  if (out.ar.valid && in.ar_ready) begin(reads_, out.ar, 0);
  if (out.w_valid && in.w_ready) {
    if (options.strict && !out.w_whole) throw std::runtime_error("AXI: a write of less than 8 bytes");
    if (data_) throw std::runtime_error("AXI: two words for one write");
    data_ = out.w_data;
  }
  if (out.aw.valid && in.aw_ready) {
    if (address_) throw std::runtime_error("AXI: two addresses for one word");
    address_ = out.aw;
  }
  if (data_ && !address_) ++counts.data_first;
  if (address_ && !data_) ++counts.address_first;
  if (address_ && data_) {
    begin(writes_, *address_, *data_);
    address_.reset();
    data_.reset();
  }
  counts.most_at_once = std::max<u64>(counts.most_at_once, reads_.size() + writes_.size());
}

void AxiMemory::misbehave(const AxiOut& out, AxiIn& in) {
  switch (options.wrong) {
    case Wrong::nothing:
      break;
    case Wrong::r_unasked:
      if (!in.r_valid && reads_.empty()) in.r_valid = in.r_last = true;
      break;
    case Wrong::b_unasked:
      if (!in.b_valid && writes_.empty()) in.b_valid = true;
      break;
    case Wrong::b_early:  // the address was taken, the data never is
      in.aw_ready = !address_.has_value();
      in.w_ready = false;
      in.b_valid = address_.has_value();
      if (address_) in.b_id = address_->id;
      break;
    case Wrong::r_changes:
      in.r_data ^= cycles_;
      break;
    case Wrong::b_changes:
      in.b_resp = static_cast<u8>(cycles_ & 2u);
      break;
    case Wrong::r_not_last:
      in.r_last = false;
      break;
    case Wrong::exokay_plain:
      in.r_resp = kExOkay;
      break;
    case Wrong::in_reset:
      in.r_valid = in.r_last = true;
      break;
  }
  (void)out;
}

AxiIn AxiMemory::cycle(const AxiOut& out) {
  ++cycles_;
  for (Snipe& snipe : snipes_) {
    if (snipe.wait-- == 0) {
      ++counts.snipes;
      write(snipe.addr, sniper(snipe.addr, read(snipe.addr)));
    }
  }
  std::erase_if(snipes_, [](const Snipe& snipe) { return snipe.wait == ~0u; });
  advance(reads_, true);
  advance(writes_, false);
  if (!r_) r_ = take_done(reads_);
  if (!b_) b_ = take_done(writes_);

  AxiIn in;
  in.ar_ready = draw_ready(out.ar.valid);
  in.aw_ready = draw_ready(out.aw.valid) && !address_;
  in.w_ready = draw_ready(out.w_valid) && !data_;
  if (r_) {
    in.r_valid = in.r_last = true;
    in.r_id = r_->address.id;
    in.r_resp = r_->resp;
    in.r_data = r_->data;
  }
  if (b_) {
    in.b_valid = true;
    in.b_id = b_->address.id;
    in.b_resp = b_->resp;
  }
  misbehave(out, in);
  if (out.r_ready) r_.reset();
  if (out.b_ready) b_.reset();
  take_addresses(out, in);
  return in;
}

}  // namespace kilburn::axi_test
