// SPDX-License-Identifier: Apache-2.0
//
// For adapters of an MMU that does one thing at a time: the ports of dut.h on one side, one job on the other.
//
// SerialPorts takes a request of each port and a maintenance operation, keeps the id and the context of the cycle of
// acceptance (R3, R4), gives the MMU one of them at a time in turn (R5), and holds each response until it is taken
// (R2). SerialBus puts a read that the MMU wants onto the tagged memory port and waits for its answer (R8, R9).
//
// Both are registers: an adapter clocks them once a cycle, with the pins of that cycle, and shows them afterwards (R1).
#pragma once

#include <cstdint>
#include <cstring>

#include "tb/dut/dut.h"

namespace kilburn::tb {

// What the MMU has to do; it stays until SerialPorts::answer() or acknowledge().
struct SerialJob {
  enum class Kind : std::uint8_t { none, translate, maintain };
  Kind kind = Kind::none;
  bool fetch = false;  // translate: from the instruction port
  kilburn_dut_in pins =
      {};  // of the cycle of acceptance; `i` or `d` is the request, `ctx_` its context, `inv_` the operation
  const kilburn_req_in& request() const { return fetch ? pins.i : pins.d; }
};

class SerialPorts {
 public:
  void reset() { *this = SerialPorts(); }

  const SerialJob& job() const { return job_; }

  // The edge at the end of a cycle with these inputs: what is offered and taken in it.
  void clock(const kilburn_dut_in& in) {
    take(data_, in.d, in);
    take(instruction_, in.i, in);
    if (acknowledge_) {
      acknowledge_ = false;
      maintenance_.state = State::idle;
    } else if (in.inv_valid && maintenance_.state == State::idle) {
      maintenance_.state = State::waiting;
      maintenance_.pins = in;
    }
  }

  // The job is done, with the rsp_ fields of this answer; the id is put in here.
  void answer(const kilburn_req_out& response) {
    Slot& slot = job_.fetch ? instruction_ : data_;
    slot.response = response;
    slot.response.rsp_valid = 1;
    slot.response.rsp_id = job_.request().id;
    slot.state = State::answered;
    job_.kind = SerialJob::Kind::none;
  }
  void acknowledge() {
    acknowledge_ = true;
    maintenance_.state = State::answered;
    job_.kind = SerialJob::Kind::none;
  }

  // Gives the MMU its next job if it has none. Call after clock() and answer().
  void choose() {
    for (unsigned n = 0; n < 3 && job_.kind == SerialJob::Kind::none; ++n) {
      turn_ = (turn_ + 1) % 3;
      Slot& slot = turn_ == 0 ? data_ : turn_ == 1 ? instruction_ : maintenance_;
      if (slot.state != State::waiting) continue;
      job_.kind = turn_ == 2 ? SerialJob::Kind::maintain : SerialJob::Kind::translate;
      job_.fetch = turn_ == 1;
      job_.pins = slot.pins;
      slot.state = State::working;
    }
  }

  // The outputs of the coming cycle.
  void show(kilburn_dut_out& out) const {
    show(data_, out.d);
    show(instruction_, out.i);
    out.inv_ready = maintenance_.state == State::idle;
    out.inv_ack = acknowledge_;
  }

 private:
  enum class State : std::uint8_t { idle, waiting, working, answered };
  struct Slot {
    State state = State::idle;
    kilburn_dut_in pins = {};
    kilburn_req_out response = {};
  };

  static void take(Slot& slot, const kilburn_req_in& port, const kilburn_dut_in& in) {
    if (slot.state == State::idle && port.valid) {
      slot.state = State::waiting;
      slot.pins = in;
    } else if (slot.state == State::answered && port.rsp_ready) {
      slot.state = State::idle;
    }
  }
  static void show(const Slot& slot, kilburn_req_out& out) {
    if (slot.state == State::answered) out = slot.response;
    out.req_ready = slot.state == State::idle;
  }

  SerialJob job_;
  Slot data_, instruction_, maintenance_;
  unsigned turn_ = 2;
  bool acknowledge_ = false;
};

class SerialBus {
 public:
  void reset() { state_ = State::idle; }

  // This cycle's inputs have the answer to the read.
  static bool answered(const kilburn_dut_in& in) { return in.mem_rsp_valid != 0; }

  void clock(const kilburn_dut_in& in) {
    if (state_ == State::offered && in.mem_req_ready)
      state_ = State::sent;
    else if (state_ == State::sent && in.mem_rsp_valid)
      state_ = State::idle;
  }

  // The MMU wants to read this word, in the cycle that begins. Nothing happens while a read is under way.
  void want(std::uint64_t address) {
    if (state_ != State::idle) return;
    state_ = State::offered;
    address_ = address;
  }

  void show(kilburn_dut_out& out) const {
    out.mem_req_valid = state_ == State::offered;
    out.mem_req_addr = state_ == State::offered ? address_ : 0;
  }

 private:
  enum class State : std::uint8_t { idle, offered, sent };
  State state_ = State::idle;
  std::uint64_t address_ = 0;
};

}  // namespace kilburn::tb
