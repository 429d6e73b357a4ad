// SPDX-License-Identifier: Apache-2.0
//
// The last transactions on the DUT's ports, kept so that a failure can be told as a story.
#pragma once

#include <boost/circular_buffer.hpp>
#include <functional>
#include <string>
#include <vector>

#include "model/arch/types.h"
#include "tb/dut/dut.h"
#include "tb/lockstep/transfer.h"

namespace kilburn::tb {

// A request as it was accepted, kept until its response.
struct OpenRequest {
  bool open = false;
  arch::u64 cycle = 0;
  arch::u64 number = 0;  // of this run's requests, from 1
  arch::Request request;
  arch::Context context;
};

class History {
 public:
  explicit History(std::size_t depth = 256) : events_(depth) {}

  // Called once a cycle with the pins of that cycle; cheap when nothing is transferred.
  void record(arch::u64 cycle, const kilburn_dut_in& in, const kilburn_dut_out& out) {
    if (held_ != 0) [[unlikely]]
      check_held(cycle, out);
    hold(in, out);
    if ((in.i.valid & out.i.req_ready) | (out.i.rsp_valid & in.i.rsp_ready)) port(cycle, Side::instruction, in, out);
    if ((in.d.valid & out.d.req_ready) | (out.d.rsp_valid & in.d.rsp_ready)) port(cycle, Side::data, in, out);
    if (in.mem_rsp_valid | (in.mem_req_ready & out.mem_req_valid)) memory(cycle, in, out);
    if ((in.inv_valid & out.inv_ready) | out.inv_ack) invalidation(cycle, in, out);
  }

  // Told of every transfer from now on; it must not throw.
  void watch(std::function<void(const Transfer&)> watcher) { watcher_ = std::move(watcher); }

  // The DUT was reset: what it offered and nobody took is gone.
  void reset() { held_ = 0; }
  // A page-table edit by software (the stimulus or the OS).
  void edit(arch::u64 cycle, arch::u64 pa, arch::u64 value);

  const OpenRequest& open_request(Side side, unsigned id) const { return open_[static_cast<unsigned>(side)][id & 15]; }
  // The request that the response in `out` answers, or the youngest open one of that side.
  const OpenRequest* request_of(Side side, const kilburn_dut_out& out) const;

  unsigned open_count(Side side) const;
  // One line an event, oldest first.
  std::vector<std::string> lines() const;
  // The memory beats since `cycle`, one line each.
  std::vector<std::string> memory_lines_since(arch::u64 cycle) const;

  // The first protocol error that needs no model: an offer that changes before it is taken (R2), a
  // response that answers no request (R3), acknowledges that do not follow invalidations (R6). Empty if none.
  const std::string& protocol_error() const { return protocol_error_; }
  arch::u64 responses() const { return responses_; }  // taken, each looked up among the open requests

  // Edits so far, and the last of them.
  struct Edit {
    arch::u64 pa = 0, value = 0;
  };
  arch::u64 edits() const { return edits_; }
  const Edit& last_edit() const { return last_edit_; }
  std::vector<Edit> last_edits(std::size_t most) const;  // those of the last transactions, the oldest first

 private:
  enum class Kind : arch::u8 { request, response, mem_request, mem_response, inv_request, inv_ack, edit };
  struct Event {
    arch::u64 cycle;
    Kind kind;
    Side side;
    arch::u8 id, op, a, b;  // by kind
    arch::u16 c;
    arch::u64 x, y, z;
  };
  // Offers of the DUT that were not taken must stand unchanged in the next cycle.
  enum Held : unsigned { kIResponse = 1, kDResponse = 2, kMemory = 4 };
  void hold(const kilburn_dut_in& in, const kilburn_dut_out& out) {
    held_ = (out.i.rsp_valid & ~in.i.rsp_ready & 1u) | (out.d.rsp_valid & ~in.d.rsp_ready & 1u) << 1 |
            (out.mem_req_valid & ~in.mem_req_ready & 1u) << 2;
    if (held_ != 0) [[unlikely]]
      held_out_ = out;
  }
  void check_held(arch::u64 cycle, const kilburn_dut_out& out);
  // `answered`: the request of a response.
  void note(const Event& event, const arch::Request* answered = nullptr) {
    events_.push_back(event);
    if (watcher_) [[unlikely]]
      watcher_(transfer(event, answered));
  }
  static Transfer transfer(const Event&, const arch::Request* answered);
  void protocol(std::string message) {
    if (protocol_error_.empty()) protocol_error_ = std::move(message);
  }
  void port(arch::u64 cycle, Side, const kilburn_dut_in&, const kilburn_dut_out&);
  void memory(arch::u64 cycle, const kilburn_dut_in&, const kilburn_dut_out&);
  void invalidation(arch::u64 cycle, const kilburn_dut_in&, const kilburn_dut_out&);
  static std::string text(const Event&);

  boost::circular_buffer<Event> events_;
  OpenRequest open_[2][16];
  unsigned held_ = 0;
  kilburn_dut_out held_out_{};
  bool invalidating_ = false;
  std::string protocol_error_;
  arch::u64 requests_ = 0;
  arch::u64 responses_ = 0;
  arch::u64 edits_ = 0;
  Edit last_edit_;
  std::function<void(const Transfer&)> watcher_;
};

// "store 0x00007f..." for people.
std::string text(const arch::Request&);

}  // namespace kilburn::tb
