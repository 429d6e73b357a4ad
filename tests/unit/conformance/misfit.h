// SPDX-License-Identifier: Apache-2.0
//
// A right DUT behind an adapter that is wrong in one way: what the self-test must notice.
#pragma once

#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "model/arch/layout.h"
#include "tb/dut/loader.h"

namespace kilburn::test {

enum class Misfit {
  none,
  drop,             // a response is lost now and then
  duplicate,        // a response comes twice
  delay_for_ever,   // from some response on nothing comes any more
  unasked,          // a response with an id that nobody uses
  other_port,       // a response comes on the wrong port
  swap_ids,         // two requests of a port get each other's answers
  pulse,            // a response stands for one cycle, taken or not
  held_changes,     // the payload of a held response changes
  memory_changes,   // the address of a held memory request changes
  payload_lingers,  // the response stays on the pins without its valid
  wide,             // a field exceeds its pin
  other_context,    // the context is that of the cycle before the acceptance
  ack_lost,
  ack_twice,
  ack_early,       // an operation is acknowledged and never done
  ready_early,     // inv_ready is high during an operation
  memory_twice,    // a memory request is offered again after it is taken
  write_more,      // a compare-and-swap sets a bit of software's
  loud_reset,      // reset leaves a response on the pins
  remembers,       // reset does not reach the adapter's own registers
  combinational,   // the address at the pins shows on the response, with or without valid
  shared_state,    // two instances share a register
  clock_of_day,    // the run depends on more than seed and inputs
  leak,            // an instance leaves memory behind
  no_instance,     // create() fails for a seed
  probe_beyond,    // there is an entry beyond the last
  probe_lies,      // invalid entries are not 0
  waves_anywhere,  // a file that cannot be written is reported as written
  waves_disturb,   // tracing changes the outputs
  unknown_bug,     // set_bug() takes any name
  unlisted_bug,    // set_bug() does not know the list
};

namespace misfit {

inline Misfit misfit = Misfit::none;
inline const kilburn_dut_api* right = nullptr;
inline arch::u64 shared = 0;   // Misfit::shared_state
inline arch::u64 created = 0;  // Misfit::clock_of_day

struct Instance {
  void* dut = nullptr;
  arch::u64 number = 0;
  kilburn_dut_out out{};     // of the DUT
  kilburn_dut_out before{};  // shown
  kilburn_dut_in last{};
  arch::u64 cycle = 0, answers = 0;
  std::optional<kilburn_req_out> again;
  bool waves = false;
  bool operating = false, skipped = false;
  bool lost = false;
  std::optional<kilburn_req_out> last_response;
  unsigned open = 0, owed = 0;  // ids of the data port, one bit each, Misfit::swap_ids
  arch::u8 shown_id = 0;
};

inline Instance& of(void* self) { return *static_cast<Instance*>(self); }

// The answers of the data requests id and id ^ 1 change places while both are open.
inline arch::u8 swapped(Instance& i, arch::u8 id) {
  const unsigned partner = id ^ 1u;
  if (i.owed >> id & 1) {
    i.owed &= ~(1u << id);
  } else if (i.open >> partner & 1 && !(i.owed >> partner & 1)) {
    i.owed |= 1u << partner;
  } else {
    return id;
  }
  return static_cast<arch::u8>(partner);
}

// The pins as the adapter shows them, from those of the DUT.
inline void show(Instance& i, const kilburn_dut_in& in, kilburn_dut_out& out) {
  out = i.out;
  kilburn_req_out& d = out.d;
  const bool held = i.before.d.rsp_valid && !in.d.rsp_ready;
  switch (misfit) {
    case Misfit::duplicate:
      if (i.again && !d.rsp_valid) d = *i.again, d.req_ready = i.out.d.req_ready;
      break;
    case Misfit::delay_for_ever:
      if (i.answers > 20) out.d = out.i = {};
      break;
    case Misfit::unasked:
      if (i.cycle == 40 && !d.rsp_valid) d.rsp_valid = 1, d.rsp_id = 15;
      break;
    case Misfit::other_port:
      if (i.cycle % 16 == 0 && d.rsp_valid && !out.i.rsp_valid) {
        const arch::u8 ready = out.i.req_ready;
        out.i = d;
        out.i.req_ready = ready;
      }
      break;
    case Misfit::swap_ids:
      if (d.rsp_valid && !held) i.shown_id = swapped(i, d.rsp_id);
      if (d.rsp_valid) d.rsp_id = i.shown_id;
      break;
    case Misfit::memory_twice:
      if (i.before.mem_req_valid && in.mem_req_ready && !out.mem_req_valid) {
        out.mem_req_valid = 1;
        out.mem_req_op = i.before.mem_req_op;
        out.mem_req_id = i.before.mem_req_id;
        out.mem_req_addr = i.before.mem_req_addr;
        out.mem_req_cmp = i.before.mem_req_cmp;
        out.mem_req_data = i.before.mem_req_data;
      }
      break;
    case Misfit::held_changes:
      if (held) d.rsp_pa ^= 0x1000;
      break;
    case Misfit::memory_changes:
      if (i.before.mem_req_valid && !in.mem_req_ready) out.mem_req_addr ^= 8;
      break;
    case Misfit::payload_lingers:
      if (!d.rsp_valid) d.rsp_pa = i.before.d.rsp_pa;
      break;
    case Misfit::wide:
      if (d.rsp_valid) d.rsp_mt |= 8;
      break;
    case Misfit::ack_lost:
      if (i.cycle % 8 == 0) out.inv_ack = 0;
      break;
    case Misfit::ack_twice:
      if (i.before.inv_ack && !i.skipped) out.inv_ack = 1, i.skipped = true;
      break;
    case Misfit::ready_early:
      if (i.operating) out.inv_ready = 1;
      break;
    case Misfit::write_more:
      if (out.mem_req_valid && out.mem_req_op) out.mem_req_data |= 0x200;
      break;
    case Misfit::combinational:
      if (d.rsp_valid && !held) d.rsp_level = static_cast<arch::u8>(in.d.va >> 12 & 1);
      break;
    case Misfit::shared_state:
      if (d.rsp_valid && !held) d.rsp_global = static_cast<arch::u8>(shared++ & 1);
      break;
    case Misfit::clock_of_day:
      if (d.rsp_valid && !held) d.rsp_global = static_cast<arch::u8>(i.number >> 1 & 1);
      break;
    case Misfit::waves_disturb:
      if (d.rsp_valid && i.waves) d.rsp_global ^= 1;
      break;
    default:
      break;
  }
}

inline void* create(std::uint64_t seed) {
  if (misfit == Misfit::no_instance && seed == arch::u64{1} << 32) return nullptr;
  auto instance = std::make_unique<Instance>();
  instance->dut = right->create(seed);
  instance->number = created++;
  return instance.release();
}

inline void destroy(void* self) {
  right->destroy(of(self).dut);
  delete &of(self);
  static std::vector<std::unique_ptr<char[]>> kept;
  if (misfit == Misfit::leak) kept.push_back(std::make_unique<char[]>(20000));
}

inline void reset(void* self, std::uint32_t cfg, kilburn_dut_out* out) {
  Instance fresh;
  fresh.dut = of(self).dut;
  fresh.number = of(self).number;
  fresh.waves = of(self).waves;
  const auto last_response = of(self).last_response;
  Instance& i = of(self) = fresh;
  right->reset(i.dut, cfg, &i.out);
  *out = i.before = i.out;
  if (misfit == Misfit::loud_reset) out->d.rsp_valid = 1;
  if (misfit == Misfit::remembers && last_response) out->d = *last_response;
}

inline void clock(void* self, const kilburn_dut_in* pins, kilburn_dut_out* out) {
  Instance& i = of(self);
  kilburn_dut_in in = *pins;
  ++i.cycle;
  const bool taken = i.before.d.rsp_valid && in.d.rsp_ready;
  i.answers += taken;
  i.again.reset();
  if (misfit == Misfit::duplicate && taken && i.answers % 16 == 0) i.again = i.before.d;
  // What the adapter hides from the DUT, or the DUT from the adapter.
  if (misfit == Misfit::pulse) in.d.rsp_ready = in.i.rsp_ready = 1;
  if (misfit == Misfit::other_context) {
    in.ctx_root = i.last.ctx_root;
    in.ctx_asid = i.last.ctx_asid;
  }
  if (taken) i.open &= ~(1u << i.before.d.rsp_id);
  if (in.d.valid && i.before.d.req_ready) i.open |= 1u << in.d.id;
  const bool operation = in.inv_valid && i.before.inv_ready;
  if (misfit == Misfit::ack_early && operation) in.inv_op = 15;  // acknowledged, and nothing done
  if (i.before.inv_ack) i.operating = false;
  if (operation) i.operating = true;
  const kilburn_dut_in given = *pins;
  right->clock(i.dut, &in, &i.out);
  if (misfit == Misfit::drop && i.answers == 30 && i.out.d.rsp_valid && !i.lost) {
    kilburn_dut_in take = in;  // one more clock, in which the adapter takes the response for itself
    take.d.valid = take.i.valid = take.inv_valid = take.mem_rsp_valid = take.mem_req_ready = take.i.rsp_ready = 0;
    take.d.rsp_ready = 1;
    right->clock(i.dut, &take, &i.out);
    i.lost = true;
  }
  show(i, given, *out);
  i.before = *out;
  if (out->d.rsp_valid) i.last_response = out->d;
  i.last = given;
}

inline int probe(void* self, int structure, std::uint32_t index, kilburn_tlb_entry* entry) {
  const int result = right->probe(of(self).dut, structure, index, entry);
  if (misfit == Misfit::probe_beyond && result != 0 && structure == 0 && index == right->config.i_entries) return 0;
  if (misfit == Misfit::probe_lies && result == 0 && entry->valid == 0) entry->size = 12;
  return result;
}

inline int waves_open(void* self, const char* path) {
  const int result = right->waves_open(of(self).dut, path);
  of(self).waves = result == 0;
  return misfit == Misfit::waves_anywhere ? 0 : result;
}
inline void waves_close(void* self) {
  of(self).waves = false;
  right->waves_close(of(self).dut);
}

inline int set_bug(void*, const char* id) {
  if (misfit == Misfit::unknown_bug) return 0;
  if (misfit == Misfit::unlisted_bug) return *id == '\0' ? 0 : -1;
  return *id == '\0' || std::strcmp(id, "ONE") == 0 ? 0 : -1;
}
inline const char* const kBugs[] = {"ONE\tthe first", nullptr};

}  // namespace misfit

// One at a time.
inline tb::DutLibrary misfit_dut(const kilburn_dut_api& right, Misfit misfit) {
  static kilburn_dut_api api;
  misfit::misfit = misfit;
  misfit::right = &right;
  api = right;
  api.create = misfit::create;
  api.destroy = misfit::destroy;
  api.reset = misfit::reset;
  api.clock = misfit::clock;
  if (right.probe) api.probe = misfit::probe;
  if (right.waves_open) {
    api.waves_open = misfit::waves_open;
    api.waves_close = misfit::waves_close;
  }
  api.bugs = misfit::kBugs;
  api.set_bug = misfit::set_bug;
  return tb::DutLibrary::wrap(api, "misfit");
}

}  // namespace kilburn::test
