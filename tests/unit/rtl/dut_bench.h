// SPDX-License-Identifier: Apache-2.0
//
// A small bench for one library behind dut.h: loads it, clocks it, and answers its page-table memory.
#pragma once

#include <dlfcn.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tb/dut/dut.h"

namespace kilburn::rtl_test {

struct DutClose {
  void operator()(void* library) const { dlclose(library); }
};

class DutBench {
 public:
  explicit DutBench(const std::string& path, std::uint64_t seed = 1)
      : library_(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (!library_) throw std::runtime_error(dlerror());
    const auto entry = reinterpret_cast<kilburn_dut_entry>(dlsym(library_.get(), "kilburn_dut"));
    if (entry == nullptr) throw std::runtime_error(path + " does not export kilburn_dut");
    api_ = entry();
    self_ = api_->create(seed);
    if (self_ == nullptr) throw std::runtime_error("no instance");
    in.cfg = api_->config.cfg;
    in.i.rsp_ready = 1;
    in.d.rsp_ready = 1;
    in.mem_req_ready = 1;
    reset(in.cfg);
  }
  ~DutBench() { api_->destroy(self_); }
  DutBench(const DutBench&) = delete;
  DutBench& operator=(const DutBench&) = delete;

  // Reset with a configuration; the inputs stay as they are.
  void reset(std::uint32_t cfg) {
    in.cfg = cfg;
    in_flight.clear();
    api_->reset(self_, cfg, &out);
  }

  // A page-table access that the memory took and has not answered.
  struct Access {
    std::uint8_t id;
    std::uint8_t op;
    std::uint64_t address, compare, data;
  };

  // One cycle. The memory answers one access a cycle, at the earliest in the cycle after it took it, when
  // `memory_answers` is set: the oldest, or the one that `choose` names.
  void clock() {
    in.mem_rsp_valid = 0;
    in.mem_rsp_data = 0;
    in.mem_rsp_match = 0;
    in.mem_rsp_err = 0;
    if (!in_flight.empty() && memory_answers) {
      const auto which = in_flight.begin() + static_cast<std::ptrdiff_t>(choose ? choose(in_flight) : 0);
      in.mem_rsp_valid = 1;
      in.mem_rsp_id = which->id;
      in.mem_rsp_err = bus_error ? 1 : 0;
      if (!bus_error) answer(*which);
      in_flight.erase(which);
    }
    if (out.mem_req_valid != 0 && in.mem_req_ready != 0) {
      in_flight.push_back({out.mem_req_id, out.mem_req_op, out.mem_req_addr, out.mem_req_cmp, out.mem_req_data});
      ++(out.mem_req_op == 0 ? reads : updates);
    }
    if (clock_hook != nullptr) {
      clock_hook(api_, self_, &in, &out);
    } else {
      api_->clock(self_, &in, &out);
    }
    ++cycle;
  }

  // A request on the data port, taken at once; `in.d` then shows no request.
  void request_d(std::uint64_t va, bool write, unsigned mode, unsigned id = 0) {
    in.d.va = va;
    in.d.write = write ? 1 : 0;
    in.d.mode = static_cast<std::uint8_t>(mode);
    in.d.id = static_cast<std::uint8_t>(id);
    in.d.valid = 1;
    while (out.d.req_ready == 0) clock();
    clock();
    in.d.valid = 0;
  }

  void request_i(std::uint64_t va, unsigned mode, unsigned id = 0) {
    in.i.va = va;
    in.i.mode = static_cast<std::uint8_t>(mode);
    in.i.id = static_cast<std::uint8_t>(id);
    in.i.valid = 1;
    while (out.i.req_ready == 0) clock();
    clock();
    in.i.valid = 0;
  }

  // Clocks until the port's response is there, and takes it.
  kilburn_req_out response_d() { return response(&kilburn_dut_out::d); }
  kilburn_req_out response_i() { return response(&kilburn_dut_out::i); }

  kilburn_req_out translate_d(std::uint64_t va, bool write, unsigned mode) {
    request_d(va, write, mode);
    return response_d();
  }
  kilburn_req_out translate_i(std::uint64_t va, unsigned mode) {
    request_i(va, mode);
    return response_i();
  }

  // A maintenance operation up to its acknowledgement; returns the cycles it took.
  unsigned invalidate(unsigned op, std::uint64_t va, unsigned asid) {
    in.inv_op = static_cast<std::uint8_t>(op);
    in.inv_va = va;
    in.inv_asid = asid;
    in.inv_valid = 1;
    while (out.inv_ready == 0) clock();
    clock();
    in.inv_valid = 0;
    unsigned cycles = 1;
    for (; out.inv_ack == 0; ++cycles) {
      if (cycles > kPatience) throw std::runtime_error("no acknowledgement");
      clock();
    }
    clock();
    return cycles;
  }

  // A fill by software: FILL_I of side 0, FILL_D of side 1.
  void fill(int side, std::uint64_t va, unsigned asid, std::uint64_t pte) {
    in.inv_pte = pte;
    invalidate(side == 0 ? 7 : 8, va, asid);
  }

  std::uint32_t count(unsigned event) {
    in.evt_sel = static_cast<std::uint8_t>(event);
    clock();  // an event of the cycle before is counted now
    clock();
    return out.evt_count;
  }

  kilburn_tlb_entry probe(int side, std::uint32_t index) {
    kilburn_tlb_entry entry;
    if (api_->probe(self_, side, index, &entry) != 0) throw std::runtime_error("no such entry");
    return entry;
  }

  const kilburn_dut_api& api() const { return *api_; }
  void* self() { return self_; }

  kilburn_dut_in in = {};
  kilburn_dut_out out = {};
  std::map<std::uint64_t, std::uint64_t> memory;     // words that were never written read as 0
  std::function<void(std::uint64_t)> before_update;  // sees the address just before a compare-and-swap
  void (*clock_hook)(const kilburn_dut_api*, void*, const kilburn_dut_in*, kilburn_dut_out*) = nullptr;
  std::vector<Access> in_flight;                                  // oldest first
  std::function<std::size_t(const std::vector<Access>&)> choose;  // which of them is answered next
  bool memory_answers = true;
  bool bus_error = false;
  unsigned reads = 0;
  unsigned updates = 0;
  std::uint64_t cycle = 0;

 private:
  static constexpr unsigned kPatience = 1000;

  void answer(const Access& access) {
    if (access.op == 1 && before_update) before_update(access.address);
    std::uint64_t& word = memory[access.address];
    in.mem_rsp_data = word;
    if (access.op == 1 && word == access.compare) {
      in.mem_rsp_match = 1;
      word = access.data;
    }
  }

  kilburn_req_out response(kilburn_req_out kilburn_dut_out::*port) {
    for (unsigned cycles = 0; (out.*port).rsp_valid == 0; ++cycles) {
      if (cycles > kPatience) throw std::runtime_error("no response");
      clock();
    }
    const kilburn_req_out result = out.*port;
    clock();
    return result;
  }

  std::unique_ptr<void, DutClose> library_;
  const kilburn_dut_api* api_ = nullptr;
  void* self_ = nullptr;
};

}  // namespace kilburn::rtl_test
