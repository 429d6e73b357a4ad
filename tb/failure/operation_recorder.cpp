// SPDX-License-Identifier: Apache-2.0
//
// Reading operations off the pins.
#include "tb/failure/operation_recorder.h"

#include <algorithm>

namespace kilburn::tb {
using arch::u64;

namespace {
constexpr std::size_t kLookedBack = 64;  // operations; no request stands longer than that many
}

void OperationRecorder::begin_anew(const Lockstep& lockstep) {
  *this = {};
  begun_ = true;
  begin_ = lockstep.cycle() - 1;
  settings_ = lockstep.settings();
}

void OperationRecorder::add(Operation operation) { operations_.push_back({cycle_ - 1, operation, ~u64{0}}); }

void OperationRecorder::look(Lockstep& lockstep) {
  // Once more at the end of a run: what the check of a transfer rejects is in a cycle that is not over.
  const u64 now = lockstep.cycle() + (begun_ && lockstep.cycle() == cycle_ ? 1 : 0);
  if (!begun_ || now != cycle_ + 1 || !(lockstep.settings() == settings_)) begin_anew(lockstep);
  // Outputs of the first cycle are not known: a request that then stands may be another in the next, by its id.
  cycle_ = now;
  format_ = static_cast<arch::Format>(lockstep.dut().api().config.format);
  memory_bytes_ = lockstep.memory().size();
  in_ = lockstep.in();
  const arch::Context context{in_.ctx_root, static_cast<arch::u16>(in_.ctx_asid), in_.ctx_ctl, in_.ctx_pkru,
                              in_.ctx_pkrs};
  if (!has_context_ || !(context == context_)) {
    has_context_ = true;
    context_ = context;
    Operation o;
    o.kind = Operation::Kind::context;
    o.context = context;
    add(o);
  }
  look_at_memory(lockstep);
  look_at_port(Side::instruction, in_.i, out_.i);
  look_at_port(Side::data, in_.d, out_.d);
  if (in_.inv_valid && !inv_standing_) {
    Operation o;
    o.kind = Operation::Kind::invalidation;
    o.inv = in_.inv_op;
    o.inv_va = in_.inv_va;
    o.inv_asid = static_cast<arch::u16>(in_.inv_asid);
    o.value = in_.inv_pte;
    add(o);
  }
  inv_standing_ = in_.inv_valid && !out_.inv_ready;
  out_ = lockstep.out();
}

void OperationRecorder::look_at_port(Side side, const kilburn_req_in& in, const kilburn_req_out& out) {
  const auto s = static_cast<unsigned>(side);
  if (in.valid && !(standing_[s] && in.id == standing_id_[s])) {
    Operation o;
    o.kind = Operation::Kind::request;
    o.side = side;
    o.request.va = in.va;
    o.request.op = side == Side::instruction ? arch::Op::fetch : in.write ? arch::Op::write : arch::Op::read;
    o.request.mode = static_cast<arch::Mode>(in.mode);
    o.request.ac = in.ac != 0;
    o.request.implicit = in.implicit != 0;
    o.id = in.id;
    open_[s][in.id & 15] = standing_operation_[s] = operations_.size();
    add(o);
  }
  if (in.valid && out.req_ready) operations_[standing_operation_[s]].accepted = cycle_ - 1;
  standing_[s] = in.valid && !out.req_ready;
  standing_id_[s] = in.id;
  if (!out.rsp_valid) return;
  auto& open = open_[s][out.rsp_id & 15];
  if (!in.rsp_ready) {
    ++held_[s];
    if (open) operations_[*open].operation.hold = held_[s];
    return;
  }
  open.reset();
  held_[s] = 0;
}

void OperationRecorder::look_at_memory(Lockstep& lockstep) {
  os::PhysMem& memory = lockstep.memory();
  if (out_.mem_req_valid && !in_.mem_req_ready) refusals_.push_back(cycle_ - 1);
  if (out_.mem_req_valid && in_.mem_req_ready) {
    accepts_.push_back(cycle_ - 1);
    const u64 pa = out_.mem_req_addr;
    walks_[out_.mem_req_id & 15] = {true, out_.mem_req_op != 0, cycle_ - 1, pa};
    if (pa + 8 <= memory_bytes_) {
      const auto [at, is_new] = words_.try_emplace(pa, Word{memory.load64(pa), 0, 0, 0});
      if (is_new) addresses_.push_back(pa);
      if (out_.mem_req_op != 0) {
        ++at->second.swaps;
        at->second.expect = out_.mem_req_cmp;
        at->second.desired = out_.mem_req_data;
      }
    }
  }
  for (const u64 pa : addresses_) {
    Word& word = words_.find(pa)->second;
    const u64 value = memory.load64(pa);
    if (value == word.value) continue;
    changes_.push_back({cycle_ - 1, pa, word.value});
    const bool by_walker = word.swaps != 0 && word.value == word.expect && value == word.desired;
    word.value = value;
    if (by_walker) continue;
    Operation o;
    o.kind = Operation::Kind::edit;
    o.pa = pa;
    o.value = value;
    add(o);
  }
  if (in_.mem_rsp_valid) {
    Walk& walk = walks_[in_.mem_rsp_id & 15];
    if (walk.open) latencies_.push_back({cycle_ - 1, cycle_ - 1 - walk.at});
    const auto word = words_.find(walk.pa);
    if (walk.open && walk.swap && word != words_.end() && word->second.swaps != 0) --word->second.swaps;
    walk.open = false;
  }
}

DirectedTest OperationRecorder::window(u64 cycles, bool contexts_first) const {
  const u64 from = cycle_ - std::min(cycles, cycle_ - begin_);
  DirectedTest test;
  test.format = format_;
  test.settings = settings_;
  test.memory_bytes = memory_bytes_;

  auto words = words_;
  for (auto change = changes_.rbegin(); change != changes_.rend() && change->at >= from; ++change) {
    words[change->pa].value = change->before;
  }
  for (const u64 pa : addresses_) {
    const u64 value = words[pa].value;
    if (value != 0) test.words.emplace_back(pa, value);
  }
  std::sort(test.words.begin(), test.words.end());

  // A request is of the context in which it is taken, so a change of context goes before the requests that stood then.
  std::vector<Recorded> list;
  std::optional<Recorded> context;  // the one in force when the window begins
  for (Recorded recorded : operations_) {
    const bool is_context = recorded.operation.kind == Operation::Kind::context;
    if (recorded.at < from) {
      if (is_context) context = recorded;
      continue;
    }
    std::size_t place = list.size();
    for (std::size_t back = list.size(); is_context && contexts_first && back > 0 && list.size() - back < kLookedBack;
         --back) {
      const Recorded& before = list[back - 1];
      if (before.operation.kind == Operation::Kind::request && before.accepted >= recorded.at) place = back - 1;
    }
    recorded.operation.waits = is_context && contexts_first;
    if (place < list.size()) recorded.at = list[place].at;
    list.insert(list.begin() + static_cast<std::ptrdiff_t>(place), recorded);
  }
  if (context) {
    context->at = from;
    list.insert(list.begin(), *context);
  }
  u64 at = from;
  for (const Recorded& recorded : list) {
    test.operations.push_back(recorded.operation);
    test.operations.back().settled = false;
    test.operations.back().after = recorded.at - at;
    at = recorded.at;
  }

  u64 accepted = 0, refused = 0, least = ~u64{0}, most = 1;
  for (const u64 cycle : accepts_) accepted += cycle >= from;
  for (const u64 cycle : refusals_) refused += cycle >= from;
  for (const Latency& latency : latencies_) {
    if (latency.at < from) continue;
    least = std::min(least, latency.cycles);
    most = std::max(most, latency.cycles);
  }
  test.timing.max_latency = static_cast<unsigned>(std::min<u64>(most, 1000));
  test.timing.min_latency = static_cast<unsigned>(std::clamp<u64>(least, 1, test.timing.max_latency));
  if (accepted + refused != 0) {
    test.timing.ready_percent = static_cast<unsigned>(std::max<u64>(100 * accepted / (accepted + refused), 5));
  }
  return test;
}

}  // namespace kilburn::tb
