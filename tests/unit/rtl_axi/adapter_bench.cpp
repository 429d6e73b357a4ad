// SPDX-License-Identifier: Apache-2.0
//
// AdapterBench: the requests and the judgement of the answers.

#include "tests/unit/rtl_axi/adapter_bench.h"

namespace kilburn::axi_test {
namespace {

// Few words and few values, so that ids and other processors meet, and a word often gets its old value back.
constexpr u64 kWords = 6, kValues = 4;
constexpr u64 kMostCycles = 4000;  // a request may take, with everything that the memory may draw
u64 address(u64 n) { return 0xf'0000'0000'0ff0 + 8 * n; }
u64 value(u64 n) { return 0x0123'4567'89ab'cde0 + (n & 1u) + (n >> 1 << 40); }  // in either half

}  // namespace

AdapterBench::AdapterBench(AdapterDut& dut, u64 seed) : memory(seed ^ 0xa5a5), dut_(dut), random_(seed) {
  for (u64 n = 0; n < kWords; ++n) {
    memory.words[address(n)] = value(0);
    history_[address(n)].push_back({0, value(0)});
  }
  memory.sniper = [this](u64, u64) { return value(random_.below(kValues)); };
  memory.on_write = [this](int id, u64 addr, u64 old, u64 now) {
    history_[addr].push_back({counts.cycles, now});
    if (id < 0) return;
    Operation& operation = operations_.at(static_cast<std::size_t>(id));
    ++operation.writes;
    if (!operation.active || !operation.request.cas) return fail("a write that nobody asked for");
    if (operation.request.addr != addr) fail("a write to another word");
    if (operation.request.compare != old) fail("a write over a word that is not the one expected");
    if (operation.request.desired != now) fail("a write of another word");
  };
  memory.on_lost = [this](int id) { ++operations_.at(static_cast<std::size_t>(id)).lost; };
  memory.on_error = [this](int id) { ++operations_.at(static_cast<std::size_t>(id)).errors; };
}

void AdapterBench::fail(const std::string& what) {
  if (failures.size() < 10) failures.push_back("cycle " + std::to_string(counts.cycles) + ": " + what);
}

bool AdapterBench::held_since(u64 addr, u64 word, u64 since) const {
  const auto& values = history_.at(addr);
  for (auto at = values.rbegin(); at != values.rend(); ++at) {
    if (at->second == word) return true;
    if (at->first < since) return false;  // in force when the request came, and older ones are not
  }
  return false;
}

MemRequest AdapterBench::draw() {
  MemRequest request;
  if (!random_.percent(request_percent)) return request;
  request.id = static_cast<u8>(random_.below(kIds));
  if (operations_[request.id].active) return request;
  request.valid = true;
  request.addr = address(random_.below(kWords));
  request.cas = random_.percent(cas_percent);
  if (request.cas) {
    request.compare = random_.percent(70) ? memory.read(request.addr) : value(random_.below(kValues));
    request.desired = value(random_.below(kValues));
  }
  return request;
}

void AdapterBench::judge(const MemResponse& response) {
  ++counts.answers;
  Operation& operation = operations_.at(response.id);
  if (!operation.active) return fail("an answer without a request");
  operation.active = false;
  const MemRequest& request = operation.request;
  if (operation.lost != 0) ++counts.retried;
  if (response.err != (operation.errors != 0)) fail("a bus error is not reported, or none is");
  if (response.match != (operation.writes == 1) || operation.writes > 1) fail("match differs from what was written");
  if (operation.lost > kTries) fail("more tries than allowed");
  if (response.err) {
    ++counts.errors;
    if (response.match || response.data != 0) fail("a bus error with data");
    return;
  }
  if (response.match) {
    ++counts.matches;
    ++matched_writes_;
    if (response.data != request.compare) fail("the word before a match is not the one expected");
    return;
  }
  if (!held_since(request.addr, response.data, operation.since)) fail("a word that the memory did not hold");
  if (!request.cas) return;
  if (response.data != request.compare) {
    ++counts.differs;
  } else if (operation.lost != kTries) {
    fail("no match although the word is the one expected and tries are left");
  } else {
    ++counts.given_up;
  }
}

void AdapterBench::step(bool may_request) {
  if (!pending_.valid && may_request) pending_ = draw();
  if (dut_.response.valid) judge(dut_.response);
  if (random_.percent(remote_percent)) memory.write(address(random_.below(kWords)), value(random_.below(kValues)));
  if (pending_.valid && dut_.ready) {
    operations_[pending_.id] = {true, pending_, counts.cycles, 0, 0, 0};
    ++counts.requests;
  }
  for (const Operation& operation : operations_) {
    if (operation.active && counts.cycles - operation.since == kMostCycles) fail("a request is not answered");
  }
  const bool taken = pending_.valid && dut_.ready;
  const AxiIn in = memory.cycle(dut_.axi);
  dut_.clock(pending_, in);
  if (taken) pending_ = {};
  ++counts.cycles;
}

void AdapterBench::run(u64 requests) {
  const u64 until = counts.requests + requests;
  const u64 limit = counts.cycles + requests * 1000 + 100000;
  while (counts.requests < until && counts.cycles < limit) step(true);
  while (counts.answers < counts.requests && counts.cycles < limit) step(false);
  if (counts.answers != counts.requests) fail("requests and answers differ in number");
  if (memory.options.exclusives && memory.counts.writes != matched_writes_) fail("writes and matches differ in number");
}

}  // namespace kilburn::axi_test
