// SPDX-License-Identifier: Apache-2.0
//
// Page tables, requesters and the loop that joins them to a DUT.
#include "tests/bench/traffic.h"

#include <deque>
#include <map>
#include <stdexcept>

#include "model/arch/judgement.h"
#include "sw/trace/lackey.h"
#include "tb/lockstep/memory_port.h"

namespace kilburn::bench {
namespace {

using arch::u64;
namespace event = arch::layout::Event;

constexpr u64 kMemoryBytes = u64{1} << 30;
constexpr u64 kPresent = 0x67;      // P, R/W, U/S, A, D (SDM table 4-20)
constexpr std::size_t kAhead = 16;  // references that one port may be ahead of the other: a small reorder window
constexpr unsigned kInFlight = 8;   // requests of a port without a response

// Four-level tables that map each page of the trace to a frame of its own.
class Tables {
 public:
  explicit Tables(os::RamMem& memory) : memory_(memory) { root_ = frame(); }
  u64 root() const { return root_; }
  void map(u64 va) {
    u64 table = root_;
    for (unsigned level = 4; level > 0; --level) {
      const u64 slot = table + 8 * (va >> (12 + 9 * (level - 1)) & 511);
      u64& next = entries_[slot];
      if (next == 0) {
        next = frame();
        memory_.store64(slot, next | kPresent);
      }
      table = next;
    }
  }

 private:
  u64 frame() {
    const u64 f = next_frame_;
    next_frame_ += 4096;
    if (next_frame_ > kMemoryBytes) throw std::runtime_error("the trace touches more than 1 GB");
    return f;
  }
  os::RamMem& memory_;
  std::map<u64, u64> entries_;
  u64 next_frame_ = 1u << 20;
  u64 root_ = 0;
};

// One port: references wait, are sent one a cycle, and are matched with their responses by id.
class Requester {
 public:
  std::deque<Reference> waiting;

  void drive(kilburn_req_in& in) const {
    in.valid = !waiting.empty() && in_flight_ < kInFlight;
    in.rsp_ready = 1;
    if (!in.valid) return;
    in.id = id_;
    in.va = waiting.front().va;
    in.mode = static_cast<std::uint8_t>(arch::Mode::user);
    in.write = waiting.front().write;
  }
  // After a clock, with the outputs before it.
  void clocked(const kilburn_req_in& in, const kilburn_req_out& before, Measured& m) {
    if (before.rsp_valid) {
      --in_flight_;
      ++m.translations;
      m.faults += before.rsp_fault != 0;
      busy_[before.rsp_id] = false;
    }
    if (in.valid && before.req_ready) {
      busy_[id_] = true;
      ++in_flight_;
      waiting.pop_front();
    }
    while (busy_[id_]) id_ = static_cast<std::uint8_t>((id_ + 1) % 16);
  }
  bool idle() const { return waiting.empty() && in_flight_ == 0; }

 private:
  unsigned in_flight_ = 0;
  std::uint8_t id_ = 0;
  std::array<bool, 16> busy_{};
};

}  // namespace

Traffic::Traffic() : memory(kMemoryBytes) {}

u64 Measured::misses() const {
  return events[event::I_MISS] + events[event::D_MISS] - events[event::I_MERGE] - events[event::D_MERGE];
}

Measured run_traffic(Traffic& traffic, tb::Dut* dut, unsigned latency,
                     const std::function<void(const kilburn_dut_in&)>& watch) {
  const auto& trace = traffic.references;
  Measured m;
  kilburn_dut_in in{};
  kilburn_dut_out out{}, next{};
  tb::MemoryPort port(traffic.memory, 1);
  port.set_timing({latency, latency, 100});
  in.cfg = arch::config_word(arch::Format::x86_64, {});
  in.ctx_root = traffic.root;
  in.ctx_ctl = arch::layout::Controls::WP.mask() | arch::layout::Controls::NXE.mask();
  if (dut) dut->reset(in.cfg, out);
  Requester fetches, data;
  u64 cycle = 0;
  for (auto at = trace.begin(); at != trace.end() || !fetches.idle() || !data.idle(); ++cycle) {
    while (at != trace.end() && fetches.waiting.size() < kAhead && data.waiting.size() < kAhead) {
      (at->fetch ? fetches : data).waiting.push_back(*at);
      ++at;
    }
    fetches.drive(in.i);
    data.drive(in.d);
    if (dut) {
      port.drive(out, in);
      if (watch) watch(in);
      dut->clock(in, next);
    } else {  // an MMU that never misses: always ready, the response in the next cycle
      out.i.req_ready = out.d.req_ready = 1;
      next = {};
      next.i.rsp_valid = in.i.valid;
      next.i.rsp_id = in.i.id;
      next.d.rsp_valid = in.d.valid;
      next.d.rsp_id = in.d.id;
    }
    fetches.clocked(in.i, out.i, m);
    data.clocked(in.d, out.d, m);
    out = next;
    if (cycle > 1000 * (trace.size() + 1000)) throw std::runtime_error("the DUT does not answer");
  }
  m.cycles = cycle;
  for (in.evt_sel = 0; dut && in.evt_sel < m.events.size(); ++in.evt_sel) {
    dut->clock(in, out);
    m.events[in.evt_sel] = out.evt_count;
  }
  return m;
}

void read_traffic(const std::string& path, u64 limit, Traffic& traffic) {
  Tables tables(traffic.memory);
  traffic.root = tables.root();
  const auto reader = os::LackeyReader::open(path);
  os::TraceEvent e;
  while (traffic.references.size() < limit && reader->next(e)) {
    if (!e.reference()) continue;
    tables.map(e.address);
    using Kind = os::TraceEvent::Kind;
    traffic.references.push_back({e.address, e.kind == Kind::fetch, e.kind == Kind::write || e.kind == Kind::modify});
  }
  if (traffic.references.empty()) throw std::runtime_error(path + ": no references");
}

}  // namespace kilburn::bench
