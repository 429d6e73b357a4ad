// SPDX-License-Identifier: Apache-2.0
//
// A memory on an AXI4 bus with an exclusive monitor for each id, and other processors that write to it.
//
// Everything that the protocol leaves open is drawn at random: when READY comes, in which order address and data of a
// write are taken, when an access is carried out, and in which order the responses of different ids return.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <vector>

#include "tb/random.h"
#include "tests/unit/rtl_axi/axi_pins.h"

namespace kilburn::axi_test {

// What the memory does against the protocol, to show that the assertions see it.
enum class Wrong { nothing, r_unasked, b_unasked, b_early, r_changes, b_changes, r_not_last, exokay_plain, in_reset };

struct AxiMemoryOptions {
  unsigned ready_percent = 60;  // of each channel, each cycle
  bool ready_waits = false;     // READY only in answer to VALID
  unsigned latency = 6;         // most cycles from the address to the access, and from there to the response
  unsigned error_percent = 0;   // of transactions that fail
  bool exclusives = true;       // false: exclusive accesses are answered OKAY, and such writes carried out
  bool one_monitor = false;     // one reservation for all ids
  unsigned lost_percent = 0;    // reservations that lapse for no reason seen here
  unsigned snipe_percent = 0;   // exclusive reads after which another processor writes the word soon
  bool strict = true;           // false: what the manager does wrong is left to the assertions
  Wrong wrong = Wrong::nothing;
};

class AxiMemory {
 public:
  explicit AxiMemory(u64 seed) : random_(seed) {}

  AxiMemoryOptions options;
  std::unordered_map<u64, u64> words;            // absent: 0
  std::function<bool(u64 addr)> broken;          // the bus answers an error there, always
  std::function<u64(u64 addr, u64 old)> sniper;  // what another processor writes in options.snipe_percent
  // Another processor's write has id -1. A write that fails for want of a reservation is no write.
  std::function<void(int id, u64 addr, u64 old, u64 now)> on_write;
  std::function<void(int id)> on_lost;   // an exclusive write failed
  std::function<void(int id)> on_error;  // SLVERR, DECERR, or OKAY to an exclusive read

  struct Counts {
    u64 reads = 0, exclusive_reads = 0, writes = 0, lost = 0, errors = 0, snipes = 0;
    u64 data_first = 0, address_first = 0, overtaken = 0, most_at_once = 0;
  } counts;

  u64 read(u64 addr) const {
    const auto found = words.find(addr);
    return found == words.end() ? 0 : found->second;
  }
  // By another processor: every reservation of the word lapses.
  void write(u64 addr, u64 value) { store(-1, addr, value); }

  void reset() {
    reads_.clear();
    writes_.clear();
    reserved_.fill(std::nullopt);
    snipes_.clear();
    data_.reset();
    address_.reset();
    r_.reset();
    b_.reset();
  }
  bool idle() const { return reads_.empty() && writes_.empty() && !r_ && !b_; }

  // One cycle: what the manager drives in it, to what the memory drives in it.
  AxiIn cycle(const AxiOut& out);

 private:
  struct Access {
    AxiAddress address;
    u64 data = 0;
    unsigned wait = 0;
    bool done = false;  // carried out, the response is due
    u8 resp = kOkay;
  };
  struct Snipe {
    u64 addr;
    unsigned wait;
  };

  bool draw_ready(bool valid) { return (valid || !options.ready_waits) && random_.percent(options.ready_percent); }
  void store(int id, u64 addr, u64 value);
  void carry_out_read(Access&);
  void carry_out_write(Access&);
  void advance(std::vector<Access>&, bool reads);
  std::optional<Access> take_done(std::vector<Access>&);
  void take_addresses(const AxiOut&, const AxiIn&);
  void misbehave(const AxiOut&, AxiIn&);

  tb::Random random_;
  std::vector<Access> reads_, writes_;  // in the order of their addresses
  std::array<std::optional<u64>, 16> reserved_;
  std::vector<Snipe> snipes_;
  std::optional<u64> data_;            // taken before its address
  std::optional<AxiAddress> address_;  // taken before its data
  std::optional<Access> r_, b_;        // offered
  u64 cycles_ = 0;
};

}  // namespace kilburn::axi_test
