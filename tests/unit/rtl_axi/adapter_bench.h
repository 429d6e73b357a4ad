// SPDX-License-Identifier: Apache-2.0
//
// Random requests at the memory port of axi_adapter.sv, and the contract that the answers keep (rtl/README.md R8):
// each is answered once; a compare-and-swap matched iff it wrote, wrote only where the word was the one expected, and
// nobody wrote in between; every other answer is a word that the memory held while the request was under way.
#pragma once

#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/rtl_axi/adapter_dut.h"
#include "tests/unit/rtl_axi/axi_memory.h"

namespace kilburn::axi_test {

class AdapterBench {
 public:
  AdapterBench(AdapterDut& dut, u64 seed);

  AxiMemory memory;
  unsigned request_percent = 70;
  unsigned remote_percent = 5;  // cycles in which another processor writes some word
  unsigned cas_percent = 60;

  struct Counts {
    u64 cycles = 0, requests = 0, answers = 0, matches = 0, differs = 0, given_up = 0, retried = 0, errors = 0;
  } counts;
  std::vector<std::string> failures;  // empty: the contract was kept

  void run(u64 requests);  // to the last answer
  void step(bool may_request);

 private:
  struct Operation {
    bool active = false;
    MemRequest request;
    u64 since = 0;
    unsigned writes = 0, lost = 0, errors = 0;
  };
  void fail(const std::string& what);
  MemRequest draw();
  void judge(const MemResponse&);
  bool held_since(u64 addr, u64 value, u64 since) const;

  AdapterDut& dut_;
  tb::Random random_;
  std::array<Operation, kIds> operations_;
  MemRequest pending_;
  std::map<u64, std::vector<std::pair<u64, u64>>> history_;  // of a word: cycle, value from then on
  u64 matched_writes_ = 0;
};

}  // namespace kilburn::axi_test
